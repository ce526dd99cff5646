//! `charts/fixative` in a cluster: installed, upgraded, rolled back and uninstalled by both Helms. Its Pods are run
//! as a kubelet would, with the rights that the chart gives them and with certificates of their own making.

use serde_json::{Value, json};

use crate::installation::{CONFIGURATIONS, LINKS, PATIENCE, Release, until};
use crate::objects::{deployment, linked_pod};
use crate::process::wait;

#[test]
fn helm_3_installs_upgrades_rolls_back_and_uninstalls() {
    life("helm3");
}

#[test]
fn helm_4_installs_upgrades_rolls_back_and_uninstalls() {
    life("helm4");
}

fn life(program: &'static str) {
    let release = Release::new(program, program);
    let photos = &release.photos;
    let named = |name: &str| deployment(name, linked_pod());

    release.apply("install", &json!({}));
    let (service, mut running) = release.run();
    photos.create(&named("installed")).has(LINKS, &json!(false));

    let installed = release.digests();
    assert_eq!(
        release.drifts(),
        [] as [&str; 0],
        "the chart has the shipped policies"
    );
    release.test();

    // New values are mounted into the running Pods; nothing restarts.
    let off = json!({"config": {"policies": {"service-links": {"enabled": false}}}});
    release.apply("upgrade", &off);
    running.iter_mut().for_each(|pod| pod.sync(&release.api));
    until(photos, true);
    // Other policies, another digest: that is how a drift between doors is seen.
    wait(PATIENCE * 2, "another digest", || {
        (release.digests() != installed).then_some(())
    });
    assert_eq!(release.drifts(), CONFIGURATIONS);
    assert_eq!(release.pods().len(), 2);
    assert_eq!(release.api.list("apps/v1", "ReplicaSet").len(), 1);

    release.helm.run(&["rollback", &release.name, "1"]);
    running.iter_mut().for_each(|pod| pod.sync(&release.api));
    until(photos, false);

    // The worst case for a removal: a webhook without which nothing goes.
    let fail =
        json!({"webhook": {"mutate": {"failurePolicy": "Fail"}, "validate": {"failurePolicy": "Fail"}}});
    release.apply("upgrade", &fail);
    running.iter_mut().for_each(|pod| pod.sync(&release.api));
    photos.create(&named("failing-closed")).has(LINKS, &json!(false));
    for pod in &running {
        assert!(
            !pod.said().contains("orbidden"),
            "a right is missing:\n{}",
            pod.said()
        );
    }
    release.helm.run(&["uninstall", &release.name]);
    drop((service, running));
    for kind in CONFIGURATIONS {
        assert_eq!(
            release.api.get(&release.configuration(kind)).status,
            404,
            "{kind} is left"
        );
    }
    until(photos, true);
    photos.create(&named("uninstalled")).has(LINKS, &json!(true));
    let secrets = release.api.list("v1", "Secret");
    let left: Vec<&Value> = secrets.iter().map(|secret| &secret["metadata"]["name"]).collect();
    assert!(left.is_empty(), "Secrets are left: {left:?}");
}
