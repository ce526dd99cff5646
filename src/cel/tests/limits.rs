//! Expressions that want to hang, to eat memory or to overflow the stack.

use std::borrow::Cow;

use super::super::{Allowance, Binding, Fault, Scope};
use super::world::{compile, world};
use crate::json::{Value, json};

/// Runs on the stack that threads have: compiled or not, nothing may hang or crash.
fn ends(source: String) -> Result<Value, String> {
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || {
            let program = compile(&source).map_err(|error| error.message)?;
            program.evaluate(&world()).map_err(|fault| fault.to_string())
        })
        .unwrap()
        .join()
        .unwrap()
}

fn is_refused(source: String) {
    let start: String = source.chars().take(60).collect();
    assert!(ends(source).is_err(), "{start}");
}

#[test]
fn nested_loops_end() {
    let range = "lists.range(300)";
    for inner in ["all", "exists", "exists_one", "map", "filter"] {
        let (condition, differs) = match inner {
            "exists" => ("a + b + c < 0", "== 7"),
            _ => ("a + b + c >= 0", "!= 7"),
        };
        is_refused(format!(
            "{range}.{inner}(a, {range}.{inner}(b, {range}.{inner}(c, {condition}) {differs}) {differs})"
        ));
    }
    // An error in each step is put off by `all`; the loops must end all the same.
    is_refused(format!(
        "{range}.all(a, {range}.all(b, {range}.all(c, object.nope)))"
    ));
    // Not even `|| true` hides a spent budget.
    is_refused(format!(
        "{range}.all(a, {range}.all(b, {range}.all(c, true))) || true"
    ));
}

#[test]
fn values_stay_small() {
    let doubled = |step: &str, start: &str| {
        (0..60)
            .fold("x".to_owned(), |body, _| format!("cel.bind(x, {step}, {body})"))
            .replacen(
                &format!("cel.bind(x, {step},"),
                &format!("cel.bind(x, {start},"),
                1,
            )
    };
    is_refused(doubled("x + x", "'aaaaaaaaaaaaaaaa'"));
    is_refused(doubled("[x, x]", "['aaaaaaaaaaaaaaaa']"));
    is_refused(doubled("x + x", "[1, 2, 3]"));
    is_refused(doubled(
        "x.replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')",
        "'aaaa'",
    ));
    is_refused(doubled("[x, x].join(x)", "'aaaaaaaa'"));
    is_refused(doubled("{'a': x, 'b': x}.map(k, [x, x])", "[1, 2]"));
    is_refused(doubled("'%s%s%s'.format([x, x, x])", "'aaaaaaaa'"));
    is_refused("lists.range(1000000000)".into());
    is_refused("lists.range(100000).map(x, lists.range(100000))".into());
    is_refused("lists.range(100000).distinct().size()".into());
    is_refused("'%.1000000f'.format([1.0])".into());
}

#[test]
fn patterns_stay_small() {
    is_refused("'a'.matches('(a{1000}){1000}')".into());
    is_refused(format!("'a'.matches('{}')", "(".repeat(3000)));
    is_refused("lists.range(100000).all(i, 'a'.matches('^' + string(i) + '[a-z]{1,20}') || true)".into());
    assert_eq!(
        ends("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'.matches('(a+)+$')".into()),
        Ok(json!(false))
    );
}

#[test]
fn trees_stay_low() {
    let n = 10_000;
    is_refused("(".repeat(n) + "1" + &")".repeat(n));
    is_refused("[".repeat(n) + &"]".repeat(n));
    is_refused("!".repeat(n) + "true");
    is_refused("-".repeat(n) + "1");
    is_refused("{'a':".repeat(n) + "1" + &"}".repeat(n));
    is_refused("size(".repeat(n) + "''" + &")".repeat(n));
    is_refused("true ? ".repeat(n) + "1");
    for operator in ["+", "-", "*", "==", "||", "&&", "<", "in"] {
        is_refused(vec!["1"; 5_000].join(operator.replace("in", " in ").as_str()));
    }
    is_refused("object".to_owned() + &".a".repeat(5_000));
    is_refused("object".to_owned() + &"[0]".repeat(5_000));
    is_refused("object".to_owned() + &".?a".repeat(900));
    is_refused("[1]".to_owned() + &".map(x, x)".repeat(300));
    is_refused(format!("'{}'", "a".repeat(20_000)));
    is_refused("\u{0}\u{1}'".into());
}

