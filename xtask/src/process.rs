//! Runs other programs and turns what goes wrong into sentences.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::Result;

/// Runs `command` with its output shown; an error unless it exits with 0.
pub(crate) fn run(command: &mut Command) -> Result {
    let status =
        command.stdin(Stdio::null()).status().map_err(|error| cannot_start(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{} ended with {status}", shown(command)))
}

/// Runs `command` and returns its standard output; an error, with what the
/// program wrote to standard error, unless it exits with 0.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!(
        "{} ended with {}\n{}",
        shown(command),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    ))
}

/// Runs `command` with its output both shown and returned, so that it can be
/// counted; how it ended is for the caller to judge.
pub(crate) fn stream(command: &mut Command) -> Result<(ExitStatus, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(command, &error))?;
    let text = Arc::new(Mutex::new(String::new()));
    let readers = [
        child.stdout.take().map(|pipe| echo(pipe, std::io::stdout(), &text)),
        child.stderr.take().map(|pipe| echo(pipe, std::io::stderr(), &text)),
    ];
    for reader in readers.into_iter().flatten() {
        reader
            .join()
            .map_err(|_| format!("the output of {} could not be shown", shown(command)))?;
    }
    let status = child.wait().map_err(|error| cannot_start(command, &error))?;
    let text = text.lock().map(|text| text.clone()).unwrap_or_default();
    Ok((status, text))
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot run {}: {error}", shown(command))
}

/// Copies one pipe line by line to the terminal and to `text`.
fn echo(
    pipe: impl Read + Send + 'static,
    mut terminal: impl Write + Send + 'static,
    text: &Arc<Mutex<String>>,
) -> thread::JoinHandle<()> {
    let text = Arc::clone(text);
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
            let shown = String::from_utf8_lossy(&line);
            // A closed terminal must not stop the count.
            let _ = terminal.write_all(shown.as_bytes());
            if let Ok(mut text) = text.lock() {
                text.push_str(&shown);
            }
            line.clear();
        }
    })
}
