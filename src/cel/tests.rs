mod limits;
mod semantics;
mod unknowns;
mod world;

use std::borrow::Cow;

use super::*;
use crate::json::{Value, json};
use crate::unknown::Why;

/// A scope of plain values; `gone` cannot be seen, `lazy` has one field that cannot.
#[derive(Debug)]
struct Plain(Value);

#[derive(Debug)]
struct Fields;

impl Lazy for Fields {
    fn keys(&self) -> Vec<String> {
        vec!["seen".into(), "hidden".into(), "inner".into()]
    }

    fn get<'s>(&'s self, key: &str) -> Result<Option<Binding<'s>>, Fault> {
        match key {
            "seen" => Ok(Some(Binding::Owned(json!(1)))),
            "hidden" => Err(gone().into()),
            "inner" => Ok(Some(Binding::Lazy(Box::new(Fields)))),
            _ => Ok(None),
        }
    }
}

fn gone() -> Unknown {
    Unknown::new("the claim", Why::NotInInput)
}

impl Scope for Plain {
    fn name<'s>(&'s self, name: &str) -> Result<Binding<'s>, Fault> {
        match name {
            "gone" => Err(gone().into()),
            "lazy" => Ok(Binding::Lazy(Box::new(Fields))),
            "some" => Ok(Binding::Listing {
                items: vec![json!(1).into(), json!(2).into()],
                missing: Some(gone()),
            }),
            name => Ok(Binding::Borrowed {
                value: &self.0[name],
                hide_null: true,
            }),
        }
    }

    fn call<'s>(&'s self, function: &str, args: &[Cow<'_, Value>]) -> Result<Binding<'s>, Fault> {
        match function {
            "env" => Ok(Binding::Optional(
                args[0]
                    .get(args[1].as_str().unwrap())
                    .map(|value| value.clone().into()),
            )),
            "peers" => Ok(Binding::Listing {
                items: vec![],
                missing: Some(gone()),
            }),
            function => Ok(Binding::Owned(json!([function, args]))),
        }
    }

    fn allowance(&self) -> Option<&Allowance> {
        None
    }
}

const NAMES: [&str; 8] = [
    "object", "item", "params", "gone", "lazy", "some", "n", "null_one",
];

fn functions() -> Vec<Function> {
    let function = |name: &str, args: &[&str], expression: &str| Function {
        name: name.into(),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        expression: expression.into(),
    };
    vec![
        function("twice", &["x"], "x + x"),
        function("four", &["y"], "twice(twice(y))"),
        function("second", &["a", "b"], "b"),
        function("names", &["l"], "l.map(x, x.name)"),
    ]
}

fn evaluate(expression: &str) -> Result<Value, Fault> {
    let environment = Environment::new(&functions()).unwrap();
    let program = environment
        .compile(expression, &NAMES)
        .unwrap_or_else(|error| panic!("{expression}: {error}"));
    let values = json!({
        "object": {"metadata": {"name": "immich", "labels": null}, "spec": {"replicas": 2, "list": [{"name": "a"}, {"name": "b", "v": null}], "big": 18446744073709551615u64}},
        "item": {"name": "main", "image": "ghcr.io/immich-app/immich-server:v2.3.1-cuda", "env": {"A": "1"}},
        "params": {"path": "/photos", "on": true},
        "n": 7,
    });
    program.evaluate(&Plain(values))
}

#[track_caller]
fn gives(expression: &str, expected: Value) {
    assert_eq!(evaluate(expression), Ok(expected), "{expression}");
}

#[track_caller]
fn all_true(expressions: &[&str]) {
    for expression in expressions {
        assert_eq!(evaluate(expression), Ok(json!(true)), "{expression}");
    }
}

fn is_unknown(expression: &str) -> bool {
    evaluate(expression) == Err(Fault::Unknown(gone()))
}

