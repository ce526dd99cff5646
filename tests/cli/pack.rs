//! A user's own pack, as small as one can be, and a stream that it has opinions on.

use crate::program::Folder;

const PACK: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Pack
metadata: {name: mine}
spec:
  version: 0.1.0
  components:
    app: {images: [photos]}
";

const LINKS: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: links}
spec:
  title: Pods get no service-link variables
  description: |
    A Service named photos would set PHOTOS_PORT to tcp://….
  severity: high
  action: Deny
  match: {components: [app]}
  rules:
    - name: disable
      merge: {spec: {enableServiceLinks: false}}
";

const TAGGED: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: tagged}
spec:
  title: Images are pinned
  severity: high
  action: Deny
  match: {components: [app]}
  rules:
    - name: tag
      at: containers[app]
      assert: \"image(item.image).tag != ''\"
      message: the image of $(item.name) has no tag
";

const SECRET: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: secret}
spec:
  title: No password in a manifest
  severity: medium
  action: Warn
  sensitive: true
  match: {components: [app]}
  rules:
    - name: literal
      at: containers[app].env[*]
      where: item.name == 'PASSWORD'
      assert: \"!has(item.value)\"
      message: $(item.name) stands in the manifest
";

/// A Pod that the policies change, another object, and a comment.
pub const STREAM: &str = "\
---
# Source: photos/templates/pod.yaml
apiVersion: v1
kind: Pod
metadata:
  name: photos   # the one
spec:
  containers:
  - name: main
    image: example.com/photos:v1
---
# Source: photos/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: photos}
spec: {ports: [{port: 80}]}
";

/// A folder with the pack in `pack/`.
pub fn folder() -> Folder {
    Folder::new()
        .with("pack/pack.yaml", PACK)
        .with("pack/links.yaml", LINKS)
        .with("pack/tagged.yaml", TAGGED)
        .with("pack/secret.yaml", SECRET)
}

/// The stream without the tag that a policy wants.
pub fn denied() -> String {
    STREAM.replace("photos:v1", "photos")
}
