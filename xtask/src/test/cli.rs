//! The command line, run as its users run it, and its messages exchanged with the
//! second implementation and with COSE libraries.

use super::independent;
use super::report::Group;
use super::rust::cargo_test;
use crate::tools;

pub(super) fn run(group: &mut Group) {
    if !group.has(&[tools::PYTHON]) {
        return;
    }
    match independent::python() {
        Ok(python) => {
            let mut command = cargo_test();
            command.args(["--package=corekey-cli"]).env("COREKEY_PYTHON", python);
            group.suite("command line", &mut command);
        }
        Err(why) => group.fail(&why),
    }
}
