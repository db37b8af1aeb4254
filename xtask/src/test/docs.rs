//! What is written for readers is true: the documentation builds without a
//! warning, links lead somewhere, figures are what was measured, tables made
//! from the sources are up to date, and the programs and commands of the pages
//! for newcomers do what these say.

mod links;
mod page;

use super::report::Group;
use crate::{api, dist, figures, process, tools, workspace};

/// Pages whose programs and commands are run, in one clone and from its top.
const RUN: &[&str] = &["README.md", "docs/start.md", "cli/README.md"];

pub(super) fn run(group: &mut Group) {
    group.check("the API documentation has no warning", rustdoc);
    group.check("links in Markdown files lead to files and headings", links::check);
    group.check("the index of docs leads to every page", links::check_index);
    group.check("docs/performance.md and its chart show the report", crate::bench::check_rendered);
    group.check("figures in pages are those of the reports", figures::check_pages);
    group.check("reports agree with the sources", figures::check_reports);
    group.check("docs/api.md is what the sources say", api::check);
    group.check("no number looks measured outside of the markers", figures::check_numbers);
    let needed =
        [tools::GCC, tools::GXX, tools::LIBC, tools::BINUTILS, tools::PKG_CONFIG, tools::PYTHON];
    if !group.has(&needed) {
        return;
    }
    for name in RUN {
        group.check(&format!("{name}: programs compile without a warning"), || {
            page::compile(&dist::stage()?, name)
        });
        group.check(&format!("{name}: a newcomer gets what it says"), || page::follow(name));
    }
}

fn rustdoc() -> crate::Result {
    process::run(
        workspace::cargo()
            .args(["doc", "--quiet", "--locked", "--no-deps"])
            .args(["--package=corekey", "--package=corekey-ffi"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
