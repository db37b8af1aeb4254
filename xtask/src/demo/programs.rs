//! The demo's two programs: the device in C, the receiver in Rust, how they are
//! built and how they are run.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use super::frames::{self, Frame};
use super::root::RootFile;
use crate::{Result, dist, process, workspace};

/// The programs, ready to run.
pub(super) struct Programs {
    /// Where the library is installed.
    prefix: PathBuf,
    pub(super) device: PathBuf,
    receiver: PathBuf,
}

/// One run of the device program, all of whose frames were opened.
pub(super) struct Exchange {
    /// What one would type to do the same.
    pub(super) commands: String,
    pub(super) device_said: String,
    pub(super) frames: Vec<Frame>,
    pub(super) table: String,
    pub(super) receiver_said: String,
}

/// What the receiver made of a stream.
pub(super) struct Received {
    pub(super) exit_code: Option<i32>,
    pub(super) table: String,
    pub(super) said: String,
}

impl Programs {
    /// Builds everything in `folder`.
    pub(super) fn build(folder: &Path) -> Result<Self> {
        let prefix = folder.join("installed");
        dist::run(&["--prefix".to_owned(), prefix.display().to_string()])?;
        let device = folder.join("device");
        compile_device(&prefix, &device)?;
        println!("compiled {}", device.display());
        let receiver = build_receiver()?;
        println!("built {}", receiver.display());
        Ok(Self { prefix, device, receiver })
    }

    pub(super) fn shared_library(&self) -> PathBuf {
        self.prefix.join("lib/libcorekey.so")
    }

    pub(super) fn archive(&self) -> PathBuf {
        self.prefix.join("lib/libcorekey.a")
    }

    pub(super) fn device_command(&self, root: &RootFile, devices: &[&str]) -> Command {
        let mut command = Command::new(&self.device);
        command.arg(root.path()).args(devices);
        command
    }

    pub(super) fn receiver_command(&self, root: &RootFile) -> Command {
        let mut command = Command::new(&self.receiver);
        command.arg(root.path());
        command
    }

    /// Runs `device | receiver`, both with the same root, and makes sure that
    /// every reading that was sealed was opened.
    pub(super) fn exchange(&self, root: &RootFile, devices: &[&str]) -> Result<Exchange> {
        let mut sender = self.device_command(root, devices);
        let mut receiver = self.receiver_command(root);
        let commands = format!("{} | {}", process::shown(&sender), process::shown(&receiver));

        sender.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut device = spawn(&mut sender)?;
        let stream = device.stdout.take().ok_or("the device program has no output")?;
        let (stream, received) = deliver(stream, &mut receiver)?;
        let device = device
            .wait_with_output()
            .map_err(|error| format!("cannot wait for the device program: {error}"))?;

        let device_said = text(&device.stderr);
        if !device.status.success() {
            return Err(format!("the device program ended with {}\n{device_said}", device.status));
        }
        let frames = frames::split(&stream)?;
        let (count, devices) = (frames.len(), devices.len());
        expect(&device_said, &format!("device: CoreKey {}", workspace::VERSION))?;
        expect(&device_said, &format!("sealed {count} readings as {devices} devices\n"))?;
        if received.exit_code != Some(0)
            || received.said != format!("receiver: {count} opened, 0 refused\n")
            || received.table.lines().count() != 1 + count
        {
            return Err(format!("not all {count} frames were opened:\n{}", received.said));
        }
        Ok(Exchange {
            commands,
            device_said,
            frames,
            table: received.table,
            receiver_said: received.said,
        })
    }

    /// Runs the receiver on frames that may have been tampered with.
    pub(super) fn receive(&self, root: &RootFile, frames: &[&Frame]) -> Result<Received> {
        let stream: Vec<u8> = frames.iter().flat_map(|frame| frame.bytes()).copied().collect();
        let (_, received) = deliver(stream.as_slice(), &mut self.receiver_command(root))?;
        Ok(received)
    }
}

/// The archive, not the shared library: a device carries all that it needs in
/// one file, and the archive is the build that firmware gets.
fn compile_device(prefix: &Path, program: &Path) -> Result {
    let folder = workspace::root().join("firmware/posix");
    let sources = ["main.c", "sealer.c", "sensors.c"].map(|name| folder.join(name));
    process::run(
        Command::new("gcc")
            .args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
            .arg("-I")
            .arg(prefix.join("include"))
            .args(sources)
            .arg(prefix.join("lib/libcorekey.a"))
            .arg("-o")
            .arg(program),
    )
}

/// Without optimisation: sooner built, and from what the tests have built
/// already.
fn build_receiver() -> Result<PathBuf> {
    process::run(
        workspace::cargo()
            .args(["build", "--locked", "--package=corekey", "--example=receiver"])
            // Another target's program would not run here.
            .env_remove("CARGO_BUILD_TARGET"),
    )?;
    Ok(workspace::target_dir().join("debug/examples/receiver"))
}

/// Passes a stream on to the receiver, as a network would, and keeps a copy.
fn deliver(source: impl Read + Send, command: &mut Command) -> Result<(Vec<u8>, Received)> {
    let mut receiver =
        spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let sink = receiver.stdin.take().ok_or("the receiver has no input")?;
    // Two threads, as the receiver may wait for its output to be read before it
    // reads on.
    let (stream, output) = thread::scope(|scope| {
        let relay = scope.spawn(|| relay(source, sink));
        let output = receiver.wait_with_output();
        (relay.join(), output)
    });
    let stream = stream
        .map_err(|_| "the relay of frames broke down")?
        .map_err(|error| format!("cannot read the frames: {error}"))?;
    let output = output.map_err(|error| format!("cannot wait for the receiver: {error}"))?;
    let received = Received {
        exit_code: output.status.code(),
        table: text(&output.stdout),
        said: text(&output.stderr),
    };
    Ok((stream, received))
}

/// Copies until the source ends; the sink is closed on return.
fn relay(mut source: impl Read, mut sink: ChildStdin) -> io::Result<Vec<u8>> {
    let mut copy = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let len = source.read(&mut chunk)?;
        if len == 0 {
            return Ok(copy);
        }
        copy.extend_from_slice(&chunk[..len]);
        // A receiver that ended early has said why, and is judged by that.
        let _ = sink.write_all(&chunk[..len]);
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().map_err(|error| format!("cannot run {}: {error}", process::shown(command)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn expect(said: &str, wanted: &str) -> Result {
    if said.contains(wanted) {
        return Ok(());
    }
    Err(format!("the device program did not say {wanted:?} but\n{said}"))
}
