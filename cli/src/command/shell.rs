//! `corekey completions` and `corekey man`: what a shell and a reader want.

use clap::Command;
use clap_complete::Shell;

use crate::exit::{Failure, Outcome};
use crate::stream;

/// Print the completions of a shell.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey completions bash > corekey.bash
  $ corekey completions zsh > _corekey
  $ corekey completions fish > corekey.fish

Bash reads them from ~/.local/share/bash-completion/completions/corekey, zsh from a folder
in fpath, fish from ~/.config/fish/completions/corekey.fish.")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Print a manual page.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey man > corekey.1
  $ corekey man key derive > corekey-key-derive.1")]
pub(crate) struct ManArgs {
    /// The command that it is of, word by word.
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "corekey", &mut text);
    stream::write(&text)
}

pub(crate) fn man(args: &ManArgs, mut command: Command) -> Outcome {
    command.build();
    let mut page = &command;
    for word in &args.command {
        page = page.find_subcommand(word).ok_or_else(|| {
            Failure::usage(format!("there is no command {word:?}: `corekey --help` lists them"))
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut text)
        .map_err(|error| Failure::io("the page", &error))?;
    stream::write(&text)
}
