//! The command line as its users meet it: every test runs the real program in a
//! folder of its own.

mod exchange;
mod exits;
mod files;
mod help;
mod journals;
mod keys;
mod messages;
mod process;
mod rotation;
mod states;
mod support;
mod wrapping;
