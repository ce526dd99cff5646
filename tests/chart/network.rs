//! What the network policy lets in and out.

use serde_json::json;

use crate::chart::{EVERYTHING, NO_API, object, objects};

#[test]
fn two_ports_in_and_the_api_server_out() {
    let objects = objects("");
    let policy = &object(&objects, "NetworkPolicy", "fixative")["spec"];
    let deployment = object(&objects, "Deployment", "fixative");
    assert_eq!(policy["podSelector"], deployment["spec"]["selector"]);
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    let expected = json!([
        {"ports": [{"port": 8443, "protocol": "TCP"}]},
        {"ports": [{"port": 8080, "protocol": "TCP"}]},
    ]);
    assert_eq!(policy["ingress"], expected);
    let expected = json!([{"ports": [{"port": 443, "protocol": "TCP"}, {"port": 6443, "protocol": "TCP"}]}]);
    assert_eq!(policy["egress"], expected);
}

#[test]
fn addresses_that_are_known_narrow_it() {
    let objects = objects(EVERYTHING);
    let policy = &object(&objects, "NetworkPolicy", "fixative")["spec"];
    let api_server = json!([{"ipBlock": {"cidr": "10.0.0.1/32"}}]);
    let monitoring =
        json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]);
    let expected = json!([
        {"ports": [{"port": 10250, "protocol": "TCP"}], "from": api_server},
        {"ports": [{"port": 9090, "protocol": "TCP"}], "from": monitoring},
    ]);
    assert_eq!(policy["ingress"], expected);
    let expected = json!([{"ports": [{"port": 6443, "protocol": "TCP"}], "to": api_server}]);
    assert_eq!(policy["egress"], expected);
}

#[test]
fn who_asks_nothing_gets_nowhere() {
    let objects = objects(NO_API);
    let policy = &object(&objects, "NetworkPolicy", "fixative")["spec"];
    assert_eq!(policy["egress"], json!([]));
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
}
