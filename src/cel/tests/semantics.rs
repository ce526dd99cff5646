//! The examples of Kubernetes' documentation and of its library, and the language's own.

use super::super::*;
use super::world::{all_true, compile, eval};
use crate::json::json;

#[test]
fn operators_and_literals() {
    all_true(&[
        "1 == 1.0 && 1u == 1 && 1.0 == 1u && 2 > 1.5",
        "object.spec.replicas == 3 && object.spec.half == 0.5",
        "'a' + 'b' + 'c' == 'abc'",
        "1 + 2 + 3 + 4 == 10",
        "10 - 3 - 2 == 5",
        "[1, 2] + [3] == [1, 2, 3]",
        "[1] == [1.0]",
        "object.spec.list == ['a', 'b'] && ['a', 'b'] == object.spec.list",
        "object.spec.map == {'k': 'v'} && {'k': 'v'} == object.spec.map",
        "'a' in object.spec.list && !('z' in object.spec.list) && 'k' in object.spec.map",
        "object.spec.list[1] == 'b' && object['spec']['map'].k == 'v'",
        "{'a': 1, 'b': 2}.map(k, k) == ['a', 'b']",
        "type(1) == int && type('') == string",
        "null == null && 1 != null",
        "(true ? 1 : 2) == 1 && -(-1) == 1 && !false",
        "duration('1h') > duration('30m') && timestamp('2024-01-01T00:00:00Z').getFullYear() == 2024",
        "{1: 'a'}[1] == 'a' && {true: 'b'}[true] == 'b'",
        "{'a': 1, ?'b': optional.none(), ?'c': optional.of(3)} == {'a': 1, 'c': 3}",
        "[1, ?optional.none(), ?optional.of(3)] == [1, 3]",
        "true || false || false && true",
    ]);
}

#[test]
fn macros() {
    all_true(&[
        "[1, 2, 3].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2, 2].exists_one(x, x == 1)",
        "[1, 2, 3].map(x, x * 2) == [2, 4, 6] && [1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
        "[1, 2, 3].filter(x, x % 2 == 1) == [1, 3]",
        "object.spec.map.all(k, object.spec.map[k] == 'v')",
        "[3, 4].all(i, v, v == i + 3) && {'a': 1}.exists(k, v, k == 'a' && v == 1)",
        "[3, 4].transformList(i, v, i * v) == [0, 4]",
        "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
        "{'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'}",
        "[3, 4].existsOne(i, v, v == 4)",
        "cel.bind(x, 2, x * x) == 4",
        "['ab', 'c'].sortBy(s, s.size()) == ['c', 'ab']",
        "math.greatest(1, 3, 2) == 3 && math.least([4, 2]) == 2",
        "[[1, 2], [3]].map(x, x.map(x, x + 1)) == [[2, 3], [4]]",
    ]);
}

#[test]
fn optionals() {
    all_true(&[
        "object.?nope.orValue('x') == 'x' && object.?spec.replicas.orValue(1) == 3",
        "object.?spec.?nope.deep.orValue(7) == 7",
        "object.spec.list[?9].orValue('none') == 'none' && object.spec.map[?'k'].hasValue()",
        "optional.of(1).value() == 1 && !optional.none().hasValue()",
        "object.?nope.or(optional.of(2)).value() == 2",
        "optional.of(2).optMap(x, x * 2).value() == 4 && !optional.none().optMap(x, x).hasValue()",
        "optional.of(2).optFlatMap(x, optional.of(x)).value() == 2",
        // The other side is evaluated only where it is needed.
        "optional.of(1).orValue(object.nope) == 1",
        "has(object.spec) && !has(object.nope) && !has(object.spec.strategy)",
        "!has(item.absent) && has(item.nothing) && item.nothing == null",
        "env(item, 'name').orValue('') == 'main' && env(item, 'zip').orValue('no') == 'no'",
    ]);
}

#[test]
fn functions_are_expanded_without_capture() {
    all_true(&[
        "under('/data/x', '/data') && !under('/datax', '/data')",
        "writesTo(item) == '/data'",
        "mounts(item).exists(m, under(m.mountPath, writesTo(item)))",
        "!older(item, '1.137.0') && older(item, '99.0.0')",
        // `y` of the function and `y` of the caller are two things.
        "[1, 2].all(y, holdsAny([1, 2], y)) && ![3].exists(y, holdsAny([1, 2], y))",
        "either(true, object.nope)",
        "component({'name': 'server'}) == 'server'",
        "world.get('v1', 'Secret', 'ns', 'x')[1] == 'Secret'",
    ]);
}

