//! How large the Python wheel is. Its tag, which the tests check, is in its name.

use serde_json::json;

use super::report::Table;
use super::sizes::size;
use crate::{Result, wheel, workspace};

pub(super) fn tables() -> Result<Vec<Table>> {
    let target = workspace::target_dir();
    let file = wheel::build(&target.join("wheel"), &target.join("wheels"))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let rows = vec![vec![json!(format!("`{name}`")), json!(size(&file)?)]];
    Ok(vec![Table::new("wheel", &["Python wheel", "bytes"], rows)])
}
