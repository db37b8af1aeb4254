//! Which version of a crate was built: what Cargo.lock says.

/// The version of a crate in the lock file of the benches.
#[must_use]
pub fn locked(name: &str) -> String {
    let lock = include_str!("../../Cargo.lock");
    let start = format!("name = \"{name}\"\nversion = \"");
    lock.split_once(&start)
        .and_then(|(_, rest)| rest.split('"').next())
        .unwrap_or("of unknown version")
        .to_owned()
}
