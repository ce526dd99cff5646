//! What a compiled expression is made of: names resolved, macros and functions expanded.

use std::sync::Arc;

use super::library::Native;

/// A slot of the frame that holds a variable; every variable of a program has its own.
pub(super) type Slot = usize;

/// A compiled expression.
#[derive(Debug)]
pub(super) enum Ir {
    Literal(Literal),
    /// A variable of a macro or an argument of a function.
    Local(Slot),
    /// A name of the scope, by its position in [`Compiled::names`].
    Name(usize),
    Select(Box<Ir>, Arc<str>),
    Has(Box<Ir>, Arc<str>),
    OptionalSelect(Box<Ir>, Arc<str>),
    Index(Box<Ir>, Box<Ir>),
    OptionalIndex(Box<Ir>, Box<Ir>),
    And(Box<Ir>, Box<Ir>),
    Or(Box<Ir>, Box<Ir>),
    Not(Box<Ir>),
    Negate(Box<Ir>),
    Conditional(Box<Ir>, Box<Ir>, Box<Ir>),
    Binary(Operator, Box<Ir>, Box<Ir>),
    /// Elements; a marked one is an optional that may add nothing.
    List(Vec<(Ir, bool)>),
    /// Entries; a marked one is an optional that may add nothing.
    Map(Vec<(Ir, Ir, bool)>),
    /// The second expression sees the first, which is evaluated when first asked for, at most once.
    Bind(Slot, Box<Ir>, Box<Ir>),
    Loop(Box<Loop>),
    Call(Native, &'static str, Vec<Ir>),
    /// A call that the scope answers.
    Host(&'static str, Vec<Ir>),
    /// `optional.orValue(value)`: the value is evaluated only if needed.
    OrValue(Box<Ir>, Box<Ir>),
    /// `optional.or(optional)`.
    OrOptional(Box<Ir>, Box<Ir>),
    /// `optional.optMap(x, value)`; marked: `optFlatMap`.
    OptionalMap(Slot, Box<Ir>, Box<Ir>, bool),
    Known(Box<Ir>),
    Unknown(Box<Ir>),
}

/// A literal of the text.
#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Box<str>),
    Bytes(Box<[u8]>),
    Type(&'static str),
}

/// A strict operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// A macro that walks over a list or a map.
#[derive(Debug)]
pub(super) struct Loop {
    pub kind: LoopKind,
    pub range: Ir,
    /// The item of a list or the key of a map; with `second`: the position or the key.
    pub first: Slot,
    /// The item or the value, in the forms with two variables.
    pub second: Option<Slot>,
    /// What must hold of an item; `None` where every item counts.
    pub guard: Option<Ir>,
    /// What becomes of an item, where something does.
    pub yields: Option<Ir>,
}

/// What a [`Loop`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    /// `map`, `filter`, `transformList`.
    List,
    /// `transformMap`: the old keys with new values.
    Map,
    /// `transformMapEntry`: entries of their own.
    Entries,
}

/// A compiled program.
#[derive(Debug)]
pub(super) struct Compiled {
    pub root: Ir,
    /// The names of the scope that it asks for.
    pub names: Vec<String>,
    /// How many slots its frame has.
    pub slots: usize,
}
