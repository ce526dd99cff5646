//! Resource quantities, as k8s.io/apimachinery's `resource.Quantity` reads and compares them.

/// A quantity by its value: `1`, `1000m`, `1e0` and `1.0` are equal. Exact to 10⁻⁹, as in Kubernetes, where
/// anything finer is rounded away from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quantity {
    nano: i128,
}

/// Digits that Go's fast path keeps as they are; a longer number is capped at 2⁶³-1.
const FAST_DIGITS: usize = 18;
const NANO: i128 = 1_000_000_000;

/// What a suffix multiplies by.
enum Scale {
    Ten(i32),
    Two(u32),
}

impl Quantity {
    /// Reads `100m`, `1.5Gi`, `2e3`, `-1`; `None` for anything that Kubernetes refuses.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let (whole, rest) = digits(rest);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => digits(rest),
            None => ("", rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let scale = scale(suffix)?;
        let whole = whole.trim_start_matches('0');
        let magnitude = magnitude(whole, fraction, &scale);
        let fast = match scale {
            Scale::Ten(_) => whole.len().max(1) + fraction.len() <= FAST_DIGITS,
            Scale::Two(_) => fraction.is_empty() && magnitude <= i128::from(i64::MAX) * NANO,
        };
        let capped = if fast {
            magnitude
        } else {
            magnitude.min(i128::from(i64::MAX) * NANO)
        };
        Some(Self {
            nano: if negative { -capped } else { capped },
        })
    }

    /// A whole number.
    pub fn from_integer(value: i64) -> Self {
        Self {
            nano: i128::from(value) * NANO,
        }
    }

    /// The value in billionths.
    pub fn nano(self) -> i128 {
        self.nano
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> i64 {
        match self.nano.signum() {
            -1 => -1,
            0 => 0,
            _ => 1,
        }
    }

    /// The value, if it is whole and fits 64 bits.
    pub fn as_integer(self) -> Option<i64> {
        if self.nano % NANO != 0 {
            return None;
        }
        i64::try_from(self.nano / NANO).ok()
    }

    /// The value, rounded up (away from zero) to a whole number, as the scheduler counts it.
    pub fn rounded_up(self) -> i128 {
        let whole = self.nano / NANO;
        if self.nano % NANO == 0 {
            whole
        } else {
            whole + self.nano.signum()
        }
    }

    /// The nearest floating-point number.
    pub fn as_approximate_float(self) -> f64 {
        let whole = self.nano / NANO;
        let rest = self.nano % NANO;
        if rest == 0 {
            whole as f64
        } else {
            self.nano as f64 / NANO as f64
        }
    }

    /// The sum; `None` where it is out of range.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let nano = self.nano.checked_add(other.nano)?;
        Some(Self { nano })
    }

