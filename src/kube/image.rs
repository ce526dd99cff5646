//! Container image references.

/// The parts of an image reference: `registry/repository:tag@digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// Registry and path: `ghcr.io/immich-app/immich-server`.
    pub repository: &'a str,
    /// Tag, empty if there is none.
    pub tag: &'a str,
    /// `sha256:…`, empty if there is none.
    pub digest: &'a str,
}

impl<'a> Image<'a> {
    /// Takes a reference apart. A colon before the last slash belongs to a registry's port.
    pub fn parse(reference: &'a str) -> Self {
        let (name, digest) = reference.split_once('@').unwrap_or((reference, ""));
        let path_start = name.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match name.get(path_start..).and_then(|last| last.find(':')) {
            Some(colon) => name.split_at(path_start + colon),
            None => (name, ""),
        };
        Self {
            repository,
            tag: tag.strip_prefix(':').unwrap_or(tag),
            digest,
        }
    }

    /// The numeric core of the tag (`3.1.0` of `v3.1.0-cuda`); empty where the tag does not start with a
    /// number (after one `v`).
    pub fn version(&self) -> &'a str {
        self.core().0
    }

    /// What follows the numeric core: `cuda` of `v3.1.0-cuda`. A tag without a number (`release-cuda`) has
    /// what follows its first dash.
    pub fn flavor(&self) -> &'a str {
        self.core().1
    }

    fn core(&self) -> (&'a str, &'a str) {
        let bare = self.tag.strip_prefix('v').unwrap_or(self.tag);
        if !bare.starts_with(|c: char| c.is_ascii_digit()) {
            return ("", self.tag.split_once('-').map_or("", |(_, flavor)| flavor));
        }
        let end = bare
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(bare.len());
        let (version, rest) = bare.split_at(end);
        (
            version.trim_end_matches('.'),
            rest.trim_start_matches(['-', '+', '_']),
        )
    }

    /// Whether the last segments of the repository path are those of `suffix`, whole segments only:
    /// `immich-app/postgres` matches `ghcr.io/immich-app/postgres` and not `my-immich-app/postgres`.
    pub fn ends_with(&self, suffix: &str) -> bool {
        self.repository
            .strip_suffix(suffix)
            .is_some_and(|head| head.is_empty() || head.ends_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let cases = [
            (
                "ghcr.io/immich-app/immich-server:v3.0.0",
                "ghcr.io/immich-app/immich-server",
                "v3.0.0",
                "",
                "3.0.0",
                "",
            ),
            (
                "localhost:5000/postgres",
                "localhost:5000/postgres",
                "",
                "",
                "",
                "",
            ),
            (
                "localhost:5000/a:v1.2-cuda@sha256:ab",
                "localhost:5000/a",
                "v1.2-cuda",
                "sha256:ab",
                "1.2",
                "cuda",
            ),
            ("redis", "redis", "", "", "", ""),
            (
                "a/ml:release-openvino",
                "a/ml",
                "release-openvino",
                "",
                "",
                "openvino",
            ),
            (
                "a/pg:14-vectorchord0.4.3-pgvectors0.2.0",
                "a/pg",
                "14-vectorchord0.4.3-pgvectors0.2.0",
                "",
                "14",
                "vectorchord0.4.3-pgvectors0.2.0",
            ),
        ];
        for (text, repository, tag, digest, version, flavor) in cases {
            let image = Image::parse(text);
            assert_eq!(
                (image.repository, image.tag, image.digest),
                (repository, tag, digest),
                "{text}"
            );
            assert_eq!((image.version(), image.flavor()), (version, flavor), "{text}");
        }
    }

    #[test]
    fn only_whole_segments_match() {
        assert!(Image::parse("ghcr.io/immich-app/postgres:14").ends_with("immich-app/postgres"));
        assert!(Image::parse("postgres").ends_with("postgres"));
        assert!(!Image::parse("x/my-postgres").ends_with("postgres"));
    }
}
