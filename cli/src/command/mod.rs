//! One module a command: its arguments, its help and what it does.

pub(crate) mod inspect;
pub(crate) mod journal;
pub(crate) mod key;
pub(crate) mod open;
pub(crate) mod root;
pub(crate) mod rotate;
pub(crate) mod seal;
pub(crate) mod selftest;
pub(crate) mod shell;
pub(crate) mod speed;
pub(crate) mod wrap;