#[test]
fn values_operators_and_macros() {
    all_true(&[
        "1 + 2 * 3 == 7",
        "7 / 2 == 3 && -7 / 2 == -3 && 7 % 3 == 1",
        "1 == 1.0 && 1u == 1 && 1 < 1.5 && 2u > 1",
        "'a' + 'b' == 'ab' && b'a' + b'b' == b'ab'",
        "[1, 2] + [3] == [1, 2, 3]",
        "{'a': 1, 'b': [2]} == {'b': [2], 'a': 1}",
        "'a' in {'a': 1} && 2 in [1, 2] && !(3 in [1, 2])",
        "[1, 2, 3].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2].exists_one(x, x == 2)",
        "[1, 2, 3].map(x, x * 2) == [2, 4, 6] && [1, 2, 3].filter(x, x > 1) == [2, 3]",
        "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
        "{'a': 1}.all(k, v, k == 'a' && v == 1) && [5].exists(i, v, i == 0 && v == 5)",
        "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && [1, 2].transformList(i, v, i + v) == [1, 3]",
        "{'a': 1}.transformMapEntry(k, v, {k + 'x': v}) == {'ax': 1}",
        "cel.bind(x, 3, x * x) == 9",
        "has(object.spec.replicas) && !has(object.spec.strategy) && !has(object.metadata.labels)",
        "object.spec.?strategy.type.orValue('RollingUpdate') == 'RollingUpdate'",
        "object.?spec.replicas.orValue(0) == 2 && object[?'nope'].orValue(1) == 1",
        "optional.of(1).optMap(x, x + 1).value() == 2 && !optional.none().hasValue()",
        "optional.none().or(optional.of(2)).value() == 2 && [?optional.none(), 1] == [1]",
        "{?'a': optional.none(), 'b': 1} == {'b': 1}",
        "object.spec.list.map(x, x.name) == ['a', 'b'] && !has(object.spec.list[1].v)",
        "size(object.spec.list) == 2 && object.spec.list.size() == 2 && size('äb') == 2",
        "type(1) == int && type('a') == string && type([]) == list && type(null) == null_type",
        "duration('1h30m') == duration('90m') && timestamp('2026-01-02T03:04:05Z').getFullYear() == 2026",
        "timestamp('2026-01-02T00:00:00Z') + duration('24h') == timestamp('2026-01-03T00:00:00Z')",
        "int('5') == 5 && string(5) == '5' && double('1.5') == 1.5 && bool('true') && uint(3) == 3u",
        "four(2) == 8 && second(1 / 0, 2) == 2",
        "true ? true : 1 / 0 == 1",
        "n == 7 && object.spec.big == 18446744073709551615u",
    ]);
    gives(
        "{'z': 1, 'a': 2, 'm': [1.0, 2.5]}",
        json!({"z": 1, "a": 2, "m": [1, 2.5]}),
    );
    let order: Vec<String> = evaluate("{'z': 1, 'a': 2, 'm': 3}")
        .unwrap()
        .as_object()
        .unwrap()
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(order, ["z", "a", "m"]);
}

