//! The demo's programs: the device in C, the receiver in Rust, the listener in
//! Python; how they are built and how they are called.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::listener;
use super::root::RootFile;
use crate::{Result, dist, process, workspace};

/// Milliseconds between two reports of a device: short, for nobody to wait.
const PERIOD: &str = "300";

/// The programs, ready to run.
pub(super) struct Programs {
    /// Where the library is installed.
    prefix: PathBuf,
    pub(super) device: PathBuf,
    pub(super) copied_sealer: PathBuf,
    receiver: PathBuf,
    /// A Python that has the wheel.
    pub(super) python: PathBuf,
}

/// A service: a root and the database of the devices under it.
pub(super) struct Fleet {
    pub(super) root: RootFile,
    pub(super) database: PathBuf,
}

/// A device as it lies on the table: its folder, its id and its sensors.
pub(super) struct Board {
    pub(super) folder: PathBuf,
    pub(super) id: &'static str,
    pub(super) sensors: &'static [&'static str],
}

impl Programs {
    /// Builds everything in `folder`.
    pub(super) fn build(folder: &Path) -> Result<Self> {
        let prefix = folder.join("installed");
        dist::run(&["--prefix".to_owned(), prefix.display().to_string()])?;
        let (device, copied_sealer) = (folder.join("device"), folder.join("copied_sealer"));
        let device_sources = ["main.c", "factory.c", "flash_file.c", "private_file.c", "sensors.c"];
        let common = ["device_program.c", "link.c", "payload.c"];
        let source = |folder: &'static str| {
            move |name: &&str| workspace::root().join("firmware").join(folder).join(name)
        };
        let sources: Vec<PathBuf> = common
            .iter()
            .map(source("common"))
            .chain(device_sources.iter().map(source("posix")))
            .collect();
        compile(&prefix, &sources, &device)?;
        compile(&prefix, &[source("posix/mistakes")(&"copied_sealer.c")], &copied_sealer)?;
        println!("compiled {} and {}", device.display(), copied_sealer.display());
        let receiver = build_receiver()?;
        println!("built {}", receiver.display());
        let python = listener::install(folder)?;
        Ok(Self { prefix, device, copied_sealer, receiver, python })
    }

    pub(super) fn shared_library(&self) -> PathBuf {
        self.prefix.join("lib/libcorekey.so")
    }

    pub(super) fn archive(&self) -> PathBuf {
        self.prefix.join("lib/libcorekey.a")
    }

    /// The device program on a board, with more options.
    pub(super) fn device_command(&self, board: &Board, options: &[&str]) -> Command {
        let mut command = Command::new(&self.device);
        command.args(["-p", PERIOD]).args(options).arg(&board.folder).arg(board.id);
        command.args(board.sensors);
        command
    }

    /// `receiver run`.
    pub(super) fn receiver_command(&self, fleet: &Fleet) -> Command {
        let mut command = Command::new(&self.receiver);
        command.arg("run").arg(fleet.root.path()).arg(&fleet.database);
        command
    }

    /// Enrols a device and puts its key where the device program looks for it;
    /// what the receiver said.
    pub(super) fn enrol(&self, fleet: &Fleet, board: &Board) -> Result<String> {
        let mut command = Command::new(&self.receiver);
        command.arg("enrol").arg(fleet.root.path()).arg(&fleet.database).arg(board.id);
        process::capture(command.arg(board.folder.join("factory.key")))
    }

    /// Another command of the receiver about one device; what it said.
    pub(super) fn manage(&self, what: &str, fleet: &Fleet, id: &str) -> Result<String> {
        process::capture(Command::new(&self.receiver).arg(what).arg(&fleet.database).arg(id))
    }
}

/// What a program said that ended by itself, and its exit code. Its output must
/// be empty unless it succeeded.
pub(super) fn ended(command: &mut Command) -> Result<(Option<i32>, bool, String)> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", process::shown(command)))?;
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    Ok((output.status.code(), output.stdout.is_empty(), said))
}

/// The archive, not the shared library: a device carries all that it needs in
/// one file, and the archive is the build that firmware gets.
fn compile(prefix: &Path, sources: &[PathBuf], program: &Path) -> Result {
    process::run(
        Command::new("gcc")
            .args(["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
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