    /// The difference; `None` where it is out of range.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let nano = self.nano.checked_sub(other.nano)?;
        Some(Self { nano })
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn scale(suffix: &str) -> Option<Scale> {
    Some(match suffix {
        "n" => Scale::Ten(-9),
        "u" => Scale::Ten(-6),
        "m" => Scale::Ten(-3),
        "" => Scale::Ten(0),
        "k" => Scale::Ten(3),
        "M" => Scale::Ten(6),
        "G" => Scale::Ten(9),
        "T" => Scale::Ten(12),
        "P" => Scale::Ten(15),
        "E" => Scale::Ten(18),
        "Ki" => Scale::Two(10),
        "Mi" => Scale::Two(20),
        "Gi" => Scale::Two(30),
        "Ti" => Scale::Two(40),
        "Pi" => Scale::Two(50),
        "Ei" => Scale::Two(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let bare = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            Scale::Ten(exponent.parse().ok()?)
        }
    })
}

/// `whole.fraction × scale` in billionths, rounded up; the largest number where it does not fit.
fn magnitude(whole: &str, fraction: &str, scale: &Scale) -> i128 {
    // So many digits, times the largest binary suffix, fit 127 bits.
    let room: usize = match scale {
        Scale::Ten(_) => 37,
        Scale::Two(_) => 19,
    };
    let fraction = fraction.trim_end_matches('0');
    let Some(kept) = room.checked_sub(whole.len()) else {
        return i128::MAX;
    };
    let cut = fraction.get(..kept).unwrap_or(fraction);
    // What is cut off still rounds up: it stays as one more digit.
    let rest = if cut.len() < fraction.len() { "1" } else { "" };
    let digits = || whole.bytes().chain(cut.bytes()).chain(rest.bytes());
    let mantissa = digits().fold(0_i128, |sum, byte| {
        sum.saturating_mul(10)
            .saturating_add(i128::from(byte.saturating_sub(b'0')))
    });
    if mantissa == 0 {
        return 0;
    }
    let places = i64::try_from(cut.len() + rest.len()).unwrap_or(i64::MAX);
    match scale {
        Scale::Ten(exponent) => shift(mantissa, i64::from(*exponent) + 9 - places),
        Scale::Two(bits) => shift(mantissa.saturating_mul(1_i128 << bits), 9 - places),
    }
}

/// `mantissa × 10^power`, rounded up.
fn shift(mantissa: i128, power: i64) -> i128 {
    let factor = u32::try_from(power.unsigned_abs())
        .ok()
        .and_then(|power| 10_i128.checked_pow(power));
    match (power >= 0, factor) {
        (true, Some(factor)) => mantissa.saturating_mul(factor),
        (true, None) => i128::MAX,
        (false, Some(factor)) => mantissa / factor + i128::from(mantissa % factor != 0),
        (false, None) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_exact() {
        let cases: &[(&str, i128)] = &[
            ("0", 0),
            ("1", NANO),
            ("+1", NANO),
            ("-1", -NANO),
            ("100m", 100_000_000),
            ("0.1", 100_000_000),
            (".5", 500_000_000),
            ("1.", NANO),
            ("1k", 1000 * NANO),
            ("1e3", 1000 * NANO),
            ("1E3", 1000 * NANO),
            ("1e-3", 1_000_000),
            ("1E", 1_000_000_000_000_000_000 * NANO),
            ("1Ki", 1024 * NANO),
            ("1.5Gi", 1_610_612_736 * NANO),
            ("0.5Ki", 512 * NANO),
            ("1n", 1),
            ("0.1n", 1),
            ("-0.1n", -1),
            ("00010", 10 * NANO),
            ("9223372036854775808", i128::from(i64::MAX) * NANO),
        ];
        for (text, nano) in cases {
            assert_eq!(Quantity::parse(text).map(Quantity::nano), Some(*nano), "{text}");
        }
    }

    #[test]
    fn what_kubernetes_refuses_is_refused() {
        for text in [
            "", "-", ".", "abc", "1K", "1ki", "1 ", " 1", "1e", "1.1.M", "1+1.0M", "0.1mi", "0.1am", ".5i",
            "1i", "-3.01e-", "--1", "1e+-3", "Mi", "1.5e2.5",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn equal_values_are_equal_however_written() {
        for (left, right) in [("1", "1000m"), ("1Gi", "1024Mi"), ("1M", "1e6"), ("0.5", "500m")] {
            assert_eq!(Quantity::parse(left), Quantity::parse(right), "{left} {right}");
        }
        assert!(Quantity::parse("1Mi") > Quantity::parse("1M"));
        assert!(Quantity::parse("-1") < Quantity::parse("0"));
    }

    #[test]
    fn long_numbers_neither_overflow_nor_panic() {
        let long = "9".repeat(4000);
        for text in [
            long.clone(),
            format!("0.{long}"),
            format!("1.{long}Gi"),
            format!("{long}Ei"),
            "1e999999999".into(),
            "1e-999999999".into(),
        ] {
            assert!(Quantity::parse(&text).is_some(), "{text}");
        }
        assert_eq!(
            Quantity::parse(&format!("0.{long}")).map(Quantity::nano),
            Some(NANO)
        );
    }
}
