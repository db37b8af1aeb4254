//! Cargo as `dist` runs it: the same bytes whatever folder, user or
//! environment builds them, and no build path in them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, process, workspace};

/// A folder and flags to build the libraries with.
pub(crate) struct Build {
    target_dir: PathBuf,
    rustflags: String,
}

impl Build {
    /// A build in the target folder.
    pub(super) fn prepare() -> Result<Self> {
        Self::prepare_in(workspace::target_dir().join("dist"))
    }

    /// A build in a folder. Fetches the dependencies, whose folders the flags
    /// name.
    pub(crate) fn prepare_in(target_dir: PathBuf) -> Result<Self> {
        let host = workspace::rustc_prints("host-tuple")?;
        let mut fetch = workspace::cargo();
        process::run(fetch.args(["fetch", "--quiet", "--locked", "--target", &host]))?;
        let rustflags = rustflags(&target_dir)?;
        Ok(Self { target_dir, rustflags })
    }

    /// Builds `corekey-ffi` as one crate type and returns the file.
    pub(super) fn library(
        &self,
        crate_type: &str,
        profile: &str,
        cargo_arguments: &[&str],
        rustc_arguments: &[String],
    ) -> Result<PathBuf> {
        let mut command = workspace::cargo();
        command
            .args(["rustc", "--locked", "--package", "corekey-ffi", "--lib"])
            .args(["--crate-type", crate_type, "--profile", profile])
            .args(cargo_arguments)
            .arg("--target-dir")
            .arg(&self.target_dir)
            .arg("--")
            .args(rustc_arguments);
        self.settle(&mut command);
        process::run(&mut command)?;
        let extension = if crate_type == "staticlib" { "a" } else { "so" };
        let file = self.target_dir.join(profile).join(format!("libcorekey_ffi.{extension}"));
        if file.is_file() {
            return Ok(file);
        }
        Err(format!("cargo did not build {}", file.display()))
    }

    /// Has a command build with these flags; what a user has set would change the
    /// bytes.
    pub(crate) fn settle(&self, command: &mut Command) {
        command
            .env("CARGO_ENCODED_RUSTFLAGS", &self.rustflags)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("CARGO_INCREMENTAL");
    }

    /// An empty folder for one step of the build, of this process alone.
    pub(super) fn scratch(&self, name: &str) -> Result<Scratch> {
        let name = format!("{name}-{}", std::process::id());
        let folder = self.target_dir.join(name);
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        Ok(Scratch(folder))
    }
}

/// A folder that goes when the step that works in it ends.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// A program run inside, so that no folder reaches what it writes.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).env("LC_ALL", "C");
        command
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind costs space and nothing else.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// All flags, in cargo's encoding. Of several remappings that match a path
/// rustc takes the last one.
fn rustflags(target_dir: &Path) -> Result<String> {
    let cargo_home = cargo_home()?;
    let mut renamed = vec![
        (cargo_home.clone(), "cargo".to_owned()),
        (workspace::root(), format!("corekey-{}", workspace::VERSION)),
        (target_dir.to_path_buf(), "target".to_owned()),
        (PathBuf::from(workspace::rustc_prints("sysroot")?), "rust".to_owned()),
    ];
    renamed.extend(
        registry_folders(&cargo_home).into_iter().map(|folder| (folder, "registry".to_owned())),
    );
    // Asking the C library is enough: without this getrandom brings a fallback
    // to /dev/urandom, threads' locks and all, for kernels before 3.17.
    let mut flags = vec!["--cfg".to_owned(), "getrandom_backend=\"linux_getrandom\"".to_owned()];
    flags.extend(
        renamed.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())),
    );
    Ok(flags.join("\x1f"))
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("CARGO_HOME") {
        return Ok(folder.into());
    }
    std::env::home_dir()
        .map(|home| home.join(".cargo"))
        .ok_or_else(|| "neither CARGO_HOME nor HOME is set".into())
}

/// The folders under which cargo unpacks crates, one for each registry.
fn registry_folders(cargo_home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = cargo_home.join("registry/src").read_dir() else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}
