//! What stays the same while one object is planned.

use super::Pair;
use super::memo::Memo;
use super::scope::SubjectScope;
use super::subject::View;
use crate::attributes::Attributes;
use crate::json::Value;
use crate::policy::PolicySet;
use crate::resource::Origin;
use crate::schema::{self, Type};
use crate::world::World;

/// What stays the same while one object is planned.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) set: &'c PolicySet,
    pub(crate) world: &'c dyn World,
    pub(crate) attrs: &'c Attributes<'c>,
    /// The type of the object.
    pub(crate) ty: Type,
}

impl<'c> Context<'c> {
    pub(crate) fn new(set: &'c PolicySet, world: &'c dyn World, attrs: &'c Attributes<'c>) -> Self {
        Self {
            set,
            world,
            attrs,
            ty: schema::of(&attrs.resource.id.gvk),
        }
    }

    /// The object in the state `value`, as the pack of `pair` sees it.
    pub(crate) fn view<'v>(&'v self, pair: Pair<'_>, value: &'v Value) -> Option<View<'v>>
    where
        'c: 'v,
    {
        let pack = self.set.packs.get(pair.policy.pack)?;
        let hide_null = self.attrs.resource.origin != Origin::Api;
        Some(View::new(
            pack,
            &self.attrs.resource.id.gvk,
            value,
            hide_null,
            self.attrs.allowance,
        ))
    }

    /// What the expressions of `pair` see on the state that `view` shows.
    pub(crate) fn scope<'v>(&self, pair: Pair<'v>, view: View<'v>, memo: &'v Memo) -> SubjectScope<'v>
    where
        'c: 'v,
    {
        SubjectScope::new(view, pair.policy, pair.rule.subject, self.attrs, self.world, memo)
    }
}
