//! Writes `src/schema/table.rs` from Kubernetes' OpenAPI documents.
//!
//! ```text
//! cargo run --example generate-schema -- FOLDER > src/schema/table.rs
//! ```
//!
//! FOLDER is `api/openapi-spec/v3` of the Go module `k8s.io/kubernetes`; `make generate` downloads the pinned
//! version and runs this. `tools/overlay.json` adds what Kubernetes itself does not know.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

const OVERLAY: &str = include_str!("overlay.json");
const REFERENCE: &str = "#/components/schemas/";
/// Roots that code names.
const NAMED: [(&str, &str); 1] = [("POD_TEMPLATE", "io.k8s.api.core.v1.PodTemplateSpec")];

fn main() {
    let folder = std::env::args().nth(1).expect("the folder api/openapi-spec/v3");
    print!("{}", generate(Path::new(&folder)));
}

/// The whole file.
pub(crate) fn generate(folder: &Path) -> String {
    let schemas = read(folder);
    let mut table = Table {
        schemas: &schemas,
        shapes: vec!["Unknown".into()],
        by_name: BTreeMap::new(),
        by_shape: BTreeMap::new(),
    };
    table.by_shape.insert("Unknown".into(), 0);
    let mut kinds: Vec<(String, String, String, usize)> = Vec::new();
    for (name, schema) in &schemas {
        for gvk in schema["x-kubernetes-group-version-kind"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = |key: &str| gvk[key].as_str().unwrap_or_default().to_owned();
            // A top-level kind has metadata; options of requests have none, and lists are looked into.
            if schema["properties"].get("metadata").is_some() && !text("kind").ends_with("List") {
                let id = table.named(name);
                kinds.push((text("group"), text("kind"), text("version"), id));
            }
        }
    }
    kinds.sort();
    kinds.dedup();
    let named: Vec<(&str, usize)> = NAMED
        .iter()
        .map(|(constant, name)| (*constant, table.named(name)))
        .collect();
    write_out(version(folder), &table.shapes, &kinds, &named)
}

/// The version of Kubernetes, as Go names the module's folder: `k8s.io/kubernetes@v1.36.3`.
fn version(folder: &Path) -> &str {
    folder
        .iter()
        .filter_map(|part| part.to_str()?.strip_prefix("kubernetes@"))
        .next_back()
        .unwrap_or("(unknown)")
}

fn read(folder: &Path) -> BTreeMap<String, Value> {
    let mut schemas = BTreeMap::new();
    let mut add = |text: &str| {
        let document: Value = serde_json::from_str(text).expect("an OpenAPI document is JSON");
        for (name, schema) in document["components"]["schemas"]
            .as_object()
            .into_iter()
            .flatten()
        {
            schemas.insert(name.clone(), schema.clone());
        }
    };
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
    {
        add(&fs::read_to_string(file).expect("an OpenAPI document can be read"));
    }
    add(OVERLAY);
    schemas
}

/// Types under construction; equal ones are one.
struct Table<'s> {
    schemas: &'s BTreeMap<String, Value>,
    shapes: Vec<String>,
    by_name: BTreeMap<String, usize>,
    by_shape: BTreeMap<String, usize>,
}

