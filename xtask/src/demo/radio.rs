//! The demo's radio: it starts devices and the receiver, carries the messages
//! between them one by one, and so can hold back, repeat and change any.
//!
//! What a program says on standard error is read line by line: a device says how
//! many readings it sealed, the receiver what became of each message, so nothing
//! here waits for a time to pass but for an answer to come.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::{Result, process};

/// A program that is silent for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program with messages on its standard input and output.
struct Program {
    child: Child,
    /// None once its input has ended.
    input: Option<ChildStdin>,
    messages: Receiver<Vec<u8>>,
    said: Receiver<String>,
}

impl Program {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", process::shown(command)))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("a program has no output")?;
        let errors = child.stderr.take().ok_or("a program has no error output")?;
        let (to_messages, messages) = mpsc::channel();
        let (to_said, said) = mpsc::channel();
        // Threads, so that a program never waits for us to read. They end with
        // its output, or when nobody listens any more.
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = next_message(&mut output) {
                if to_messages.send(message).is_err() {
                    break;
                }
            }
        });
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(std::result::Result::ok) {
                if to_said.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, input, messages, said })
    }

    fn send(&mut self, message: &[u8]) -> Result {
        let input = self.input.as_mut().ok_or("the program was told to end")?;
        input
            .write_all(&frame(message))
            .and_then(|()| input.flush())
            .map_err(|error| format!("cannot send a message: {error}"))
    }

    fn next_message(&self) -> Result<Vec<u8>> {
        self.messages.recv_timeout(PATIENCE).map_err(|_| "a program sent no message".into())
    }

    fn next_line(&self) -> Result<String> {
        self.said.recv_timeout(PATIENCE).map_err(|_| "a program said nothing more".into())
    }

    /// Ends the input and waits; the exit code and what else was said.
    fn end(&mut self) -> Result<(Option<i32>, Vec<String>)> {
        self.input = None;
        let status =
            self.child.wait().map_err(|error| format!("cannot wait for a program: {error}"))?;
        Ok((status.code(), self.said.iter().collect()))
    }
}

/// A demo that fails leaves no program behind.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A message in the framing of `firmware/common/link.h`.
pub(super) fn frame(message: &[u8]) -> Vec<u8> {
    // The longest message has 384 bytes.
    [&(message.len() as u16).to_be_bytes(), message].concat()
}

fn next_message(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message).ok()?;
    Some(message)
}

/// A device that is switched on.
pub(super) struct Device(Program);

/// What a device sealed in one go, not delivered yet.
pub(super) struct Sealed {
    /// What it said up to then.
    pub(super) said: Vec<String>,
    pub(super) messages: Vec<Vec<u8>>,
}

impl Device {
    pub(super) fn switch_on(command: &mut Command) -> Result<Self> {
        Program::start(command).map(Self)
    }

    /// The next report that was not taken yet.
    pub(super) fn report(&self) -> Result<Sealed> {
        let said = self.said_until("sealed ")?;
        let last = said.last().map_or("", String::as_str);
        let count = number_in(last, "sealed ").ok_or_else(|| format!("not a count: {last}"))?;
        let messages = (0..count).map(|_| self.0.next_message()).collect::<Result<_>>()?;
        Ok(Sealed { said, messages })
    }

    /// Reports up to the one before which the device said `wanted`.
    pub(super) fn reports_until(&self, wanted: &str) -> Result<Vec<Sealed>> {
        let mut reports = Vec::new();
        loop {
            let report = self.report()?;
            let is_last = report.said.iter().any(|line| line.contains(wanted));
            reports.push(report);
            if is_last {
                return Ok(reports);
            }
        }
    }

    /// What the device says, up to the line that has `wanted` in it.
    fn said_until(&self, wanted: &str) -> Result<Vec<String>> {
        let mut said = Vec::new();
        loop {
            match self.0.next_line() {
                Ok(line) => said.push(line),
                Err(why) => return Err(format!("{why} with {wanted:?}, but\n{}", said.join("\n"))),
            }
            if said.last().is_some_and(|line| line.contains(wanted)) {
                return Ok(said);
            }
        }
    }

    pub(super) fn hear(&mut self, downlink: &[u8]) -> Result {
        self.0.send(downlink)
    }

    /// Switches the device off, or waits for one that ends by itself; its exit
    /// code and what it said. What it sealed and nobody took is lost.
    pub(super) fn switch_off(mut self) -> Result<(Option<i32>, Vec<String>)> {
        self.0.end()
    }

    /// Waits for a device that ends by itself; its exit code, whether it sent
    /// nothing that was not taken, and what it said.
    pub(super) fn wait(mut self) -> Result<(Option<i32>, bool, Vec<String>)> {
        let status =
            self.0.child.wait().map_err(|error| format!("cannot wait for a device: {error}"))?;
        let silent = self.0.messages.iter().next().is_none();
        Ok((status.code(), silent, self.0.said.iter().collect()))
    }
}