#[test]
fn chains_of_common_length_work() {
    assert_eq!(ends(vec!["false"; 900].join(" || ")), Ok(json!(false)));
    assert_eq!(ends(vec!["true"; 900].join(" && ")), Ok(json!(true)));
    assert_eq!(ends(vec!["1"; 150].join(" + ")), Ok(json!(150)));
}

#[test]
fn the_deepest_allowed_tree_fits_the_stack() {
    // Whatever depth is allowed of each shape, evaluating it must not overflow.
    let nest = |open: &str, close: &str, core: &str| {
        let mut worked = 0;
        for depth in [1, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100] {
            let source = open.repeat(depth) + core + &close.repeat(depth);
            if compile(&source).is_ok() {
                worked = depth;
                ends(source).ok();
            }
        }
        worked
    };
    for (open, close, core) in [
        ("[1].map(x, ", ")", "1"),
        ("[1].all(x, ", ")", "true"),
        ("[", "]", "1"),
        ("{'a': ", "}", "1"),
        ("cel.bind(x, 1, ", ")", "1"),
        ("size([", "])", "1"),
        ("object.?a.orValue(", ")", "1"),
        ("either(false, ", ")", "true"),
        ("optional.of(", ")", "1"),
        ("true ? (", ") : 1", "1"),
        ("(1 - ", ")", "1"),
        ("string(", ")", "1"),
    ] {
        assert!(nest(open, close, core) >= 5, "{open}");
    }
}

#[test]
fn evaluations_share_an_allowance() {
    let loops = compile("lists.range(1000).all(a, a >= 0)").unwrap();
    let allowed = Allowed(Allowance::new(10_000));
    let mut held = 0;
    let fault = loop {
        match loops.holds(&allowed) {
            Ok(true) => held += 1,
            Ok(false) => panic!("it holds"),
            Err(fault) => break fault,
        }
    };
    assert!((1..10).contains(&held), "{held}");
    assert!(allowed.0.is_spent());
    let Fault::Budget(why) = fault else {
        panic!("{fault:?}")
    };
    assert_eq!(why, "all policies together take too many steps on this object");
    // What is spent stays spent, also for the smallest expression, and no operator hides it.
    let small = compile("true || 1 / 0 == 1").unwrap();
    assert!(matches!(small.holds(&allowed), Err(Fault::Budget(_))));
    assert_eq!(small.holds(&Allowed(Allowance::new(100))), Ok(true));
}

/// A scope whose evaluations share an allowance.
#[derive(Debug)]
struct Allowed(Allowance);

impl Scope for Allowed {
    fn name<'s>(&'s self, name: &str) -> Result<Binding<'s>, Fault> {
        Err(Fault::Failed(format!("no {name}")))
    }

    fn call<'s>(&'s self, function: &str, _: &[Cow<'_, Value>]) -> Result<Binding<'s>, Fault> {
        Err(Fault::Failed(format!("no {function}")))
    }

    fn allowance(&self) -> Option<&Allowance> {
        Some(&self.0)
    }
}

#[test]
fn an_expression_that_ends_early_takes_what_it_used_and_no_more() {
    let large = compile("lists.range(1000000).size() > 0").unwrap();
    let allowed = Allowed(Allowance::new(10_000_000));
    for _ in 0..50 {
        let fault = large.holds(&allowed).unwrap_err();
        assert_eq!(fault, Fault::Budget("it makes more than 32 MiB of values".into()));
    }
    assert!(!allowed.0.is_spent(), "values ran out, not steps");
}