#[test]
fn kubernetes_quantities() {
    all_true(&[
        "isQuantity('1.3G') && isQuantity('1.3Gi') && !isQuantity('1,3G') && !isQuantity('Three')",
        "quantity('50000000G').isInteger() && !quantity('50k').sub(quantity('0.5')).isInteger()",
        "quantity('50k').asInteger() == 50000",
        "quantity('50.703k').asApproximateFloat() == 50703.0",
        "quantity('50k').sign() == 1 && quantity('-50').sign() == -1 && quantity('0').sign() == 0",
        "quantity('200M').compareTo(quantity('0.2G')) == 0 && quantity('200M') == quantity('0.2G')",
        "quantity('50M').isLessThan(quantity('50Mi')) && quantity('50Mi').isGreaterThan(quantity('50M'))",
        "quantity('50k').add(20) == quantity('50020') && quantity('50k').sub(quantity('20000')).asInteger() == 30000",
    ]);
}

#[test]
fn kubernetes_versions() {
    all_true(&[
        "isSemver('1.0.0') && !isSemver('v1.0') && isSemver('v1.0', true) && !isSemver('hello')",
        "semver('1.2.3').compareTo(semver('1.2.3')) == 0 && semver('1.2.3').isLessThan(semver('1.10.0'))",
        "semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3",
        "semver('v01.01', true) == semver('1.1.0') && semver('v1', true) == semver('1.0.0')",
        "semver('1.2.3').isGreaterThan(semver('1.2.3-rc1'))",
    ]);
}

#[test]
fn kubernetes_network() {
    all_true(&[
        "isIP('192.168.0.1') && !isIP('::ffff:1.2.3.4') && !isIP('300.0.0.1') && isIP('2001:db8::68')",
        "ip.isCanonical('127.0.0.1') && !ip.isCanonical('2001:DB8::68')",
        "ip('192.168.0.1').family() == 4 && ip('::1').isLoopback() && ip('0.0.0.0').isUnspecified()",
        "ip('169.254.169.254').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast() && !ip('255.255.255.255').isGlobalUnicast()",
        "ip('ff02::1').isLinkLocalMulticast() && !ip('fd00::1').isLinkLocalMulticast() && ip('fe80::1').isLinkLocalUnicast() && ip('192.168.0.1').isGlobalUnicast()",
        "isCIDR('192.168.0.0/24') && !isCIDR('192.168.0.0/33') && !isCIDR('192.168.0.0/024')",
        "cidr('192.168.0.0/24').containsIP(ip('192.168.0.1')) && cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsIP('192.168.1.1')",
        "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && !cidr('192.168.1.0/24').containsCIDR('192.168.0.0/16')",
        "cidr('192.168.1.5/24').masked() == cidr('192.168.1.0/24') && cidr('192.168.0.0/24').prefixLength() == 24 && cidr('192.168.0.1/24').ip() == ip('192.168.0.1')",
        "cidr('::1/128').containsIP('::1') && cidr('0.0.0.0/0').containsIP('9.9.9.9')",
        "url('https://example.com:80/').getHost() == 'example.com:80' && url('https://example.com/path with'.replace(' ', '%20')).getEscapedPath() == '/path%20with'",
        "url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80' && url('/path').getScheme() == ''",
        "url('https://e.com/p?k1=a&k2=b&k2=c').getQuery() == {'k1': ['a'], 'k2': ['b', 'c']}",
        "isURL('https://user:pass@example.com:80/path?query=val') && isURL('/absolute') && !isURL('https://a:b:c/') && !isURL('../relative')",
    ]);
}

