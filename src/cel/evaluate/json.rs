//! Results as JSON.

use compact_str::ToCompactString as _;

use crate::cel::Fault;
use crate::cel::budget::Budget;
use crate::cel::library;
use crate::cel::value::{Cel, check_depth};
use crate::json::{Number, Value};

/// The value as JSON; a whole double is a whole number there, as Go writes it.
pub(in crate::cel) fn to_json(value: &Cel<'_>, budget: &mut Budget) -> Result<Value, Fault> {
    convert(value, 0, budget)
}

fn convert(value: &Cel<'_>, depth: usize, budget: &mut Budget) -> Result<Value, Fault> {
    check_depth(depth)?;
    budget.element()?;
    Ok(match value {
        Cel::Null => Value::Null,
        Cel::Bool(truth) => Value::Bool(*truth),
        Cel::Int(int) => Value::from(*int),
        Cel::Uint(uint) => Value::from(*uint),
        Cel::Double(double) => number(*double)?,
        Cel::String(text) => {
            budget.bytes(text.len())?;
            Value::from(&**text)
        }
        Cel::List(list) => {
            list.complete()?;
            let mut items = Vec::with_capacity(list.known_len());
            for item in list.iter() {
                items.push(convert(&item, depth + 1, budget)?);
            }
            Value::Array(items.into())
        }
        Cel::Map(map) => {
            let mut fields = crate::json::Map::new();
            for key in map.keys()? {
                if let Some(value) = map.find(&key, budget)? {
                    fields.insert(key.to_compact_string(), convert(&value, depth + 1, budget)?);
                }
            }
            Value::Object(fields)
        }
        Cel::Bytes(_) | Cel::Duration(_) | Cel::Timestamp(_) => match library::as_text(value) {
            Some(text) => Value::from(text),
            None => return Err(no_json(value)),
        },
        Cel::Optional(_) => {
            return Err(Fault::Failed(
                "the result is an optional: end the expression with .orValue(…)".into(),
            ));
        }
        Cel::Type(_) | Cel::Opaque(_) => return Err(no_json(value)),
    })
}

fn number(double: f64) -> Result<Value, Fault> {
    if double.fract() == 0.0 && double.abs() < 9_007_199_254_740_992.0 {
        return Ok(Value::from(double as i64));
    }
    let number = Number::from_f64(double).map(Value::Number);
    number.ok_or_else(|| Fault::Failed("the result is not a number that JSON has".into()))
}

fn no_json(value: &Cel<'_>) -> Fault {
    Fault::Failed(format!("a {} cannot be the result", value.type_name()))
}
