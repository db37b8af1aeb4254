//! How long the C header is: what a reader has to hold in mind.

use serde_json::json;

use super::report::Table;
use crate::{Result, markdown, workspace};

/// The lines and functions of the committed header. `ffi/tests/header.rs` sees
/// to it that these are the functions that the library exports, and no more of
/// them than it allows.
pub(super) fn tables() -> Result<Vec<Table>> {
    let header = markdown::read(&workspace::root().join("include/corekey.h"))?;
    let rows = vec![
        vec![json!("lines of `corekey.h`"), json!(header.lines().count()), json!(900)],
        vec![json!("functions"), json!(header.lines().filter_map(declared).count()), json!(64)],
    ];
    Ok(vec![Table::new("header", &["what", "now", "at most"], rows)])
}

/// The function that a line of the header begins to declare, with its type first.
pub(crate) fn declared(line: &str) -> Option<&str> {
    let (before, _) = line.split_once('(')?;
    let (of, name) = before.rsplit_once([' ', '*'])?;
    let is_type = !of.starts_with([' ', '#', '/', '*']) && !of.starts_with("typedef");
    (is_type && name.starts_with("corekey_")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found_and_macros_and_types_are_not() {
        let header = "const char *corekey_a(void);\nuint32_t corekey_b(void);\n\
                      COREKEY_MUST_CHECK corekey_status corekey_c(const uint8_t *x,\n    size_t y);\n\
                      #define corekey_d(x) corekey_c((x))\n    corekey_c((x), 1)\n\
                      /* corekey_e(x) */\ntypedef int32_t (*corekey_fn)(void *user);\n";
        assert_eq!(
            header.lines().filter_map(declared).collect::<Vec<_>>(),
            ["corekey_a", "corekey_b", "corekey_c"]
        );
    }
}
