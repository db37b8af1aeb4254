//! Standard input and output without the buffers of the standard library, which
//! nobody wipes.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use crate::exit::{Failure, Outcome};
use crate::notation::Form;

const INPUT: &str = "standard input";
const OUTPUT: &str = "standard output";
const PIECE: usize = 64 << 10;

/// Standard input, which can be read by one part of a command only.
pub(crate) fn take_input() -> Outcome<File> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(Failure::usage("standard input (`-`) can stand for one file only"));
    }
    let owned = io::stdin().as_fd().try_clone_to_owned();
    owned.map(File::from).map_err(|error| Failure::io(INPUT, &error))
}

/// Whether what is written to standard output is shown on a screen.
pub(crate) fn output_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Refuses to throw bytes at a screen; to be asked before work is done.
pub(crate) fn check_output(form: Form) -> Outcome {
    if form == Form::Raw && output_is_terminal() {
        return Err(Failure::usage(
            "standard output is a terminal, and what comes is no text: \
             say --encoding base64, or send it to a file",
        ));
    }
    Ok(())
}

/// Refuses to send a screen what it would obey instead of showing; to be asked
/// before a payload is used up.
pub(crate) fn check_shown(text: &[u8]) -> Outcome {
    let obeyed = |it: char| it.is_control() && !matches!(it, '\t' | '\n' | '\r');
    let harmless = std::str::from_utf8(text).is_ok_and(|text| !text.contains(obeyed));
    if harmless || !output_is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(
        "standard output is a terminal, and the payload is no plain text: \
         say --json, or send it to a file",
    ))
}

/// Writes all of `bytes` to standard output at once.
pub(crate) fn write(bytes: &[u8]) -> Outcome {
    let write = || {
        let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        output.write_all(bytes)
    };
    write().map_err(|error| Failure::io(OUTPUT, &error))
}

/// Says something on standard error. That nobody can be told is no reason to end
/// otherwise.
pub(crate) fn tell(text: impl Display) {
    let _ = io::stderr().write_all(format!("corekey: {text}\n").as_bytes());
}

/// The lines of a file, one by one as they come.
pub(crate) struct Lines {
    file: File,
    name: String,
    limit: usize,
    /// What was read, and how much of its start was given out.
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
    ended: bool,
}

impl Lines {
    /// Lines of at most `limit` bytes.
    pub(crate) fn new(file: File, name: String, limit: usize) -> Self {
        let buffer = Zeroizing::new(Vec::with_capacity(2 * PIECE));
        Self { file, name, limit, buffer, start: 0, ended: false }
    }

    /// The next line without its end; none at the end of the file.
    pub(crate) fn next(&mut self) -> Outcome<Option<Zeroizing<Vec<u8>>>> {
        let mut searched = self.start;
        loop {
            let unseen = self.buffer.get(searched..).unwrap_or(&[]);
            if let Some(at) = unseen.iter().position(|byte| *byte == b'\n') {
                let line = self.take(searched + at);
                self.start += 1;
                return Ok(Some(line));
            }
            if self.ended {
                let end = self.buffer.len();
                return Ok((end > self.start).then(|| self.take(end)));
            }
            if self.buffer.len() - self.start > self.limit {
                let why = format!("{}: a line is longer than {} bytes", self.name, self.limit);
                return Err(Failure::bad_input(why));
            }
            searched = self.fill()?;
        }
    }

    fn take(&mut self, end: usize) -> Zeroizing<Vec<u8>> {
        let line = self.buffer.get(self.start..end).unwrap_or(&[]).to_vec();
        self.start = end;
        Zeroizing::new(line)
    }

    /// Reads more behind what is not given out yet; where that starts.
    fn fill(&mut self) -> Outcome<usize> {
        let rest = self.buffer.len() - self.start;
        let mut next = Zeroizing::new(vec![0; rest + PIECE.max(rest)]);
        let (kept, room) = next.split_at_mut(rest);
        kept.copy_from_slice(self.buffer.get(self.start..).unwrap_or(&[]));
        let read = loop {
            match self.file.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(|error| Failure::io(&self.name, &error))?,
            }
        };
        next.truncate(rest + read);
        self.buffer = next;
        self.start = 0;
        self.ended = read == 0;
        Ok(rest)
    }
}