#[test]
fn kubernetes_lists_regexes_and_formats() {
    all_true(&[
        "[1, 2, 3].isSorted() && !['b', 'a'].isSorted() && [].isSorted()",
        "[1, 3].sum() == 4 && [1.0, 3.0].sum() == 4.0 && [].sum() == 0",
        "[1, 3].min() == 1 && [1, 3].max() == 3 && ['a', 'b'].max() == 'b'",
        "[1, 2, 2, 3].indexOf(2) == 1 && ['a', 'b', 'b'].lastIndexOf('b') == 2 && [1].indexOf(5) == -1",
        "sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])",
        "'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]+') == ''",
        "'123 abc 456'.findAll('[0-9]+') == ['123', '456'] && '1 2 3'.findAll('[0-9]', 2) == ['1', '2'] && 'x'.findAll('y') == []",
        "'abc'.matches('^a') && matches('abc', 'c$') && !'abc'.matches('^b')",
        "!format.dns1123Label().validate('my-label').hasValue() && format.dns1123Label().validate('Bad_').hasValue()",
        "format.named('uuid').value().validate('nope').hasValue() && !format.named('zip').hasValue()",
        "!format.date().validate('2024-01-31').hasValue() && format.datetime().validate('x').hasValue()",
        "!format.qualifiedName().validate('a.b/c').hasValue() && format.labelValue().validate('-x').hasValue()",
        "[1, 1, 2].distinct() == [1, 2] && [3, 1].sort() == [1, 3] && [1, 2].reverse() == [2, 1] && [[1], [2]].flatten() == [1, 2] && [1, 2, 3].slice(1, 2) == [2] && lists.range(2) == [0, 1]",
    ]);
}

#[test]
fn texts() {
    all_true(&[
        "'hello mellow'.indexOf('ello') == 1 && 'hello mellow'.indexOf('jello') == -1 && 'hello mellow'.indexOf('ello', 2) == 7 && 'hello'.indexOf('') == 0",
        "'hello mellow'.lastIndexOf('ello') == 7 && 'hello mellow'.lastIndexOf('ello', 6) == 1",
        "['hello', 'mellow'].join() == 'hellomellow' && ['a', 'b'].join(' ') == 'a b' && [].join('/') == ''",
        "'hello hello'.replace('he', 'we') == 'wello wello' && 'hello hello'.replace('he', 'we', 1) == 'wello hello' && 'hello hello'.replace('he', 'we', 0) == 'hello hello' && 'ab'.replace('', '_') == '_a_b_'",
        "'a b c'.split(' ') == ['a', 'b', 'c'] && 'a b c'.split(' ', 2) == ['a', 'b c'] && 'a b'.split(' ', 0) == [] && 'ab'.split('') == ['a', 'b']",
        "'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco' && 'hello'.charAt(4) == 'o'",
        "'TacoCat'.lowerAscii() == 'tacocat' && ' a '.trim() == 'a' && 'a'.upperAscii() == 'A' && 'abc'.reverse() == 'cba'",
        "'%s is %d%% of %.2f'.format(['x', 5, 1.5]) == 'x is 5% of 1.50' && '%x %X %o %b'.format([255, 255, 8, 5]) == 'ff FF 10 101'",
        "'%s'.format([['a', 1]]) == '[a, 1]' && '%e'.format([1500.0]) == '1.500000e+03'",
        "'äöü'.size() == 3 && 'abc'.contains('b') && 'abc'.endsWith('c')",
        "string(1) == '1' && int('5') == 5 && double('1.5') == 1.5 && bool('true')",
        "image(item.image).version == '3.1.0' && image(item.image).flavor == 'cuda' && image(item.image).tag == 'v3.1.0-cuda'",
        "parseYaml('a: [1, x]').a[1] == 'x'",
    ]);
}

#[test]
fn what_comes_out_is_json_in_the_order_written() {
    assert_eq!(
        eval("{'z': [1, 2.5, null], 'a': {'x': object.spec.map}}")
            .unwrap()
            .to_string(),
        r#"{"z":[1,2.5,null],"a":{"x":{"k":"v"}}}"#
    );
    assert_eq!(eval("object.spec").unwrap().get("strategy"), None, "hidden null");
    assert!(matches!(eval("quantity('1')"), Err(Fault::Failed(_))));
}

#[test]
fn params_fold() {
    let fold = |source: &str| {
        compile(source)
            .unwrap()
            .fold(&json!({"vendor": "none", "list": [1]}))
    };
    assert_eq!(fold("params.vendor == 'none'"), Some(json!(true)));
    assert_eq!(
        fold("params.vendor != 'none' && object.spec.replicas > 1"),
        Some(json!(false))
    );
    assert_eq!(fold("params.vendor == 'none' && object.spec.replicas > 1"), None);
    assert_eq!(fold("has(params.path)"), Some(json!(false)));
    assert_eq!(fold("known(object.spec)"), None);
    assert_eq!(fold("1 + 1"), Some(json!(2)));
}
