//! A scratch folder, the program run in it, and what it answered.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const COREKEY: &str = env!("CARGO_BIN_EXE_corekey");

/// A folder of its own for a test, removed when it is over.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder can be made"))
    }

    /// With `root.key`, and `pump.key` of the device pump-7 under it.
    pub(crate) fn with_keys() -> Self {
        let scratch = Self::new();
        scratch.run("root new --out root.key").ok();
        scratch.run("key derive --root root.key --id pump-7 --out pump.key").ok();
        scratch
    }

    /// With `pump.journal` of that key too.
    pub(crate) fn with_journal() -> Self {
        let scratch = Self::with_keys();
        scratch.run("journal new --key pump.key --out pump.journal").ok();
        scratch
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("a file can be written");
    }

    /// A file that a secret may be in.
    pub(crate) fn write_secret(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.write(name, bytes);
        self.chmod(name, 0o600);
    }

    pub(crate) fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("a mode");
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::symlink_metadata(self.path(name)).expect("the file is there").mode() & 0o7777
    }

    /// The names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).expect("the folder is there");
        let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("ASCII");
        let mut names: Vec<String> = entries.map(|it| name(it.expect("an entry"))).collect();
        names.sort();
        names
    }

    /// The program with arguments that are separated by spaces.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(COREKEY);
        command.args(arguments.split_whitespace()).current_dir(self.folder());
        command
    }

    /// Runs it with nothing on standard input.
    pub(crate) fn run(&self, arguments: &str) -> Ended {
        self.run_with(arguments, b"")
    }

    /// Runs it with bytes on standard input.
    pub(crate) fn run_with(&self, arguments: &str, input: impl AsRef<[u8]>) -> Ended {
        Ended::of(arguments, feed(spawn(&mut self.command(arguments)), input.as_ref()))
    }

    /// Runs a line of a shell in which `corekey` is the program.
    pub(crate) fn shell(&self, line: &str) -> Ended {
        let program = Path::new(COREKEY).parent().expect("it has a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .env("PATH", format!("{}:{path}", program.display()))
            .current_dir(self.folder());
        Ended::of(line, feed(spawn(&mut command), b""))
    }
}

/// Starts a program with all its streams as pipes.
pub(crate) fn spawn(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Gives a program all of its input, and waits for its end.
pub(crate) fn feed(mut child: Child, input: &[u8]) -> Output {
    let mut pipe = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // A program that refuses its arguments does not read.
    let writer = thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("the input was written");
    output
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    arguments: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    /// Without the notes about what the system refused.
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(arguments: &str, output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).expect("messages are text");
        let lines = stderr.lines().filter(|line| !line.starts_with("corekey: note: "));
        Self {
            arguments: arguments.to_owned(),
            code: output.status.code(),
            stdout: output.stdout,
            stderr: lines.map(|line| format!("{line}\n")).collect(),
        }
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.stderr, "", "{self:?}");
        self.exits(0)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "corekey {}\n{self:?}", self.arguments);
        self
    }

    /// A refusal: nothing on standard output, and why on standard error.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, why: &str) -> Self {
        assert_eq!(self.stdout, b"", "{self:?}");
        assert!(self.stderr.contains(why), "{why:?} is not in {self:?}");
        self.exits(code)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("the output is text")
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).expect("the output is JSON")
    }

    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let lines = self.text().lines();
        lines.map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

/// The user who runs the tests.
pub(crate) fn user() -> u32 {
    fs::metadata("/proc/self").expect("Linux").uid()
}
