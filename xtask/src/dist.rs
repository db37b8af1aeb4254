//! `cargo xtask dist`: builds the C libraries and installs what a C person
//! expects under a prefix; takes exactly that away again.
//!
//! Nothing installed names the prefix, so that a package builder can stage it
//! anywhere. Relies on gcc and binutils.

mod archive;
pub(crate) mod build;
mod install;
pub(crate) mod licences;
mod shared;
mod symbols;

use std::path::{Path, PathBuf};

use crate::{Result, tools, workspace};

pub(crate) const HELP: &str = "--prefix DIR [--destdir DIR] [--uninstall]
    Builds libcorekey.so and libcorekey.a and installs them under DIR with the
    headers, a pkg-config file, a CMake package and all licences.
      --destdir DIR   put everything under DIR first, as packages are made
      --uninstall     remove what an earlier dist installed there, and no more";

/// One thing to install, named relative to the prefix.
struct Item {
    path: String,
    content: Content,
}

enum Content {
    File(Vec<u8>),
    /// A symbolic link to a file beside it.
    Link(String),
}

impl Item {
    fn file(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: Content::File(bytes.into()) }
    }

    fn link(path: impl Into<String>, target: impl Into<String>) -> Self {
        Self { path: path.into(), content: Content::Link(target.into()) }
    }
}

pub(crate) fn run(arguments: &[String]) -> Result {
    let mut prefix = None;
    let mut destdir = None;
    let mut uninstall = false;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--prefix" => prefix = arguments.next(),
            "--destdir" => destdir = arguments.next(),
            "--uninstall" => uninstall = true,
            other => return Err(format!("dist does not know {other:?}")),
        }
    }
    let prefix = prefix.ok_or("dist needs --prefix DIR")?;
    let folder = staged(prefix, destdir.map(String::as_str))?;
    if uninstall {
        let count = install::uninstall(&folder)?;
        println!("removed {count} files from {}", folder.display());
        return Ok(());
    }
    let count = into(&folder)?;
    println!("installed CoreKey {} in {} ({count} files)", workspace::VERSION, folder.display());
    Ok(())
}

/// Installs a fresh build in a folder inside the target folder, for tests and
/// the demo to use as an installed library; returns that prefix.
pub(crate) fn stage() -> Result<PathBuf> {
    let folder = workspace::target_dir().join("stage");
    into(&folder)?;
    Ok(folder)
}

/// The name that programs linked against the shared library ask for. It counts
/// the breaks of the ABI, as the header does.
pub(crate) fn soname() -> Result<String> {
    let header = read(&workspace::root().join("include/corekey.h"))?;
    let version = String::from_utf8_lossy(&header)
        .split_once("#define COREKEY_ABI_VERSION ")
        .and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<u32>().ok())
        .ok_or("include/corekey.h defines no COREKEY_ABI_VERSION")?;
    Ok(format!("libcorekey.so.{version}"))
}

/// The names the shared library exports, sorted.
pub(crate) fn exports(library: &Path) -> Result<Vec<String>> {
    symbols::exported(library)
}

fn into(prefix: &Path) -> Result<usize> {
    if !cfg!(target_os = "linux") {
        return Err("dist knows only Linux and its ELF files".into());
    }
    tools::require(&[tools::GCC, tools::LIBC, tools::BINUTILS])?;
    install::check_writable(prefix)?;
    let items = items()?;
    install::install(prefix, &items)?;
    Ok(items.len())
}

fn staged(prefix: &str, destdir: Option<&str>) -> Result<PathBuf> {
    let prefix = std::path::absolute(prefix)
        .map_err(|error| format!("{prefix:?} is no folder to install in: {error}"))?;
    let Some(destdir) = destdir else {
        return Ok(prefix);
    };
    let inside = prefix.strip_prefix("/").unwrap_or(&prefix);
    Ok(Path::new(destdir).join(inside))
}

fn items() -> Result<Vec<Item>> {
    let build = build::Build::prepare()?;
    let soname = soname()?;
    let library = shared::build(&build, &soname)?;
    let archive = archive::build(&build)?;
    let versioned = format!("libcorekey.so.{}", workspace::VERSION);
    let include = workspace::root().join("include");
    let mut items = vec![
        Item::file("include/corekey.h", read(&include.join("corekey.h"))?),
        Item::file("include/corekey.hpp", read(&include.join("corekey.hpp"))?),
        Item::file(format!("lib/{versioned}"), library.stripped),
        Item::link(format!("lib/{soname}"), versioned.clone()),
        Item::link("lib/libcorekey.so", soname.clone()),
        Item::file(format!("lib/.debug/{versioned}.debug"), library.debug),
        Item::file("lib/libcorekey.a", archive),
        Item::file(
            "lib/pkgconfig/corekey.pc",
            filled(include_str!("../templates/corekey.pc.in"), &soname),
        ),
        Item::file(
            "lib/cmake/corekey/corekey-config.cmake",
            filled(include_str!("../templates/corekey-config.cmake.in"), &soname),
        ),
        Item::file(
            "lib/cmake/corekey/corekey-config-version.cmake",
            filled(include_str!("../templates/corekey-config-version.cmake.in"), &soname),
        ),
    ];
    items.extend(licences::collect()?);
    Ok(items)
}

/// A template with its `@...@` words replaced.
fn filled(template: &str, soname: &str) -> String {
    template.replace("@VERSION@", workspace::VERSION).replace("@SONAME@", soname)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}
