//! `fixative diff`.

pub(super) const HELP: &str = "\
A unified diff, as patch(1) takes it. What no policy may show is left out of it: such lines are `…`.

Examples:
  fixative diff release.yaml
  fixative diff manifests/ > fixative.patch && patch -p0 < fixative.patch
  helm template immich ./immich | fixative diff --namespace photos
  FIXATIVE_DIFF=meld fixative diff manifests/     two folders for a tool, with what differs

Exit status:
  0  render would change nothing
  1  it would
  2  it could not be answered: usage, policy, configuration, input, a policy that failed, $FIXATIVE_DIFF";
