//! Which documents a policy may match, told from their bytes alone.

use aho_corasick::AhoCorasick;
use aho_corasick::packed::Searcher;
use memchr::memmem::Finder;

use super::PolicySet;
use super::needles::Needle;

/// One search for what every matcher needs to find in a document's text.
#[derive(Debug)]
pub struct Needles {
    search: Search,
    /// Two texts that must both be there.
    pairs: Vec<[Finder<'static>; 2]>,
}

/// How the needles are looked for.
#[derive(Debug)]
enum Search {
    /// Some policy may match anything.
    Everything,
    /// With vector instructions, several bytes at a time; for up to some dozens of needles.
    Packed(Searcher),
    /// One byte at a time.
    Automaton(AhoCorasick),
}

impl Needles {
    /// What the matchers of `set` look for.
    pub fn of(set: &PolicySet) -> Self {
        Self::of_all(set.needles())
    }

    /// The same, and one text more.
    pub fn of_also(set: &PolicySet, text: &str) -> Self {
        let more = Needle {
            text: text.to_owned(),
            and: None,
        };
        let needles = set.needles();
        Self::of_all(needles.map(|needles| needles.into_iter().chain([more]).collect()))
    }

    fn of_all(needles: Option<Vec<Needle>>) -> Self {
        let Some(needles) = needles else {
            return Self {
                search: Search::Everything,
                pairs: Vec::new(),
            };
        };
        let alone = needles.iter().filter(|needle| needle.and.is_none());
        let alone = shortest(alone.map(|needle| needle.text.clone()).collect());
        let packed = Searcher::new(alone.iter()).map(Search::Packed);
        let search = packed.or_else(|| AhoCorasick::new(alone).ok().map(Search::Automaton));
        Self {
            search: search.unwrap_or(Search::Everything),
            pairs: needles.iter().filter_map(pair).collect(),
        }
    }

    /// Whether the document has to be parsed. One with a backslash may spell anything in escapes; one that
    /// does not say `kind` may be no manifest at all, which the reader has to tell.
    pub fn may_match(&self, document: &str) -> bool {
        self.finds(document.as_bytes())
            || memchr::memchr(b'\\', document.as_bytes()).is_some()
            || memchr::memmem::find(document.as_bytes(), b"kind").is_none()
    }

    /// Whether an object in JSON has to be parsed. Only `\u` and `\/` can spell a needle in escapes there:
    /// needles are names, which have no character that JSON writes in another way.
    pub fn may_match_json(&self, object: &[u8]) -> bool {
        let escapes =
            || memchr::memchr_iter(b'\\', object).any(|at| matches!(object.get(at + 1), Some(b'u' | b'/')));
        self.finds(object) || escapes()
    }

    fn finds(&self, text: &[u8]) -> bool {
        let alone = match &self.search {
            Search::Everything => true,
            Search::Packed(searcher) => searcher.find(text).is_some(),
            Search::Automaton(automaton) => automaton.is_match(text),
        };
        let holds = |pair: &[Finder<'static>; 2]| pair.iter().all(|finder| finder.find(text).is_some());
        alone || self.pairs.iter().any(holds)
    }
}

fn pair(needle: &Needle) -> Option<[Finder<'static>; 2]> {
    let finder = |text: &str| Finder::new(text).into_owned();
    Some([finder(&needle.text), finder(needle.and.as_ref()?)])
}

/// Needles that hold another one are found with that.
fn shortest(mut needles: Vec<String>) -> Vec<String> {
    needles.sort_by_key(String::len);
    let mut kept: Vec<String> = Vec::new();
    for needle in needles {
        if !kept.iter().any(|shorter| needle.contains(shorter.as_str())) {
            kept.push(needle);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_within_another_is_enough() {
        let needles = ["postgresql", "redis", "immich-app/postgres", "postgres"].map(str::to_owned);
        assert_eq!(shortest(needles.to_vec()), ["redis", "postgres"]);
    }

    #[test]
    fn json_escapes_that_may_spell_a_name_are_looked_into() {
        let set = super::super::load(&super::super::LoadOptions::default()).unwrap();
        let needles = Needles::of(&set);
        let cases = [
            (r#"{"image": "immich-server:v2"}"#, true),
            (r#"{"image": "nginx"}"#, false),
            (r#"{"a": "line\n \"quoted\""}"#, false),
            (r#"{"image": "immich\u002dserver"}"#, true),
            (r#"{"image": "a\/b"}"#, true),
            (r#"{"a": "\\u"}"#, true),
            (r#"{"kind": "ConfigMap", "metadata": {"name": "immich"}}"#, true),
            (r#"{"kind": "Service", "metadata": {"name": "immich"}}"#, false),
            (r#"{"kind": "ConfigMap", "metadata": {"name": "blog"}}"#, false),
        ];
        for (object, expected) in cases {
            assert_eq!(needles.may_match_json(object.as_bytes()), expected, "{object}");
        }
    }
}
