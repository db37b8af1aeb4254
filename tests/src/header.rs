//! The constants of `include/corekey.h`: what a C program gets its context
//! sizes, algorithms and status codes from, and so what the C front uses.

use std::collections::BTreeMap;
use std::fs;

use crate::workspace;

/// The integer macros of the header.
#[derive(Debug)]
pub(crate) struct Header(BTreeMap<String, i64>);

impl Header {
    /// Reads the committed header.
    pub(crate) fn read() -> Self {
        let path = workspace::root().join("include/corekey.h");
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let constants = text.lines().filter_map(|line| {
            let mut words = line.strip_prefix("#define ")?.split_whitespace();
            let (name, value) = (words.next()?, words.next()?);
            Some((name.to_owned(), value.trim_matches(['(', ')']).parse().ok()?))
        });
        Self(constants.collect())
    }

    /// The constant of that name.
    pub(crate) fn constant<T: TryFrom<i64>>(&self, name: &str) -> T {
        let value = self.0.get(name).and_then(|&value| T::try_from(value).ok());
        value.unwrap_or_else(|| panic!("corekey.h has no constant {name} that fits"))
    }

    /// The name of a status code.
    pub(crate) fn status(&self, code: i32) -> String {
        let is_it =
            |name: &str, value: i64| name.starts_with("COREKEY_E_") && value == i64::from(code);
        let found = self.0.iter().find(|&(name, &value)| is_it(name, value));
        found.map_or_else(|| format!("undocumented status {code}"), |(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_integer_macros_and_nothing_else() {
        let header = Header::parse(
            "#define COREKEY_H\n#define COREKEY_E_NULL (-1) /* Why. */\n\
             #define COREKEY_SHA256 1\n#define corekey_x(a) (a)\n",
        );
        assert_eq!(header.0.len(), 2);
        assert_eq!(header.constant::<u32>("COREKEY_SHA256"), 1);
        assert_eq!(header.status(-1), "COREKEY_E_NULL");
        assert_eq!(header.status(-99), "undocumented status -99");
    }
}