/// The examples of the Kubernetes documentation, and of the libraries' own comments.
#[test]
fn kubernetes_library() {
    all_true(&[
        "[1, 2, 3].isSorted() && !['b', 'a'].isSorted() && [1, 3].sum() == 4 && [3, 1].min() == 1 && [3, 1].max() == 3",
        "[1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2 && [1].indexOf(5) == -1",
        "'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]+') == '' && '123 abc 456'.findAll('[0-9]+') == ['123', '456']",
        "'123 abc 456'.findAll('[0-9]+', 1) == ['123'] && 'abc'.matches('^[a-c]+$')",
        "sets.contains([1, 2, 3], [2]) && sets.equivalent([1], [1, 1]) && sets.intersects([1, 2], [2, 9])",
        "quantity('200M').compareTo(quantity('0.2G')) == 0 && quantity('50k').add(quantity('20k')) == quantity('70k')",
        "isQuantity('1.3G') && !isQuantity('1.3GG') && quantity('50000').isInteger() && quantity('50k').asInteger() == 50000",
        "quantity('50').sub(quantity('20')).sign() == 1 && quantity('9999999').isLessThan(quantity('9.9e7'))",
        "quantity('50.9').asApproximateFloat() > 50.8",
        "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.2.3').major() == 1 && isSemver('1.2.3') && !isSemver('v1.0')",
        "isSemver('v1.0', true) && semver('v01.01', true).compareTo(semver('1.1.0')) == 0",
        "ip('127.0.0.1').isLoopback() && ip('2001:db8::1').family() == 6 && isIP('10.0.0.1') && !isIP('10.0.0.1.1')",
        "ip.isCanonical('127.0.0.1') && !ip.isCanonical('2001:DB8::ABCD') && ip('192.168.0.1') == ip('192.168.0.1')",
        "cidr('192.168.0.0/24').containsIP('192.168.0.1') && cidr('192.168.0.0/24').containsIP(ip('192.168.0.1'))",
        "cidr('192.168.0.0/24').containsCIDR(cidr('192.168.0.0/25')) && cidr('192.168.0.1/24').prefixLength() == 24",
        "cidr('192.168.1.5/24').masked() == cidr('192.168.1.0/24') && isCIDR('10.0.0.0/8') && string(cidr('10.0.0.0/8')) == '10.0.0.0/8'",
        "url('https://example.com:80/a%20b?k=v1&k=v2').getScheme() == 'https' && url('https://example.com:80/').getHost() == 'example.com:80'",
        "url('https://[::1]:80/path').getHostname() == '::1' && url('https://example.com:80/').getPort() == '80'",
        "url('https://example.com/a%20b').getEscapedPath() == '/a%20b' && url('https://example.com').getEscapedPath() == ''",
        "url('https://example.com/?k=a&k=b&l=c').getQuery() == {'k': ['a', 'b'], 'l': ['c']} && isURL('https://a.b/') && !isURL('../a')",
        "!format.dns1123Label().validate('ok').hasValue() && format.named('dns1123Label').value().validate('NO').hasValue()",
        "'%s=%d %.2f %x'.format(['a', 1, 2.345, 255]) == 'a=1 2.35 ff' && '%s'.format([[1, 'b']]) == '[1, b]'",
        "'tacocat'.charAt(3) == 'o' && 'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco'",
        "'hello hello'.replace('he', 'we', 1) == 'wello hello' && 'a,b,c'.split(',') == ['a', 'b', 'c'] && ['x', 'y'].join('-') == 'x-y'",
        "'TacoCat'.lowerAscii() == 'tacocat' && '  x '.trim() == 'x' && 'hello mellow'.lastIndexOf('ello') == 7",
        "'hello mellow'.indexOf('ello', 2) == 7 && 'äöü'.substring(1, 2) == 'ö'",
    ]);
}

#[test]
fn images_and_yaml() {
    all_true(&[
        "image(item.image).repository == 'ghcr.io/immich-app/immich-server' && image(item.image).tag == 'v2.3.1-cuda'",
        "image(item.image).version == '2.3.1' && image(item.image).flavor == 'cuda' && image(item.image).digest == ''",
        "parseYaml('a: yes\\nb: [1]').a == true && parseYaml('a: yes\\nb: [1]').b == [1]",
    ]);
}

#[test]
fn host_functions_reach_the_scope() {
    gives("env(item.env, 'A').orValue('x')", json!("1"));
    gives("env(item.env, 'B').orValue('x')", json!("x"));
    gives("world.get('v1', 'Secret', 'ns', 'name')[0]", json!("world.get"));
    let environment = Environment::new(&functions()).unwrap();
    let program = environment
        .compile("peers('server').all(p, p.name == object.metadata.name)", &NAMES)
        .unwrap();
    let mentions: Vec<&str> = program.mentions().iter().map(String::as_str).collect();
    assert_eq!(mentions, ["object", "object.metadata", "peers"]);
}

#[test]
fn what_is_asked_of_a_name_is_told() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "lazy[item.name].persistent",
            &["item", "item.name", "lazy", "lazy[].persistent"],
        ),
        (
            "lazy[item.name].?persistent",
            &["item", "item.name", "lazy", "lazy[].persistent"],
        ),
        (
            "lazy[item.name] == null",
            &["item", "item.name", "lazy", "lazy[]"],
        ),
        ("lazy['data'].persistent", &["lazy", "lazy.data"]),
        (
            "lazy.exists(v, lazy[v].persistent)",
            &["lazy", "lazy.*", "lazy[].persistent"],
        ),
        // A variable of a macro is no name of the scope.
        ("[1].map(v, [lazy][0])", &["lazy", "lazy.*"]),
    ];
    for (expression, expected) in cases {
        let environment = Environment::new(&functions()).unwrap();
        let program = environment.compile(expression, &NAMES).unwrap();
        let mentions: Vec<&str> = program.mentions().iter().map(String::as_str).collect();
        assert_eq!(mentions, expected, "{expression}");
    }
}

