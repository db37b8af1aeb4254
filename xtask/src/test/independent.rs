//! The second implementation of the device layer, in Python and from the
//! specifications alone: it makes the committed vectors again, and general COSE
//! libraries open what it seals.

use std::process::Command;

use super::report::Group;
use crate::{tools, workspace};

pub(super) fn run(group: &mut Group) {
    if !group.has(&[tools::PYTHON]) {
        return;
    }
    let folder = workspace::root().join("tests/independent");
    match tools::python_with(&folder.join("requirements.txt")) {
        Ok(python) => {
            group.suite("vectors again", Command::new(python).arg(folder.join("check.py")));
        }
        Err(why) => group.fail(&why),
    }
}
