//! The second implementation of the device layer, in Python and from the
//! specifications alone: it makes the committed vectors again, and general COSE
//! libraries open what it seals.

use std::path::PathBuf;
use std::process::Command;

use super::report::Group;
use crate::{Result, tools, workspace};

pub(super) fn run(group: &mut Group) {
    if !group.has(&[tools::PYTHON]) {
        return;
    }
    match python() {
        Ok(python) => {
            group.suite("vectors again", Command::new(python).arg(folder().join("check.py")));
        }
        Err(why) => group.fail(&why),
    }
}

/// The interpreter that runs the second implementation.
pub(super) fn python() -> Result<PathBuf> {
    tools::python_with("independent", &folder().join("requirements.txt"))
}

fn folder() -> PathBuf {
    workspace::root().join("tests/independent")
}
