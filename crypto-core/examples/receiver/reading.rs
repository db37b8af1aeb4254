//! The readings inside the messages, as `firmware/common/payload.h` lays them
//! out.

use std::fmt;

const DECIMALS_MAX: u8 = 9;

/// One reading: value / 10^decimals, which is never rounded.
pub(crate) struct Reading {
    sensor: String,
    value: i64,
    decimals: u8,
    unit: String,
}

impl Reading {
    /// None if the payload is no reading.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let (value, rest) = payload.split_first_chunk()?;
        let (&decimals, rest) = rest.split_first()?;
        let (&name_len, rest) = rest.split_first()?;
        let (name, unit) = rest.split_at_checked(name_len.into())?;
        if decimals > DECIMALS_MAX {
            return None;
        }
        Some(Self {
            sensor: plain_text(name)?.to_owned(),
            value: i64::from_be_bytes(*value),
            decimals,
            unit: plain_text(unit)?.to_owned(),
        })
    }
}

/// The unit is last, so that one that is empty leaves no gap.
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = decimal(self.value, self.decimals.into());
        write!(f, "{:<26} {value:>14} {}", self.sensor, self.unit)
    }
}

/// -1234 with 2 decimals is "-12.34".
fn decimal(value: i64, decimals: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// Printable ASCII without spaces, so that no text moves a terminal's cursor
/// or a table's columns.
pub(crate) fn plain_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
}
