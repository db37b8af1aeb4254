//! `cargo xtask`: every developer command of the project, one file each.
//!
//! This file holds only the table of commands; `cargo xtask --help` prints it.
//! Relies on the standard library and on the tools each command names.

mod abi;
mod bench;
mod demo;
mod dist;
mod fuzz;
mod header;
mod process;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

/// What commands return: an error is a sentence for the developer to read.
type Result<T = ()> = std::result::Result<T, String>;

/// One developer command.
struct Command {
    name: &'static str,
    /// Arguments, summary and, indented under them, what else to know.
    help: &'static str,
    run: fn(&[String]) -> Result,
}

const COMMANDS: &[Command] = &[
    Command { name: "test", help: test::HELP, run: test::run },
    Command { name: "demo", help: demo::HELP, run: demo::run },
    Command { name: "dist", help: dist::HELP, run: dist::run },
    Command { name: "header", help: header::HELP, run: header::run },
    Command { name: "bench", help: bench::HELP, run: bench::run },
    Command { name: "fuzz", help: fuzz::HELP, run: fuzz::run },
    Command { name: "abi", help: abi::HELP, run: abi::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result {
    let Some((name, rest)) = arguments.split_first() else {
        print_help();
        return Ok(());
    };
    if is_help(name) {
        print_help();
        return Ok(());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(format!("no command {name:?}; `cargo xtask --help` lists them"));
    };
    if rest.iter().any(|argument| is_help(argument)) {
        println!("cargo xtask {name} {}", command.help);
        return Ok(());
    }
    (command.run)(rest)
}

fn is_help(argument: &str) -> bool {
    matches!(argument, "--help" | "-h" | "help")
}

fn print_help() {
    println!("CoreKey's developer commands. Usage: cargo xtask COMMAND [ARGUMENT...]\n");
    for command in COMMANDS {
        println!("cargo xtask {} {}\n", command.name, command.help);
    }
}
