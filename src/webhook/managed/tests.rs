use super::*;

const DAY: Duration = Duration::from_secs(86_400);

fn names() -> Vec<String> {
    vec!["fixative.fixative.svc".to_owned()]
}

fn is_trusted(held: &Held) -> bool {
    CertificateDer::pem_slice_iter(held.bundle.as_bytes())
        .filter_map(Result::ok)
        .any(|ca| is_signed_by(&held.leaf.certificate, &ca))
}

/// Every state that the Secret goes through in `days`, looked at every hour.
fn states(mut held: Held, start: SystemTime, days: u32) -> Vec<(SystemTime, Held)> {
    let mut all = vec![(start, held.clone())];
    for hour in 1..=days * 24 {
        let now = start + DAY / 24 * hour;
        while let Some(next) = renewed(Some(&held), &names(), now).unwrap() {
            assert_ne!(next, held);
            held = next;
            all.push((now, held.clone()));
        }
    }
    all
}

#[test]
fn a_fresh_secret_is_good() {
    let now = SystemTime::now();
    let held = renewed(None, &names(), now).unwrap().unwrap();
    assert!(is_trusted(&held));
    assert!(has_names(&held.leaf.certificate, &names()));
    assert_eq!(renewed(Some(&held), &names(), now).unwrap(), None);
}

#[test]
fn a_leaf_is_renewed_in_time_and_every_leaf_is_trusted_by_what_was_announced_before() {
    let start = SystemTime::now();
    let held = fresh(&names(), start).unwrap();
    let all = states(held, start, 300);
    for pair in all.windows(2) {
        let [(_, before), (now, after)] = pair else {
            continue;
        };
        assert!(is_trusted(after));
        // The bundle of the state before is what API servers know when the new leaf is served.
        let known = Held {
            leaf: after.leaf.clone(),
            ..before.clone()
        };
        assert!(is_trusted(&known), "a leaf of a CA that nobody was told of");
        let leaf = Pair::from_pem(after.leaf.certificate.as_bytes(), after.leaf.key.as_bytes()).unwrap();
        let end = UNIX_EPOCH + Duration::from_secs(u64::try_from(leaf.expiry).unwrap());
        assert!(end > *now + DAY, "served up to its end");
    }
    let cas = |held: &Held| held.bundle.matches("BEGIN CERTIFICATE").count();
    assert!(
        all.iter().any(|(_, held)| cas(held) == 2),
        "the CA was changed with an overlap"
    );
    assert_eq!(cas(&all.last().unwrap().1), 1, "and the old one went");
}

#[test]
fn what_is_broken_or_of_another_name_is_made_anew() {
    let now = SystemTime::now();
    let good = fresh(&names(), now).unwrap();
    let other = fresh(&names(), now).unwrap();
    let broken = [
        Held {
            bundle: "no PEM".into(),
            ..good.clone()
        },
        Held {
            leaf: Issued {
                key: other.leaf.key,
                ..good.leaf.clone()
            },
            ..good.clone()
        },
    ];
    for held in broken {
        let next = renewed(Some(&held), &names(), now).unwrap().unwrap();
        assert!(is_trusted(&next));
        Pair::from_pem(next.leaf.certificate.as_bytes(), next.leaf.key.as_bytes()).unwrap();
    }
    let renamed = vec!["other.fixative.svc".to_owned()];
    let next = renewed(Some(&good), &renamed, now).unwrap().unwrap();
    assert!(has_names(&next.leaf.certificate, &renamed) && is_trusted(&next));
    assert_eq!(next.bundle, good.bundle, "the CA stays");
}

#[tokio::test]
async fn a_secret_that_is_there_keeps_what_the_program_does_not_hold() {
    let config = ::kube::Config::new("http://127.0.0.1:1".parse().unwrap());
    let managed = Managed {
        client: Client::try_from(config).unwrap(),
        namespace: "fixative".to_owned(),
        secret: "fixative-tls".to_owned(),
        names: names(),
        configurations: None,
    };
    let held = fresh(&names(), SystemTime::now()).unwrap();
    let made = managed.written(&held, None);
    assert_eq!(made.type_.as_deref(), Some("kubernetes.io/tls"));
    // As the chart makes it: nothing can be read from it, and its type cannot be changed.
    let helms: Secret = serde_json::from_value(serde_json::json!({
        "metadata": {
            "name": "fixative-tls",
            "resourceVersion": "7",
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"meta.helm.sh/release-name": "fixative"},
        },
        "type": "Opaque",
    }))
    .unwrap();
    assert_eq!(read(&helms), None);
    let filled = managed.written(&held, Some(helms.clone()));
    assert_eq!(filled.type_, helms.type_);
    assert_eq!(filled.metadata.labels, helms.metadata.labels);
    assert_eq!(filled.metadata.resource_version, helms.metadata.resource_version);
    assert_eq!(
        filled.annotations().get("meta.helm.sh/release-name").unwrap(),
        "fixative"
    );
    for secret in [made, filled] {
        let again = read(&secret).unwrap();
        assert_eq!(
            (again.bundle, again.leaf),
            (held.bundle.clone(), held.leaf.clone())
        );
    }
}
