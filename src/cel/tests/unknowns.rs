//! Three-valued logic: what is not known stays so, unless logic decides without it.

use super::super::*;
use super::world::{all_true, eval};

fn unknown(source: &str) -> String {
    match eval(source) {
        Err(Fault::Unknown(unknown)) => unknown.what,
        other => format!("{source} gives {other:?}"),
    }
}

fn stays(what: &str, source: &str, wrong: &mut Vec<String>) {
    let found = unknown(source);
    if found != what {
        wrong.push(format!("{source}: {found}"));
    }
}

#[test]
fn logic_may_decide_without_it() {
    all_true(&[
        "lost || true",
        "true || lost",
        "!(lost && false)",
        "!(false && lost)",
        "[1, 2].exists(x, x == 1 ? lost : true)",
        "![1, 2].all(x, x == 1 ? lost : false)",
        "false || lost || false || true",
        "peers('x').exists(p, p.n == 2)",
        "!peers('x').all(p, p.n == 1)",
        "{'n': 1} in peers('x')",
        "volumes.exists(v, volumes[v].network)",
        "'data' in volumes && !('nope' in volumes)",
        "volumes.data.network && volumes['nested'].data.network && volumes.nested['nested'].data.network",
        "has(volumes.data) && !has(volumes.nope) && volumes.?nope.orValue(1) == 1",
        "!known(lost) && known(object) && !known(volumes.cloud) && known(1 + 1)",
        "known(lost || true)",
        "optional.of(1).orValue(lost) == 1",
        "either(lost, true)",
        "size(peers(1)) == 2 && peers(1).all(p, p.n > 0)",
        "peers('x').exists(i, p, p.n == 2)",
    ]);
}

#[test]
fn everything_else_is_poisoned() {
    let mut wrong = Vec::new();
    for source in [
        "lost",
        "lost && true",
        "true && lost",
        "lost || false",
        "!lost",
        "lost == lost",
        "lost != 1",
        "[lost]",
        "{'a': lost}",
        "lost.x",
        "lost.?x",
        "lost[?'x']",
        "has(lost.x)",
        "lost ? 1 : 2",
        "size(lost)",
        "lost + 'a'",
        "'a' + lost",
        "lost in [1]",
        "1 in lost",
        "optional.of(lost)",
        "lost.orValue(1)",
        "[1].map(x, lost)",
        "[1].filter(x, lost)",
        "[1, 2].all(x, x == 1 ? lost : true)",
        "[1, 2].exists(x, x == 1 ? lost : false)",
        "[1].exists_one(x, lost)",
        "{'a': 1}.transformMap(k, v, lost)",
        "'%s'.format([lost])",
        "env(lost, 'x')",
        "string(lost)",
        "either(lost, false)",
    ] {
        stays("lost", source, &mut wrong);
    }
    for source in [
        "volumes.cloud",
        "volumes.?cloud",
        "volumes[?'cloud'].orValue(1)",
        "has(volumes.cloud)",
        "has(volumes.cloud.x)",
        "'cloud' in volumes",
        "volumes.filter(v, v != 'nested').all(v, volumes[v].network)",
        "volumes.nested.cloud.x",
        "optional.of(volumes).cloud",
        "cel.bind(v, volumes, v.?cloud.orValue(1))",
        "volumes.?nested.?cloud.orValue(2)",
        "volumes.?nested.cloud.orValue(2)",
        "volumes == {'a': 1, 'b': 2, 'c': 3} && false || volumes.cloud",
        "[volumes].exists(v, v.?cloud.hasValue())",
    ] {
        stays("claim cloud", source, &mut wrong);
    }
    for source in [
        "peers('x')",
        "size(peers('x'))",
        "peers('x').size() == 2",
        "peers('x').all(p, p.n > 0)",
        "peers('x').exists(p, p.n == 9)",
        "peers('x').map(p, p.n)",
        "peers('x').map(p, p)",
        "peers('x').filter(p, true)",
        "peers('x').exists_one(p, p.n == 1)",
        "{'n': 9} in peers('x')",
        "peers('x')[0]",
        "peers('x') == [{'n': 1}, {'n': 2}]",
        "peers('x') + []",
        "peers('x').exists(p, p == 3)",
        "peers('x').exists(p, p in [1, 2])",
        "peers('x').all(p, type(p) == map)",
        "peers('x').exists(p, p + 1 == 2 && false)  || peers('x').exists(p, p.n == 4)",
        "peers('x').filter(p, p.n > 9).size() == 0",
        "peers('x').map(p, 1)",
        "peers('x').filter(p, false)",
        "peers('x').exists(p, p.n == 9 || !has(p.n))",
        "peers('x').all(p, true)",
        "peers('x').filter(p, p.n > 5).exists(p, true)",
        "peers('x').transformList(i, p, i)",
        "world.list('v1', 'Pod', 'ns').exists(p, true)",
        "world.list('v1', 'Pod', 'ns').all(p, false)",
        "sets.contains(peers('x'), [{'n': 9}])",
        "peers('x').all(i, p, p.n > 0)",
        "peers('x').exists(p, has(p.zip))",
        "peers('x').exists(p, p.?n.orValue(1) == 9)",
        "peers('x').map(p, p.n).sum()",
    ] {
        stays("other pods", source, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(unknown("unknown('the moon') == 1"), "the moon");
    assert_eq!(unknown("older({'image': 'x'}, '1.0.0')"), "x names no version");
}
