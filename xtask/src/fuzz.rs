//! `cargo xtask fuzz`: the kernels against independent implementations, on
//! inputs that libFuzzer makes up (`fuzz/`, a workspace of its own).
//!
//! Relies on a nightly Rust from rustup and on cargo-fuzz, which is installed
//! into `target/tools` if it is not there.

use std::process::Command;

use crate::{Result, process, workspace};

pub(crate) const HELP: &str = "[--minutes N] [TARGET...]
    Fuzzes every target, or those named, for N minutes each (5 if not said).
    What was found lies in fuzz/target/artifacts, inputs worth keeping in
    fuzz/target/corpus. Targets:
      aes_gcm    every tier of AES-GCM
      sha256     every tier of SHA-256, HMAC and HKDF";

const TARGETS: &[&str] = &["aes_gcm", "sha256"];
const CARGO_FUZZ: &str = "0.13.2";

pub(crate) fn run(arguments: &[String]) -> Result {
    let (minutes, targets) = parse(arguments)?;
    install()?;
    for target in targets {
        println!("== {target}, {minutes} minutes");
        fuzz(target, minutes)?;
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<(u32, Vec<&str>)> {
    let mut minutes = 5;
    let mut targets = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--minutes" {
            minutes = arguments
                .next()
                .and_then(|minutes| minutes.parse().ok())
                .filter(|minutes| *minutes > 0)
                .ok_or("--minutes wants a number of them")?;
        } else if TARGETS.contains(&argument.as_str()) {
            targets.push(argument.as_str());
        } else {
            return Err(format!("no target {argument:?}; there are {}", TARGETS.join(", ")));
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    Ok((minutes, targets))
}

/// One run: it ends with an error at the first input that fails.
fn fuzz(target: &str, minutes: u32) -> Result {
    let folder = workspace::root().join("fuzz/target");
    let corpus = folder.join("corpus").join(target);
    let artifacts = folder.join("artifacts");
    for folder in [&corpus, &artifacts] {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let mut command = nightly(workspace::tools_dir().join("bin/cargo-fuzz"));
    command
        .args(["fuzz", "run", "--fuzz-dir", "fuzz", "--target-dir", "fuzz/target", target])
        .arg(corpus)
        .arg("--")
        .arg(format!("-max_total_time={}", 60 * minutes))
        .arg(format!("-artifact_prefix={}/{target}-", artifacts.display()))
        .arg("-print_final_stats=1");
    process::run(&mut command)
}

fn install() -> Result {
    let installed = workspace::tools_dir().join("bin/cargo-fuzz");
    if process::capture(Command::new(&installed).args(["fuzz", "--version"])).is_ok() {
        return Ok(());
    }
    println!("== installing cargo-fuzz {CARGO_FUZZ}");
    process::run(
        workspace::cargo()
            .args(["install", "--quiet", "--locked", "--version", CARGO_FUZZ])
            .arg("--root")
            .arg(workspace::tools_dir())
            .arg("cargo-fuzz"),
    )
}

/// A program for which `cargo` is that of the nightly toolchain, whatever
/// toolchain runs this one.
fn nightly(program: std::path::PathBuf) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).env("RUSTUP_TOOLCHAIN", "nightly");
    for variable in ["CARGO", "RUSTC", "RUSTDOC"] {
        command.env_remove(variable);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::{TARGETS, parse};

    fn parsed(line: &str) -> crate::Result<(u32, Vec<String>)> {
        let words: Vec<String> = line.split_whitespace().map(Into::into).collect();
        let (minutes, targets) = parse(&words)?;
        Ok((minutes, targets.into_iter().map(Into::into).collect()))
    }

    #[test]
    fn without_arguments_all_targets_get_five_minutes() {
        assert_eq!(parsed("").unwrap(), (5, TARGETS.iter().map(|name| (*name).into()).collect()));
    }

    #[test]
    fn minutes_and_targets_are_taken_and_others_refused() {
        assert_eq!(parsed("sha256 --minutes 2").unwrap(), (2, vec!["sha256".to_owned()]));
        for wrong in ["--minutes", "--minutes 0", "--minutes x", "md5"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
