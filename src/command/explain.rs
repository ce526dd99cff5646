//! `fixative explain`: why a policy did or did not apply.

use super::planned::{self, Planned};
use super::{Console, Failure, Status, answer};
use crate::cli::ExplainArgs;
use crate::output::{clean, explain};
use crate::policy::{Door, PolicySet, glob};
use crate::resource::ResourceId;
use crate::stream::{More, ObjectPlan};

pub(super) fn run(args: &ExplainArgs, console: &mut Console) -> Result<Status, Failure> {
    // Whoever asks about an object wants to hear of it, also that no policy can be about it.
    let more = More {
        explanations: true,
        everything: true,
        ..More::default()
    };
    let Planned { set, plan } = planned::plan(&args.input, Door::Render, more, console)?;
    check_policies(&set, &args.policy)?;
    let is_wanted = |object: &&ObjectPlan| {
        args.object.is_empty() || args.object.iter().any(|pattern| names(pattern, &object.id))
    };
    let objects: Vec<&ObjectPlan> = plan.objects().filter(is_wanted).collect();
    if objects.is_empty() && !args.object.is_empty() {
        return Err(Failure::Usage(format!(
            "there is no object {} in the input; write [KIND/]NAME",
            clean(&args.object.join(", "))
        )));
    }
    let wanted = explain::Wanted {
        policies: &args.policy,
        // Who asks for one object or policy wants to hear why it is not about it.
        everything: console.verbose || !args.policy.is_empty() || !args.object.is_empty(),
    };
    answer::write(&explain::objects(&objects, &set, wanted, console.answer_style()))?;
    Ok(Status::Good)
}

fn check_policies(set: &PolicySet, patterns: &[String]) -> Result<(), Failure> {
    let is_there = |pattern: &&String| set.policies.iter().any(|policy| glob(pattern, &policy.name));
    match patterns.iter().find(|pattern| !is_there(pattern)) {
        None => Ok(()),
        Some(missing) => {
            let names: Vec<&str> = set.policies.iter().map(|policy| policy.name.as_str()).collect();
            let names = names.join(", ");
            Err(Failure::Usage(format!(
                "there is no policy {missing}; there are {names}"
            )))
        }
    }
}

/// Whether `[KIND/]NAME` means an object.
fn names(pattern: &str, id: &ResourceId) -> bool {
    let (kind, name) = pattern.split_once('/').unwrap_or(("*", pattern));
    let kind_is = |pattern: &str| glob(&pattern.to_lowercase(), &id.gvk.kind.to_lowercase());
    kind_is(kind) && glob(name, id.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::Gvk;
    use crate::resource::Name;

    #[test]
    fn objects_are_named_by_kind_and_name() {
        let id = ResourceId {
            gvk: Gvk::new("apps/v1", "Deployment"),
            namespace: None,
            name: Name::Given("immich-server".into()),
        };
        for pattern in [
            "immich-server",
            "immich-*",
            "Deployment/immich-server",
            "deployment/*",
            "*",
        ] {
            assert!(names(pattern, &id), "{pattern}");
        }
        for pattern in ["immich", "Pod/immich-server", "Deployment/", "", "*/valkey"] {
            assert!(!names(pattern, &id), "{pattern}");
        }
    }
}
