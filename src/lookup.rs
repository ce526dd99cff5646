//! Fields of objects, found fast.

use crate::json::Value;

/// Maps of so many keys are looked through: comparing some keys is faster than hashing one, and most of Kubernetes'
/// maps are that small.
const FEW: usize = 12;

/// The field of a map.
pub(crate) fn field<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let map = object.as_object()?;
    if map.len() > FEW {
        return map.get(name);
    }
    map.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_maps_are_found_in_alike() {
        for size in [0, 1, FEW, FEW + 1, 100] {
            let object: Value = (0..size).map(|number| (number.to_string(), number)).collect();
            assert_eq!(field(&object, "0"), object.get("0"), "{size}");
            assert_eq!(field(&object, "99"), object.get("99"), "{size}");
            assert_eq!(field(&object, "x"), None);
        }
        assert_eq!(field(&Value::Null, "x"), None);
    }
}