impl Table<'_> {
    fn named(&mut self, name: &str) -> usize {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let Some(schema) = self.schemas.get(name) else {
            panic!("no schema {name}")
        };
        // Recursive types need their number before their shape is known.
        let is_object = schema.get("properties").is_some();
        if !is_object {
            let id = self.of(schema);
            self.by_name.insert(name.to_owned(), id);
            return id;
        }
        let id = self.shapes.len();
        self.shapes.push(String::new());
        self.by_name.insert(name.to_owned(), id);
        self.shapes[id] = self.object(schema);
        id
    }

    fn of(&mut self, schema: &Value) -> usize {
        let reference = schema["$ref"]
            .as_str()
            .or_else(|| schema["allOf"][0]["$ref"].as_str());
        if let Some(name) = reference.and_then(|reference| reference.strip_prefix(REFERENCE)) {
            return self.named(name);
        }
        let shape = match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("object"), _) if schema.get("properties").is_some() => self.object(schema),
            (Some("object"), _) if schema.get("additionalProperties").is_some() => {
                format!("Map({})", self.of(&schema["additionalProperties"]))
            }
            (Some("array"), _) => self.list(schema),
            (Some("string"), Some("byte")) => "Bytes".into(),
            (Some("string"), Some("date-time")) => "String".into(),
            (Some("string"), _) => "String".into(),
            (Some("integer"), _) => "Integer".into(),
            (Some("number"), _) => "Number".into(),
            (Some("boolean"), _) => "Boolean".into(),
            (None, Some("int-or-string")) => "IntOrString".into(),
            // Quantity is the only other type that is written both ways.
            (None, None) if schema["oneOf"].as_array().is_some_and(|kinds| kinds.len() == 2) => {
                "Quantity".into()
            }
            _ => "Unknown".into(),
        };
        self.intern(shape)
    }

    fn intern(&mut self, shape: String) -> usize {
        if let Some(id) = self.by_shape.get(&shape) {
            return *id;
        }
        self.shapes.push(shape.clone());
        self.by_shape.insert(shape, self.shapes.len() - 1);
        self.shapes.len() - 1
    }

    fn object(&mut self, schema: &Value) -> String {
        let properties = schema["properties"]
            .as_object()
            .expect("an object has properties");
        let mut fields: Vec<(&String, usize)> = Vec::new();
        for (name, property) in properties {
            // Nobody writes these; without them the table is half as large.
            let is_written = !matches!(name.as_str(), "status" | "managedFields");
            let id = if is_written { self.of(property) } else { 0 };
            fields.push((name, id));
        }
        fields.sort();
        let is_open = schema["x-kubernetes-preserve-unknown-fields"].as_bool() == Some(true);
        let mut out = String::from(if is_open { "Open(&[" } else { "Object(&[" });
        for (name, id) in fields {
            write!(out, "({name:?},{id}),").unwrap();
        }
        out + "])"
    }

    fn list(&mut self, schema: &Value) -> String {
        let items = self.of(&schema["items"]);
        let keys: Vec<&str> = match schema["x-kubernetes-list-map-keys"].as_array() {
            Some(keys) => keys.iter().filter_map(Value::as_str).collect(),
            None => schema["x-kubernetes-patch-merge-key"]
                .as_str()
                .into_iter()
                .collect(),
        };
        let merges = schema["x-kubernetes-patch-strategy"]
            .as_str()
            .is_some_and(|strategy| strategy.contains("merge"));
        match (schema["x-kubernetes-list-type"].as_str(), keys.as_slice()) {
            (Some("atomic"), _) if !merges => format!("Atomic({items})"),
            (Some("set"), _) => format!("Set({items})"),
            (_, []) if merges => format!("Set({items})"),
            (_, []) => format!("Atomic({items})"),
            (_, keys) => {
                let defaults: Vec<String> = keys
                    .iter()
                    .map(|key| self.default(&schema["items"], key))
                    .collect();
                format!("Keyed({items},&{keys:?},&[{}])", defaults.join(","))
            }
        }
    }

    /// The default of a key that an item may leave out.
    fn default(&self, items: &Value, key: &str) -> String {
        let reference = items["$ref"]
            .as_str()
            .or_else(|| items["allOf"][0]["$ref"].as_str());
        let name = reference
            .and_then(|reference| reference.strip_prefix(REFERENCE))
            .unwrap_or_default();
        let item = self.schemas.get(name).unwrap_or(items);
        match item["properties"][key]["default"].as_str() {
            Some(default) if !default.is_empty() => format!("Some({default:?})"),
            _ => "None".into(),
        }
    }
}

fn write_out(
    version: &str,
    shapes: &[String],
    kinds: &[(String, String, String, usize)],
    named: &[(&str, usize)],
) -> String {
    let mut out = format!(
        "// Generated by tools/generate_schema.rs out of the OpenAPI documents of Kubernetes {version}.\n\
         // `make generate` makes it anew; the version stands in the Makefile.\n\
         #![cfg_attr(rustfmt, rustfmt_skip)]\n\n\
         use super::types::Shape::{{self, *}};\n\n",
    );
    for (constant, id) in named {
        writeln!(out, "pub(super) const {constant}: u32 = {id};").unwrap();
    }
    out.push_str("\n/// Group, kind, version, type; sorted.\npub(super) static KINDS: &[(&str, &str, &str, u32)] = &[\n");
    for (group, kind, version, id) in kinds {
        writeln!(out, "({group:?},{kind:?},{version:?},{id}),").unwrap();
    }
    out.push_str("];\n\npub(super) static SHAPES: &[Shape] = &[\n");
    for (id, shape) in shapes.iter().enumerate() {
        writeln!(out, "/*{id}*/ {shape},").unwrap();
    }
    out + "];\n"
}
