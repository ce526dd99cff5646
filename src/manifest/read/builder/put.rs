//! Where a complete node belongs: a key, a value, an item or the root.

use super::{
    Builder, Complete, Content, Diagnostic, Entry, Item, Key, Node, NodeId, Shape, merge_into, position,
};

impl Builder<'_> {
    /// Puts a complete node where it belongs: a key, a value, an item or the root.
    pub(super) fn put(&mut self, complete: Complete) -> Result<(), Diagnostic> {
        let Some(open) = self.open.last_mut() else {
            self.root = complete.value;
            return Ok(());
        };
        open.height = open.height.max(complete.height + 1);
        match &open.content {
            Content::List(_) => self.put_item(complete),
            Content::Map { key: None, .. } => self.put_key(complete),
            Content::Map { .. } => self.put_value(complete),
        }
    }

    pub(super) fn put_item(&mut self, complete: Complete) -> Result<(), Diagnostic> {
        let Some(list) = self.open.last().map(|open| open.node) else {
            return Ok(());
        };
        let own = self.layout.node(complete.node).map_or(0, Node::start);
        let start = self.dash().map_or(own, |dash| self.base + dash);
        if let Some(Shape::List { items, .. }) = self.node_mut(list).map(|node| &mut node.shape) {
            items.push(Item {
                start,
                value: complete.node,
            });
        }
        if let Some(Content::List(items)) = self.open.last_mut().map(|open| &mut open.content) {
            items.push(complete.value);
        }
        Ok(())
    }

    pub(super) fn put_key(&mut self, complete: Complete) -> Result<(), Diagnostic> {
        let own = self.layout.node(complete.node).map_or(self.base, Node::start);
        let Some(name) = complete.key else {
            let span = self
                .layout
                .node(complete.node)
                .map(|node| node.span)
                .unwrap_or_default();
            return Err(
                Diagnostic::new("yaml-value", self.source, span, "null cannot be a key")
                    .help("quote the key"),
            );
        };
        let start = position::question_mark(self.text, own - self.base).map_or(own, |at| self.base + at);
        if let Some(Content::Map { key, .. }) = self.open.last_mut().map(|open| &mut open.content) {
            *key = Some(Key {
                name,
                node: complete.node,
                start,
                merge: complete.is_merge,
            });
        }
        Ok(())
    }

    pub(super) fn put_value(&mut self, complete: Complete) -> Result<(), Diagnostic> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        let map = open.node;
        let Content::Map {
            entries,
            key,
            is_merged,
        } = &mut open.content
        else {
            return Ok(());
        };
        let Some(Key {
            name,
            node,
            start,
            merge,
        }) = key.take()
        else {
            return Ok(());
        };
        let mut is_twice = false;
        let was_merged = *is_merged;
        let merged = if merge {
            *is_merged = true;
            merge_into(entries, complete.value)
        } else {
            is_twice = entries.insert(name.as_str().into(), complete.value).is_some();
            Ok(())
        };
        let key_span = self.layout.node(node).map(|node| node.span).unwrap_or_default();
        if merged.is_err() {
            let span = self
                .layout
                .node(complete.node)
                .map(|node| node.span)
                .unwrap_or_default();
            let wrong = "a merge key takes a map, or a list of maps";
            return Err(
                Diagnostic::new("yaml-value", self.source, span, wrong).help("quote `<<` if it is a key")
            );
        }
        // A key that only a merge brought is not written twice.
        if is_twice && (!was_merged || self.has_entry(map, &name)) {
            let note = format!("the key {name:?} is there twice; the last one counts");
            self.notes
                .push(Diagnostic::new("duplicate-key", self.source, key_span, note).label("this one counts"));
        }
        let entry = Entry {
            name,
            start,
            key: node,
            value: complete.node,
            merge,
        };
        if let Some(Shape::Map { entries, .. }) = self.node_mut(map).map(|node| &mut node.shape) {
            entries.push(entry);
        }
        Ok(())
    }

    pub(super) fn has_entry(&self, map: NodeId, name: &str) -> bool {
        self.layout.entry(map, name).is_some()
    }
}
