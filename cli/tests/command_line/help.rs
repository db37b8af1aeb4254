//! The help teaches: its examples run as they stand. And what is made from it for
//! shells and readers, and the tables of the README.

use std::fs;

use crate::support::Scratch;

/// Every command in the order of the help, and whether it has others below it.
const COMMANDS: [(&str, bool); 26] = [
    ("", true),
    ("root", true),
    ("root new", false),
    ("root id", false),
    ("root fleet", false),
    ("key", true),
    ("key derive", false),
    ("key check", false),
    ("key import", false),
    ("key from-row", false),
    ("key app", false),
    ("journal", true),
    ("journal new", false),
    ("journal show", false),
    ("seal", false),
    ("open", false),
    ("inspect", false),
    ("rotate", true),
    ("rotate offer", false),
    ("rotate accept", false),
    ("wrap", false),
    ("unwrap", false),
    ("selftest", false),
    ("speed", false),
    ("completions", false),
    ("man", false),
];

fn help(scratch: &Scratch, command: &str) -> String {
    scratch.run(&format!("{command} --help")).ok().text().to_owned()
}

/// The commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The lines behind `$ `, with what a backslash continues.
fn examples(help: &str) -> Vec<String> {
    let examples = help.split("\nExamples:\n").nth(1).unwrap_or_default().replace("\\\n", "");
    let lines = examples.lines().filter_map(|line| line.trim_start().strip_prefix("$ "));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_command_is_listed_and_explained() {
    let scratch = Scratch::new();
    let mut found = vec![String::new()];
    let mut next = 0;
    while let Some(command) = found.get(next).cloned() {
        let below = listed(&help(&scratch, &command));
        let below = below.iter().map(|name| format!("{command} {name}").trim().to_owned());
        next += 1;
        found.splice(next..next, below);
    }
    assert_eq!(found, COMMANDS.map(|(command, _)| command));
    for (command, is_group) in COMMANDS {
        let help = help(&scratch, command);
        assert!(
            help.contains(&format!("Usage: corekey {command}").trim_end().to_owned()),
            "{help}"
        );
        assert_eq!(examples(&help).is_empty(), is_group, "{help}");
        assert!(help.lines().all(|line| line.len() <= 100), "a line is too long: {help}");
        let short = scratch.run(&format!("{command} -h")).ok();
        assert!(short.text().len() <= help.len(), "{command}");
    }
}

#[test]
fn the_examples_run_in_the_order_of_the_help() {
    let scratch = Scratch::new();
    let mut count = 0;
    for (command, _) in COMMANDS {
        for example in examples(&help(&scratch, command)) {
            let ended = scratch.shell(&format!("set -e; {example}"));
            assert_eq!(ended.code, Some(0), "{command}: {example}\n{ended:?}");
            count += 1;
        }
    }
    assert!(count > 40, "only {count} examples");
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_help() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let help = help(&Scratch::new(), "");
    let table = help.split("Exit codes:\n").nth(1).expect("a table");
    let mut rows = 0;
    for line in table.lines() {
        let (code, meaning) = line.trim().split_once("  ").expect("a code and its meaning");
        assert!(readme.contains(&format!("| {code} | {meaning} |")), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 13);
    let is_code = |line: &&str| {
        line.strip_prefix("| ").is_some_and(|cell| cell.starts_with(|c: char| c.is_ascii_digit()))
    };
    let listed = readme.lines().filter(is_code).count();
    assert_eq!(listed, rows, "the README has codes that the help has not");
}

#[test]
fn completions_know_the_commands_of_every_shell() {
    let scratch = Scratch::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = scratch.run(&format!("completions {shell}")).ok();
        for word in ["from-row", "first-contact", "cose-key", "aes-kwp"] {
            assert!(script.text().contains(word), "{shell}: {word}");
        }
    }
    // The shell that is always there reads its own.
    let loaded = scratch.shell(
        "corekey completions bash > c; exec bash -c '. ./c; complete -p corekey; \
         COMP_WORDS=(corekey roo) COMP_CWORD=1; _corekey corekey roo corekey; echo \"${COMPREPLY[@]}\"'",
    );
    assert!(loaded.ok().text().ends_with("root\n"));
}

#[test]
fn every_command_has_a_manual_page() {
    let scratch = Scratch::new();
    for (command, _) in COMMANDS {
        let page = scratch.run(&format!("man {command}")).ok();
        let name = format!("corekey {command}").trim().replace(' ', "-");
        assert!(page.text().contains(&format!(".TH {name} 1")), "{}", page.text());
    }
}

#[test]
fn the_selftest_passes_and_names_what_works_here() {
    let scratch = Scratch::new();
    let report = scratch.run("selftest --json").ok().json();
    assert_eq!(report["selftest"], "passed");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    let version = scratch.run("--version").ok();
    assert_eq!(version.text(), format!("corekey {}\n", env!("CARGO_PKG_VERSION")));

    let lines = scratch.run("speed --millis 1 --json").ok().json_lines();
    assert!(lines.len() >= 14);
    for line in lines {
        let by = line["implementation"].as_str().unwrap();
        let tiers = report["implementation"].as_str().unwrap();
        assert!(tiers.contains(by) || ["RustCrypto", "system"].contains(&by), "{line}");
        assert!(line["nanoseconds"].as_f64().is_some_and(|it| it > 0.0), "{line}");
    }
    let text = scratch.run("speed --millis 1").ok();
    assert!(text.text().lines().any(|line| line.starts_with("aes-256-gcm seal 16 KiB")));
}