/// What the receiver made of a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Opened; the line that it printed.
    Opened(String),
    /// Refused.
    Refused {
        status: String,
        /// The device whose key verified it, or -.
        whose: String,
        why: String,
    },
}

/// The answer of the receiver to a message.
pub(super) struct Answer {
    /// What followed from it.
    pub(super) notes: Vec<String>,
    pub(super) verdict: Verdict,
    pub(super) downlink: Option<Vec<u8>>,
}

/// The running receiver, and a record of all that it opened.
pub(super) struct Cloud {
    program: Program,
    /// Messages that were opened and what was printed for them, in order.
    pub(super) record: Vec<(Vec<u8>, String)>,
}

impl Cloud {
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        Ok(Self { program: Program::start(command)?, record: Vec::new() })
    }

    /// Stops the receiver and starts it again.
    pub(super) fn restart(&mut self, command: &mut Command) -> Result {
        self.program.end()?;
        self.program = Program::start(command)?;
        Ok(())
    }

    /// Carries one message to the receiver and waits for what it says.
    pub(super) fn deliver(&mut self, message: &[u8]) -> Result<Answer> {
        self.program.send(message)?;
        let mut notes = Vec::new();
        let verdict = loop {
            let line = self.program.next_line()?;
            match Verdict::parse(&line) {
                Some(verdict) => break verdict,
                None => notes.push(line),
            }
        };
        if let Verdict::Opened(line) = &verdict {
            self.record.push((message.to_vec(), line.clone()));
        }
        let is_answered = notes.iter().any(|note| note.starts_with("offered "));
        let downlink = if is_answered { Some(self.program.next_message()?) } else { None };
        Ok(Answer { notes, verdict, downlink })
    }
}

impl Verdict {
    fn parse(line: &str) -> Option<Self> {
        if line.starts_with("opened ") {
            return Some(Self::Opened(line.to_owned()));
        }
        let (status, rest) = line.strip_prefix("refused ")?.split_once(' ')?;
        let (whose, why) = rest.trim_start().split_once(' ')?;
        let [status, whose, why] = [status, whose, why.trim_start()].map(str::to_owned);
        Some(Self::Refused { status, whose, why })
    }

    /// What the receiver printed for a message that it opened.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Opened(line) => line.clone(),
            Self::Refused { .. } => self.to_string(),
        }
    }

    pub(super) fn is_opened(&self) -> bool {
        matches!(self, Self::Opened(_))
    }

    /// Opened in that boot under that version.
    pub(super) fn is_of(&self, version: u64, boot: u64) -> bool {
        match self {
            Self::Opened(line) => line.contains(&format!(" v{version} boot {boot} #")),
            Self::Refused { .. } => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(_) => f.write_str("opened"),
            Self::Refused { status, whose, why } if whose == "-" => write!(f, "{status}, {why}"),
            Self::Refused { status, whose, why } => write!(f, "{status} of {whose}, {why}"),
        }
    }
}

/// The number that follows a word in a line.
pub(super) fn number_in(line: &str, word: &str) -> Option<u64> {
    let (_, rest) = line.split_once(word)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_receiver_are_understood() {
        let opened = "opened  pump-7     v2 boot 3 #0   long     load.1min  0.5";
        let verdict = Verdict::parse(opened).unwrap();
        assert_eq!(verdict, Verdict::Opened(opened.into()));
        assert!(verdict.is_of(2, 3) && !verdict.is_of(2, 33) && !verdict.is_of(1, 3));

        let verdict = Verdict::parse("refused STALE     pump-7     boot 1 is over").unwrap();
        assert_eq!(verdict.to_string(), "STALE of pump-7, boot 1 is over");
        assert!(!verdict.is_opened() && !verdict.is_of(2, 1));
        assert_eq!(Verdict::parse("offered pump-7 the key of version 2"), None);
    }

    #[test]
    fn a_message_that_is_framed_is_read_again() {
        let stream = [frame(b"one"), frame(&[7; 384])].concat();
        let mut stream = stream.as_slice();
        assert_eq!(next_message(&mut stream), Some(b"one".to_vec()));
        assert_eq!(next_message(&mut stream), Some(vec![7; 384]));
        assert_eq!(next_message(&mut stream), None);
        assert_eq!(next_message(&mut &frame(b"one")[..4]), None);
    }

    #[test]
    fn numbers_are_found_behind_their_word() {
        assert_eq!(number_in("device pump-7: sealed 12 readings", "sealed "), Some(12));
        assert_eq!(number_in("device pump-7: boot 3", "boot "), Some(3));
        assert_eq!(number_in("device pump-7: sealed no", "sealed "), None);
    }
}
