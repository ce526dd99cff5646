//! Names with values, lazily; a few host functions, and functions as the Immich pack has them.

use std::borrow::Cow;

use super::super::*;
use crate::json::{Value, json};
use crate::unknown::Why;

/// Names with values, lazily; a few host functions.
#[derive(Debug)]
pub(super) struct World {
    object: Value,
}

/// A lazy map with a present, a nested and an unknown entry.
#[derive(Debug)]
struct Disks;

impl Lazy for Disks {
    fn keys(&self) -> Vec<String> {
        vec!["data".into(), "cloud".into(), "nested".into()]
    }
    fn get<'a>(&'a self, key: &str) -> Result<Option<Binding<'a>>, Fault> {
        Ok(match key {
            "data" => Some(Binding::Owned(json!({"network": true}))),
            "cloud" => return Err(missing("claim cloud").into()),
            "nested" => Some(Binding::Lazy(Box::new(Disks))),
            _ => None,
        })
    }
}

fn missing(what: &str) -> Unknown {
    Unknown::new(what, Why::NotInInput)
}

impl Scope for World {
    fn name<'s>(&'s self, name: &str) -> Result<Binding<'s>, Fault> {
        Ok(match name {
            "object" => Binding::Borrowed {
                value: &self.object,
                hide_null: true,
            },
            "item" | "params" => Binding::Borrowed {
                value: &self.object["item"],
                hide_null: false,
            },
            "volumes" => Binding::Lazy(Box::new(Disks)),
            "lost" => return Err(missing("lost").into()),
            other => return Err(Fault::Failed(format!("no {other}"))),
        })
    }

    fn call<'s>(&'s self, function: &str, args: &[Cow<'_, Value>]) -> Result<Binding<'s>, Fault> {
        Ok(match function {
            "env" => Binding::Optional(
                args[0]
                    .get(args[1].as_str().unwrap())
                    .map(|value| value.clone().into()),
            ),
            "peers" => Binding::Listing {
                items: vec![json!({"n": 1}).into(), json!({"n": 2}).into()],
                missing: args[0].is_string().then(|| missing("other pods")),
            },
            "world.list" => Binding::Listing {
                items: vec![],
                missing: Some(missing("other pods")),
            },
            "component" => Binding::Owned(args[0].get("name").cloned().unwrap_or_default()),
            "world.get" => Binding::Owned(json!(args)),
            other => return Err(Fault::Failed(format!("no {other}"))),
        })
    }

    fn allowance(&self) -> Option<&Allowance> {
        None
    }
}

pub(super) const NAMES: [&str; 5] = ["object", "item", "params", "volumes", "lost"];

pub(super) fn functions() -> Vec<Function> {
    let function = |name: &str, args: &[&str], expression: &str| Function {
        name: name.into(),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        expression: expression.into(),
    };
    vec![
        function("mounts", &["c"], "c.?volumeMounts.orValue([])"),
        function("under", &["p", "dir"], "p == dir || p.startsWith(dir + '/')"),
        function(
            "older",
            &["c", "v"],
            "image(c.image).version == '' ? unknown(c.image + ' names no version') : semver(image(c.image).version).isLessThan(semver(v))",
        ),
        function(
            "writesTo",
            &["c"],
            "env(c, 'IMMICH_MEDIA_LOCATION').orValue(mounts(c).exists(m, under(m.mountPath, '/usr/src/app/upload')) || older(c, '1.137.0') ? '/usr/src/app/upload' : '/data')",
        ),
        function("either", &["a", "b"], "a || b"),
        function("holdsAny", &["list", "x"], "list.exists(y, y == x)"),
    ]
}

pub(super) fn world() -> World {
    World {
        object: json!({
            "spec": {"replicas": 3, "half": 0.5, "strategy": null, "list": ["a", "b"], "map": {"k": "v"}},
            "item": {"name": "main", "image": "ghcr.io/immich-app/immich-server:v3.1.0-cuda",
                "volumeMounts": [{"mountPath": "/data/x"}], "nothing": null},
        }),
    }
}

pub(super) fn compile(source: &str) -> Result<Program, CompileError> {
    Environment::new(&functions()).unwrap().compile(source, &NAMES)
}

pub(super) fn eval(source: &str) -> Result<Value, Fault> {
    compile(source)
        .unwrap_or_else(|error| panic!("{source}: {error:?}"))
        .evaluate(&world())
}

pub(super) fn all_true(sources: &[&str]) {
    let wrong: Vec<_> = sources
        .iter()
        .map(|source| (source, eval(source)))
        .filter(|(_, result)| *result != Ok(Value::Bool(true)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
