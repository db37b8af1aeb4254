//! Puts files under a prefix and takes them away again.
//!
//! A manifest inside the prefix lists the files put there and the folders made
//! for them; uninstalling reads nothing else. It is written before the first
//! file, so that an installation cut short can be removed too.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use super::{Content, Item};
use crate::Result;

const MANIFEST: &str = "share/doc/corekey/manifest.txt";

/// What a manifest lists, relative to the prefix; a folder comes before what
/// is in it.
#[derive(Default)]
struct Manifest {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

/// Says early, before minutes of building, that a prefix cannot be written.
pub(super) fn check_writable(prefix: &Path) -> Result {
    let mut folder = prefix;
    while !folder.exists() {
        folder =
            folder.parent().ok_or_else(|| format!("there is no folder {}", prefix.display()))?;
    }
    if !folder.is_dir() {
        return Err(format!(
            "cannot install in {}: {} is not a folder",
            prefix.display(),
            folder.display()
        ));
    }
    let probe = folder.join(format!(".corekey-{}", std::process::id()));
    fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)).map_err(|error| {
        format!(
            "cannot install in {}: {} cannot be written: {error}",
            prefix.display(),
            folder.display()
        )
    })
}

/// Installs `items`, in place of what an earlier installation put there. Files
/// that nobody installed by this command are never overwritten.
pub(super) fn install(prefix: &Path, items: &[Item]) -> Result {
    if prefix.join(MANIFEST).exists() {
        uninstall(prefix)?;
    }
    let mut manifest = Manifest::default();
    for path in items.iter().map(|item| Path::new(&item.path)) {
        if fs::symlink_metadata(prefix.join(path)).is_ok() {
            return Err(format!(
                "{} exists and was not installed by dist; move it away first",
                prefix.join(path).display()
            ));
        }
        manifest.files.push(path.to_path_buf());
    }
    manifest.add_missing_folders(prefix);
    // The prefix itself, with whatever is above it, is left standing.
    fs::create_dir_all(prefix).map_err(|error| cannot("make", prefix, &error))?;
    for folder in &manifest.folders {
        let folder = prefix.join(folder);
        fs::create_dir(&folder).map_err(|error| cannot("make", &folder, &error))?;
    }
    write(&prefix.join(MANIFEST), manifest.to_text().as_bytes())?;
    for item in items {
        let path = prefix.join(&item.path);
        match &item.content {
            Content::File(bytes) => write(&path, bytes)?,
            Content::Link(target) => {
                symlink(target, &path).map_err(|error| cannot("make", &path, &error))?;
            }
        }
    }
    Ok(())
}

/// Removes what the manifest lists and returns how many files that were.
pub(super) fn uninstall(prefix: &Path) -> Result<usize> {
    let path = prefix.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            format!("nothing was installed by dist in {}: it has no {MANIFEST}", prefix.display())
        }
        _ => cannot("read", &path, &error),
    })?;
    let manifest = Manifest::parse(&text).map_err(|why| format!("{}: {why}", path.display()))?;
    let mut removed = 0;
    for file in &manifest.files {
        removed += usize::from(remove_file(&prefix.join(file))?);
    }
    remove_file(&path)?;
    for folder in manifest.folders.iter().rev() {
        // A folder that meanwhile holds other files is theirs and stays.
        let _ = fs::remove_dir(prefix.join(folder));
    }
    Ok(removed)
}

impl Manifest {
    fn add_missing_folders(&mut self, prefix: &Path) {
        let missing: BTreeSet<&Path> = self
            .files
            .iter()
            .map(PathBuf::as_path)
            .chain([Path::new(MANIFEST)])
            .flat_map(|file| file.ancestors().skip(1))
            .filter(|folder| !folder.as_os_str().is_empty())
            .filter(|folder| !prefix.join(folder).exists())
            .collect();
        self.folders = missing.into_iter().map(Path::to_path_buf).collect();
    }

    fn to_text(&self) -> String {
        let folders = self.folders.iter().map(|path| format!("folder {}\n", path.display()));
        let files = self.files.iter().map(|path| format!("file {}\n", path.display()));
        folders.chain(files).collect()
    }

    fn parse(text: &str) -> Result<Self> {
        let mut manifest = Self::default();
        for line in text.lines() {
            let (kind, path) =
                line.split_once(' ').ok_or_else(|| format!("{line:?} is no line of a manifest"))?;
            let path = PathBuf::from(path);
            let stays_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
            match kind {
                _ if !stays_inside => return Err(format!("{line:?} leaves the prefix")),
                "folder" => manifest.folders.push(path),
                "file" => manifest.files.push(path),
                _ => return Err(format!("{line:?} is no line of a manifest")),
            }
        }
        Ok(manifest)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result {
    fs::write(path, bytes)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o644)))
        .map_err(|error| cannot("write", path, &error))
}

/// Whether there was such a file.
fn remove_file(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot("remove", path, &error)),
    }
}

fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {verb} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for one test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("corekey-install-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn items() -> [Item; 3] {
        [
            Item::file("lib/libx.so.1", "x"),
            Item::link("lib/libx.so", "libx.so.1"),
            Item::file("share/doc/x/dependencies/y/LICENSE", "y"),
        ]
    }

    #[test]
    fn uninstall_removes_what_was_installed_and_leaves_other_files_and_folders() {
        let folder = Folder::new("exact");
        let prefix = &folder.0;
        fs::create_dir_all(prefix.join("share")).unwrap();
        fs::create_dir_all(prefix.join("lib")).unwrap();
        fs::write(prefix.join("lib/other"), "o").unwrap();
        install(prefix, &items()).unwrap();
        assert_eq!(fs::read(prefix.join("lib/libx.so")).unwrap(), b"x");
        assert_eq!(uninstall(prefix).unwrap(), 3);
        let left: Vec<_> = fs::read_dir(prefix.join("lib"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["other"]);
        assert_eq!(fs::read_dir(prefix.join("share")).unwrap().count(), 0);
    }

    #[test]
    fn a_second_install_replaces_the_first_and_is_removed_whole() {
        let folder = Folder::new("twice");
        let prefix = folder.0.join("new/prefix");
        install(&prefix, &items()).unwrap();
        install(&prefix, &items()[1..]).unwrap();
        assert!(!prefix.join("lib/libx.so.1").exists());
        uninstall(&prefix).unwrap();
        assert_eq!(fs::read_dir(&prefix).unwrap().count(), 0);
    }

    #[test]
    fn a_file_of_somebody_else_is_not_overwritten() {
        let folder = Folder::new("foreign");
        fs::create_dir_all(folder.0.join("lib")).unwrap();
        fs::write(folder.0.join("lib/libx.so"), "theirs").unwrap();
        let error = install(&folder.0, &items()).unwrap_err();
        assert!(error.contains("was not installed by dist"), "{error}");
        assert_eq!(fs::read(folder.0.join("lib/libx.so")).unwrap(), b"theirs");
        assert!(!folder.0.join("lib/libx.so.1").exists());
    }

    #[test]
    fn a_manifest_that_leaves_the_prefix_is_refused() {
        for line in ["file ../x", "file /etc/x", "folder lib/../../x", "link x"] {
            assert!(Manifest::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_prefix_below_a_file_is_refused_before_building() {
        let folder = Folder::new("file");
        fs::write(folder.0.join("file"), "").unwrap();
        let error = check_writable(&folder.0.join("file/prefix")).unwrap_err();
        assert!(error.contains("is not a folder"), "{error}");
    }
}
