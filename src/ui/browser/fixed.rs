//! Numbers for drawings: rounded to a few decimals. The standard library's way for fractions is
//! 7 kB of the page, and reading them 16 kB more, mostly tables: fractions are only written here.

use std::fmt::{Display, Formatter, Result};

/// A number with up to so many decimals.
pub struct Fixed(pub f64, pub u32);

/// A coordinate of a drawing.
pub fn drawn(number: f64) -> String {
    Fixed(number, 1).to_string()
}

impl Display for Fixed {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(number, decimals) = *self;
        let one = 10_i64.pow(decimals);
        #[expect(clippy::cast_possible_truncation, reason = "what is drawn is near")]
        let scaled = (number * one as f64).round() as i64;
        let (sign, scaled) = (if scaled < 0 { "-" } else { "" }, scaled.unsigned_abs());
        let (whole, rest) = (scaled / one.unsigned_abs(), scaled % one.unsigned_abs());
        write!(f, "{sign}{whole}")?;
        if rest == 0 { Ok(()) } else { write!(f, ".{rest:0width$}", width = decimals as usize) }
    }
}
