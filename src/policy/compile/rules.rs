//! Rules: place, match, verb and message.

use super::{
    CompileError, Compiler, Door, MatchSpec, Matcher, Mentions, NAMES, NAMES_AT, NODE_AFFINITY, Path,
    Pointer, Root, Rule, RuleSpec, Setting, Subject, Template, Value, Variable, Verb, action, instead,
    locality, matcher, path, path_error, span_of,
};

impl Compiler<'_> {
    pub(super) fn rules(&mut self, variables: &[Variable], is_inactive: bool) -> Vec<Rule> {
        let unit = self.unit;
        let mut rules: Vec<Rule> = Vec::new();
        if unit.file.spec.rules.is_empty() {
            self.wrong(
                "no-rules",
                &Pointer::root().key("spec").key("rules"),
                "a policy needs at least one rule",
            );
        }
        for (index, spec) in unit.file.spec.rules.iter().enumerate() {
            let at = Pointer::root().key("spec").key("rules").index(index);
            rules.extend(self.rule(spec, &at, variables, is_inactive));
        }
        rules
    }

    pub(super) fn rule(
        &mut self,
        spec: &RuleSpec,
        at: &Pointer,
        variables: &[Variable],
        is_inactive: bool,
    ) -> Option<Rule> {
        // Null is as good as absent to the types, but nobody who writes `where:` means "always".
        for field in ["where", "assert"] {
            let at = at.key(field);
            if self.unit.tree.value.pointer(&at.to_string()) == Some(&Value::Null) {
                let message = format!("`{field}` is empty: it must hold a CEL expression");
                self.wrong_key("wrong-type", &at, message);
                return None;
            }
        }
        let subject = spec.subject.unwrap_or(self.spec().subject);
        let place = self.place(spec, at, subject);
        let names: Vec<&str> = match &place {
            Some(_) => NAMES.iter().chain(&NAMES_AT).copied().collect(),
            None => NAMES.to_vec(),
        };
        let condition = match &spec.condition {
            Some(text) => Some(self.expression(text, &at.key("where"), &names)?),
            None => None,
        };
        let is_off = self.is_off(condition.as_ref());
        let matchers = self.matchers(spec, at, is_inactive || is_off);
        let verb = self.verb(spec, at, &names)?;
        let setting = Setting {
            at,
            subject,
            place: place.as_ref(),
            matchers: &matchers,
        };
        self.check_verb(&verb, setting);
        let message = match &spec.message {
            Some(text) => Some(self.message(text, &at.key("message"), &names, variables)?),
            None => None,
        };
        let programs = condition.iter().chain(locality::programs(&verb));
        let mentions = Mentions::of(programs, variables);
        let said = message.iter().flat_map(Template::programs);
        let reads_request = mentions.reads_request() || Mentions::of(said, variables).reads_request();
        let config = self.shared.config.of_policy(self.name());
        let doors = spec.doors.as_deref().unwrap_or(&[
            Door::Render,
            Door::Check,
            Door::Flux,
            Door::Admission,
            Door::Audit,
        ]);
        Some(Rule {
            name: spec.name.clone(),
            subject,
            locality: mentions.locality(&matchers),
            transition: mentions.is_transition(),
            reads_request,
            matchers,
            at: place,
            is_off,
            condition,
            verb,
            message,
            action: action(self.spec().action, spec.action, config.action),
            unknown: spec.unknown.unwrap_or(self.spec().unknown),
            doors: doors.iter().copied().collect(),
            span: span_of(&self.unit.tree, &at.key("name")),
        })
    }

    pub(super) fn place(&mut self, spec: &RuleSpec, at: &Pointer, subject: Subject) -> Option<Path> {
        let affinity = spec.require_node_affinity.is_some() || spec.prefer_node_affinity.is_some();
        let text = match &spec.at {
            Some(text) => text.as_str(),
            None if affinity && subject == Subject::Pod => NODE_AFFINITY,
            None => return None,
        };
        let parsed = match path::parse(text, subject == Subject::Pod) {
            Ok(parsed) => parsed,
            Err(error) => {
                let at = at.key("at");
                self.wrong
                    .push(path_error(&self.unit.source, &self.unit.tree, &at, text, error));
                return None;
            }
        };
        if let Root::Containers(Some(names)) = &parsed.root {
            self.check_components(names, &at.key("at"), text);
        }
        Some(parsed)
    }

    /// Components that `text` at `at` names.
    pub(super) fn check_components(&mut self, names: &[String], at: &Pointer, text: &str) {
        let known: Vec<&str> = self
            .shared
            .pack
            .components
            .iter()
            .map(|component| component.name.as_str())
            .collect();
        for name in names
            .iter()
            .filter(|name| *name != "*" && !known.contains(&name.as_str()))
        {
            let start = text.find(name.as_str()).unwrap_or_default();
            let error = CompileError {
                message: format!("the pack has no component `{name}`"),
                range: start..start + name.len(),
                help: Some(instead(name, &known)),
            };
            self.wrong_in("unknown-component", at, text, &error);
        }
    }

    /// The policy's match and the rule's own.
    pub(super) fn matchers(&mut self, spec: &RuleSpec, at: &Pointer, is_inactive: bool) -> Vec<Matcher> {
        let unit = self.unit;
        let of_policy = unit
            .file
            .spec
            .matching
            .as_ref()
            .map(|matching| (matching, Pointer::root().key("spec").key("match")));
        let of_rule = spec.matching.as_ref().map(|matching| (matching, at.key("match")));
        let mut all = Vec::new();
        for (matching, at) in of_policy.into_iter().chain(of_rule) {
            all.extend(self.matcher(matching, &at, is_inactive));
        }
        all
    }

    pub(super) fn matcher(&mut self, spec: &MatchSpec, at: &Pointer, is_inactive: bool) -> Option<Matcher> {
        match matcher::with_params(spec, &self.environment, &self.params) {
            Ok(matcher) => {
                let at = at.key("components");
                for (index, name) in matcher.components.iter().flatten().enumerate() {
                    // Each at its own place, where it stands there as it is.
                    let written = spec.components.as_ref().and_then(|all| all.get(index));
                    let is_plain = written.and_then(Value::as_str) == Some(name.as_str());
                    let at = if is_plain { at.index(index) } else { at.clone() };
                    self.check_components(std::slice::from_ref(name), &at, name);
                }
                Some(matcher)
            }
            // Without its params a policy does not run, so its match need not have a value.
            Err(_) if is_inactive => Some(Matcher::default()),
            Err((field, message)) => {
                self.wrong("bad-match", &at.key(field), message);
                None
            }
        }
    }

    pub(super) fn verb(&mut self, spec: &RuleSpec, at: &Pointer, names: &[&str]) -> Option<Verb> {
        let given = [
            ("merge", spec.merge.is_some()),
            ("set", spec.set.is_some()),
            ("remove", spec.remove.is_some()),
            ("ensure", spec.ensure.is_some()),
            ("requireNodeAffinity", spec.require_node_affinity.is_some()),
            ("preferNodeAffinity", spec.prefer_node_affinity.is_some()),
            ("assert", spec.assert.is_some()),
        ];
        let verbs: Vec<&str> = given
            .iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(name, _)| *name)
            .collect();
        let [verb] = verbs.as_slice() else {
            let message = match verbs.as_slice() {
                [] => format!("the rule `{}` has no verb", spec.name),
                several => format!(
                    "the rule `{}` has several verbs: {}",
                    spec.name,
                    several.join(", ")
                ),
            };
            self.wrong("verbs", &at.key("name"), message);
            self.help(match verbs.as_slice() {
                [] => format!("give it one of {}", given.map(|(name, _)| name).join(", ")),
                _ => "write one rule for each".to_owned(),
            });
            return None;
        };
        let here = at.key(*verb);
        if let Some(text) = &spec.assert {
            return self.expression(text, &here, names).map(Verb::Assert);
        }
        if let Some(prefer) = &spec.prefer_node_affinity {
            let weight = self.template(&prefer.weight, &here.key("weight"), names)?;
            let term = self.template(&prefer.term, &here.key("term"), names)?;
            return Some(Verb::PreferNodeAffinity { weight, term });
        }
        if let Some(remove) = spec.remove {
            if !remove {
                self.wrong("verbs", &here, "`remove` can only be true");
            }
            return Some(Verb::Remove);
        }
        let values = [
            (&spec.merge, Verb::Merge as fn(Template) -> Verb),
            (&spec.set, Verb::Set),
            (&spec.ensure, Verb::Ensure),
            (&spec.require_node_affinity, Verb::RequireNodeAffinity),
        ];
        let (value, make) = values
            .into_iter()
            .find_map(|(value, make)| Some((value.as_ref()?, make)))?;
        self.template(value, &here, names).map(make)
    }

    pub(super) fn message(
        &mut self,
        text: &str,
        at: &Pointer,
        names: &[&str],
        variables: &[Variable],
    ) -> Option<Template> {
        let template = self.template(&Value::from(text), at, names)?;
        let programs = template.programs();
        if self.spec().sensitive && Mentions::of(programs.into_iter(), variables).may_show_a_value() {
            self.wrong(
                "sensitive",
                at,
                "a message of a sensitive policy must not show a value",
            );
            self.help("name the place instead: $(item.name)");
            return None;
        }
        Some(template)
    }
}
