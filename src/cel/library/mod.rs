//! What an expression may call beside operators and macros: CEL's standard functions, its strings, lists,
//! sets, math and encoders extensions as Kubernetes has them, and Kubernetes' own library.
//!
//! Source: <https://kubernetes.io/docs/reference/using-api/cel/> and `k8s.io/apiserver/pkg/cel/library`.

mod convert;
mod format;
mod kubernetes;
mod lists;
mod math;
mod names;
mod network;
mod numbers;
mod optionals;
mod regexes;
mod strings;
mod time;
mod versions;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Fault;
use super::budget::Budget;
use super::value::Cel;

pub(super) use convert::as_text;

/// A function; it gets its receiver as the first argument.
pub(super) type Native = for<'a> fn(&mut Budget, &[Cel<'a>]) -> Result<Cel<'a>, Fault>;

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `f(x)`
    Global,
    /// `x.f()`
    Method,
}

/// One function with one number of arguments (of a method without its receiver).
pub(super) struct Entry {
    name: &'static str,
    style: Style,
    args: usize,
    native: Native,
}

/// A value of a type that only the library knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Opaque {
    Quantity(crate::kube::Quantity),
    Semver(semver::Version),
    Ip(std::net::IpAddr),
    Cidr(ipnet::IpNet),
    /// The URL, and whether a path was written: crate `http` makes an empty one `/`, Go does not.
    Url(http::Uri, bool),
    Format(names::Format),
}

impl Opaque {
    pub fn type_name(&self) -> &'static str {
        match self {
            Opaque::Quantity(_) => "kubernetes.Quantity",
            Opaque::Semver(_) => "kubernetes.Semver",
            Opaque::Ip(_) => "net.IP",
            Opaque::Cidr(_) => "net.CIDR",
            Opaque::Url(..) => "kubernetes.URL",
            Opaque::Format(_) => "kubernetes.NamedFormat",
        }
    }
}

/// `f(x)` with this many arguments.
const fn global(name: &'static str, args: usize, native: Native) -> Entry {
    Entry {
        name,
        style: Style::Global,
        args,
        native,
    }
}

/// `x.f(…)` with this many arguments beside `x`.
const fn method(name: &'static str, args: usize, native: Native) -> Entry {
    Entry {
        name,
        style: Style::Method,
        args,
        native,
    }
}

const ALL: [&[Entry]; 13] = [
    convert::FUNCTIONS,
    format::FUNCTIONS,
    kubernetes::FUNCTIONS,
    lists::FUNCTIONS,
    math::FUNCTIONS,
    names::FUNCTIONS,
    network::FUNCTIONS,
    numbers::FUNCTIONS,
    optionals::FUNCTIONS,
    regexes::FUNCTIONS,
    strings::FUNCTIONS,
    time::FUNCTIONS,
    versions::FUNCTIONS,
];

/// What there is under a name: other styles, other numbers of arguments.
static INDEX: LazyLock<HashMap<&'static str, Vec<&'static Entry>>> = LazyLock::new(|| {
    let mut index: HashMap<&str, Vec<&Entry>> = HashMap::new();
    for entry in ALL.iter().copied().flatten() {
        index.entry(entry.name).or_default().push(entry);
    }
    index
});

/// The function; on failure whether the name is known at all.
pub(super) fn find(name: &str, style: Style, args: usize) -> Result<(Native, &'static str), bool> {
    let entries = INDEX.get(name).ok_or(false)?;
    let entry = entries
        .iter()
        .find(|entry| entry.style == style && entry.args == args);
    entry.map(|entry| (entry.native, entry.name)).ok_or(true)
}

/// Whether a function of that name is called without a receiver.
pub(super) fn is_global(name: &str) -> bool {
    let is_known = |entries: &Vec<&Entry>| entries.iter().any(|entry| entry.style == Style::Global);
    matches!(name, "known" | "unknown" | "has") || INDEX.get(name).is_some_and(is_known)
}

/// Whether that is a function with a name of two parts: `sets.contains`.
pub(super) fn is_qualified(name: &str) -> bool {
    name.contains('.') && is_global(name)
}

/// Every name.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let macros = [
        "has",
        "all",
        "exists",
        "exists_one",
        "map",
        "filter",
        "known",
        "unknown",
        "orValue",
        "optMap",
    ];
    ALL.iter()
        .copied()
        .flatten()
        .map(|entry| entry.name)
        .chain(macros)
}

/// The types that an expression can name.
pub(super) fn type_name(name: &str) -> Option<&'static str> {
    const TYPES: [&str; 13] = [
        "bool",
        "int",
        "uint",
        "double",
        "string",
        "bytes",
        "list",
        "map",
        "null_type",
        "type",
        "optional_type",
        "google.protobuf.Duration",
        "google.protobuf.Timestamp",
    ];
    TYPES.into_iter().find(|known| *known == name)
}

/// A pattern, compiled or remembered.
pub(super) fn compile_pattern(pattern: &str) -> Option<std::sync::Arc<regex::Regex>> {
    regexes::compile(pattern, &mut Budget::within(None)).ok()
}

/// A call with types that the function does not take; values are never shown.
fn mismatch(args: &[Cel<'_>]) -> Fault {
    let types: Vec<&str> = args.iter().map(Cel::type_name).collect();
    Fault::Failed(format!("it does not take ({})", types.join(", ")))
}

fn failed(why: impl Into<String>) -> Fault {
    Fault::Failed(why.into())
}

fn opaque<'a>(value: Opaque) -> Cel<'a> {
    Cel::Opaque(std::rc::Rc::new(value))
}