/// Unknown in every place: it decides nothing and is never lost.
#[test]
fn unknown_is_never_lost() {
    for expression in [
        "gone",
        "gone == 1",
        "gone.x",
        "has(gone.x)",
        "gone.?x.orValue(1)",
        "[1, gone]",
        "{'a': gone}",
        "gone || false",
        "false || gone",
        "gone && true",
        "true && gone",
        "!gone",
        "gone ? 1 : 1",
        "[1, 2].map(x, gone)",
        "[1, 2].all(x, x > 0 && gone)",
        "lazy.hidden",
        "lazy.?hidden.orValue(1)",
        "lazy[?'hidden'].orValue(1)",
        "has(lazy.hidden)",
        "'hidden' in lazy",
        "lazy.inner.inner.hidden",
        "lazy == {'seen': 1}  || lazy == lazy",
        "some.all(x, x > 0)",
        "some.exists(x, x > 5)",
        "some.exists_one(x, x == 1)",
        "some.size() == 2",
        "some == [1, 2]",
        "some[0] == 1",
        "5 in some",
        "some.map(x, x) == [1, 2]",
        "some.filter(x, x > 1).size() > 0",
        "some.filter(x, x > 5).exists(x, true)",
        "(some + [3]).all(x, x > 0)",
        "peers('x').exists(p, true)",
        "optional.of(gone).hasValue()",
        "cel.bind(x, gone, x)",
        "twice(gone)",
    ] {
        assert!(is_unknown(expression), "{expression}: {:?}", evaluate(expression));
    }
    all_true(&[
        "gone || true",
        "true || gone",
        "!(gone && false)",
        "!(false && gone)",
        "some.exists(x, x == 2)",
        "!some.all(x, x < 2)",
        "!some.exists_one(x, x > 0)",
        "2 in some",
        "some.filter(x, x > 1).exists(x, x == 2)",
        "!known(some) && !known(gone) && known(1) && !known(lazy.hidden) && known(lazy.seen)",
        "cel.bind(x, gone, true)",
        "lazy.seen == 1 && lazy.inner.seen == 1",
    ]);
    let why = evaluate("unknown('nobody knows')");
    assert_eq!(
        why,
        Err(Fault::Unknown(Unknown::new("nobody knows", Why::Policy)))
    );
}

#[test]
fn failures_say_what_is_wrong_and_show_no_values() {
    let cases = [
        ("object.nope", "there is no key nope; ask with has() or .?nope"),
        ("'secret' + 1", "+ does not take string, int"),
        ("1 / 0", "a division by zero"),
        (
            "'secret'.substring('x')",
            "substring: it does not take (string, string)",
        ),
        ("9223372036854775807 + 1", "the result does not fit its type"),
        ("1 ? 2 : 3", "a condition must be true or false, this is a int"),
        (
            "optional.of(1)",
            "the result is an optional: end the expression with .orValue(…)",
        ),
        ("int('x')", "int: the value is no int"),
    ];
    for (expression, message) in cases {
        assert_eq!(
            evaluate(expression),
            Err(Fault::Failed(message.into())),
            "{expression}"
        );
    }
}

#[test]
fn what_does_not_compile_says_where() {
    let environment = Environment::new(&functions()).unwrap();
    let cases = [
        (
            "objct.spec",
            "there is no name `objct` here",
            "objct",
            Some("did you mean `object`?"),
        ),
        ("object.spec.foo(1)", "there is no function `foo`", "foo", None),
        (
            "object == 'a' and true",
            "`and` is not expected here",
            "and",
            Some("write `&&`"),
        ),
        ("twice(1, 2)", "`twice` takes 1 argument, not 2", "twice", None),
        (
            "namespace == 'x'",
            "reserved identifier: namespace",
            "namespace",
            Some("say `ns`: the word `namespace` is reserved in CEL"),
        ),
        ("1 +", "the expression ends where more is expected", "", None),
        (
            "tvice(1)",
            "there is no function `tvice`",
            "tvice",
            Some("did you mean `twice`?"),
        ),
    ];
    for (expression, message, place, help) in cases {
        let error = environment
            .compile(expression, &NAMES)
            .map(|_| ())
            .expect_err(expression);
        assert_eq!(
            (error.message.as_str(), error.help.as_deref()),
            (message, help),
            "{expression}"
        );
        assert_eq!(
            expression.get(error.range.clone()),
            Some(place),
            "{expression}: {:?}",
            error.range
        );
    }
    let function = |name: &str, expression: &str| Function {
        name: name.into(),
        args: vec![],
        expression: expression.into(),
    };
    for bad in [
        vec![function("a", "a()")],
        vec![function("a", "b()"), function("b", "a()")],
        vec![function("a", "1"), function("a", "2")],
        vec![function("size", "1")],
        vec![function("env", "1")],
        vec![function("a", "1 +")],
    ] {
        assert!(Environment::new(&bad).is_err(), "{bad:?}");
    }
}

