//! `corekey`, the command line of CoreKey: makes roots, derives device keys,
//! seals and opens messages, rotates keys. Nothing but arguments, files and what
//! is said about them: everything cryptographic is the core's.
//!
//! Secrets come from files and standard input only, and go where the user says.
//! This file has the table of commands and the way a run ends.

#![forbid(unsafe_code)]
// They panic if nobody can be told; `stream` has what does not.
#![deny(clippy::print_stderr, clippy::print_stdout)]

#[cfg(not(target_os = "linux"))]
compile_error!("the command line knows how to protect its memory on Linux only");

mod command;
mod exit;
mod files;
mod harden;
mod keys;
mod notation;
mod records;
mod report;
mod state;
mod stream;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use command::{inspect, journal, key, open, root, rotate, seal, selftest, shell, speed, wrap};
use exit::{Exit, Outcome};

/// Keys and sealed messages for fleets of devices.
///
/// One root secret gives every device a key of its own; with it device and cloud
/// seal what they say to each other. Start with `corekey root new --help`; each
/// command's --help has examples that run as they stand, in the order of the
/// list below.
///
/// Secrets are read from files and standard input, never from arguments or the
/// environment. A file with a secret is yours alone (mode 0600), or it is
/// refused. Nothing is ever overwritten. `-` stands for standard input or output.
#[derive(Parser)]
#[command(name = "corekey", version, after_long_help = Exit::table(), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(subcommand)]
    Root(root::Command),
    #[command(subcommand)]
    Key(key::Command),
    #[command(subcommand)]
    Journal(journal::Command),
    Seal(seal::Args),
    Open(open::Args),
    Inspect(inspect::Args),
    #[command(subcommand)]
    Rotate(rotate::Command),
    Wrap(wrap::WrapArgs),
    Unwrap(wrap::UnwrapArgs),
    Selftest(selftest::Args),
    Speed(speed::Args),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                stream::tell(&failure.message);
            }
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(command: Command) -> Outcome {
    match command {
        Command::Root(command) => root::run(&command),
        Command::Key(command) => key::run(&command),
        Command::Journal(command) => journal::run(&command),
        Command::Seal(args) => seal::run(&args),
        Command::Open(args) => open::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Rotate(command) => rotate::run(&command),
        Command::Wrap(args) => wrap::wrap(&args),
        Command::Unwrap(args) => wrap::unwrap(&args),
        Command::Selftest(args) => selftest::run(&args),
        Command::Speed(args) => speed::run(&args),
        Command::Completions(args) => shell::completions(&args, Cli::command()),
        Command::Man(args) => shell::man(&args, Cli::command()),
    }
}