/// A macro's variable must not be caught by a function's argument of the same name.
#[test]
fn expansion_is_hygienic() {
    all_true(&[
        "names(object.spec.list.filter(x, x.name != 'z')) == ['a', 'b']",
        "[1, 2].map(x, twice(x)) == [2, 4]",
        "[1].map(y, four(y + 1)) == [8]",
        "[[1], [2]].map(l, l.map(x, x + l[0])) == [[2], [4]]",
    ]);
}

#[test]
fn params_alone_decide_some_conditions() {
    let environment = Environment::new(&[]).unwrap();
    let fold = |expression: &str| {
        environment
            .compile(expression, &NAMES)
            .unwrap()
            .fold(&json!({"on": false, "path": null}))
    };
    assert_eq!(fold("params.on && object.spec.x"), Some(json!(false)));
    assert_eq!(fold("has(params.path)"), Some(json!(false)));
    assert_eq!(fold("object.spec.x && params.on"), Some(json!(false)));
    assert_eq!(fold("object.spec.x || params.on"), None);
    assert_eq!(fold("known(object.x)"), None);
}

mod hostile {
    use super::*;

    fn run(expression: &str) -> Result<Value, String> {
        let environment = Environment::new(&functions()).map_err(|(_, error)| error.to_string())?;
        let program = environment
            .compile(expression, &NAMES)
            .map_err(|error| error.to_string())?;
        let items: Vec<Value> = (0..300).map(Value::from).collect();
        program
            .evaluate(&Plain(json!({"item": items, "object": "x".repeat(1000)})))
            .map_err(|fault| fault.to_string())
    }

    /// Each ends in an error, on a stack of 2 MB.
    #[test]
    fn hostile_expressions_end() {
        let mut doubling = String::from("'xxxxxxxxxxxxxxxx'");
        for _ in 0..60 {
            doubling = format!("cel.bind(s, {doubling}, s + s)");
        }
        let mut bomb = String::from("[1]");
        for _ in 0..40 {
            bomb = format!("cel.bind(l, {bomb}, [l, l])");
        }
        let expressions = [
            "item.all(a, item.all(b, item.all(c, a + b + c >= 0)))".to_owned(),
            "item.map(a, item.map(b, item.map(c, [a, b, c]))).size() > 0".to_owned(),
            vec!["1"; 5000].join(" + "),
            vec!["true"; 5000].join(" && "),
            format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000)),
            format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)),
            format!("{}true", "!".repeat(10_000)),
            format!("object{}", ".a".repeat(5_000)),
            format!("object{}", "[0]".repeat(600)),
            format!("{}1{}", "true ? 1 : (".repeat(900), ")".repeat(900)),
            doubling,
            bomb,
            "object.matches('(((a{1,100}){1,100}){1,100})')".to_owned(),
            "object.replace('', object).replace('', object).replace('', object)".to_owned(),
            "object.replace('', object).split('').map(c, object + c)".to_owned(),
            format!("'%.{}f'.format([1.0])", "9".repeat(30)),
            "item.map(a, item.map(b, object + object)).size()".to_owned(),
            format!("parseYaml('{}')", "[".repeat(10_000)),
            "x".repeat(100_000),
            "\"".to_owned(),
            "\u{0}".to_owned(),
        ];
        let walk = move || {
            for expression in expressions {
                let shown: String = expression.chars().take(60).collect();
                assert!(run(&expression).is_err(), "{shown}");
            }
            // This one may as well have a result.
            let _ = run(&format!("{}1", "-".repeat(1_500)));
        };
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(walk);
        thread.unwrap().join().unwrap();
    }

    /// Functions that call others twice would grow without end.
    #[test]
    fn functions_that_multiply_end() {
        let functions: Vec<Function> = (0..40)
            .map(|level: usize| Function {
                name: format!("f{level}"),
                args: vec!["x".into()],
                expression: if level == 0 {
                    "x".into()
                } else {
                    format!("f{}(x) + f{}(x)", level - 1, level - 1)
                },
            })
            .collect();
        let environment = Environment::new(&functions).unwrap();
        assert!(environment.compile("f39(1)", &[]).is_err());
    }
}
