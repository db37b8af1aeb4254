//! How a run ends: the exit codes, which scripts rely on, and the sentence that
//! says what was wrong and what to do. No message holds a secret.

use std::fmt::Display;
use std::io;

use corekey::Error;

/// The exit codes. Their numbers are for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    NotAuthentic = 3,
    Replayed = 4,
    OtherKey = 5,
    NeedsMore = 6,
    BadInput = 7,
    Permission = 8,
    Exists = 9,
    Io = 10,
    SelfTest = 11,
    /// As a shell reports a program that SIGPIPE ended.
    ReaderGone = 141,
}

impl Exit {
    pub(crate) const ALL: [Self; 12] = [
        Self::Failed,
        Self::Usage,
        Self::NotAuthentic,
        Self::Replayed,
        Self::OtherKey,
        Self::NeedsMore,
        Self::BadInput,
        Self::Permission,
        Self::Exists,
        Self::Io,
        Self::SelfTest,
        Self::ReaderGone,
    ];

    /// The name in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotAuthentic => "not_authentic",
            Self::Replayed => "replayed",
            Self::OtherKey => "other_key",
            Self::NeedsMore => "needs_more",
            Self::BadInput => "bad_input",
            Self::Permission => "permission",
            Self::Exists => "exists",
            Self::Io => "io",
            Self::SelfTest => "self_test",
            Self::ReaderGone => "reader_gone",
        }
    }

    /// What it means, for the help.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Failed => "failed otherwise: no random bytes, a clock that is not set",
            Self::Usage => "the command line is wrong",
            Self::NotAuthentic => "not authentic: another key, or changed bytes",
            Self::Replayed => "authentic, but opened before or of an earlier boot",
            Self::OtherKey => "the message or state is of another device or version",
            Self::NeedsMore => "something is needed first: a state, a long message, a new boot",
            Self::BadInput => "a file or message is not what it has to be, or damaged",
            Self::Permission => "a secret's file is readable by others, not yours, or a link",
            Self::Exists => "the output exists, and nothing is overwritten",
            Self::Io => "reading or writing failed, or a file is in use",
            Self::SelfTest => "a known-answer test failed: do not use this build",
            Self::ReaderGone => "the reader of standard output has gone",
        }
    }

    /// The table of all, for the help.
    pub(crate) fn table() -> String {
        let lines = Self::ALL.map(|exit| format!("  {:>3}  {}\n", exit as u8, exit.meaning()));
        format!("Exit codes:\n    0  done\n{}", lines.concat().trim_end())
    }
}

/// Why a command ends without its result.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Exit::BadInput, message)
    }

    /// A failure of reading or writing `what`.
    pub(crate) fn io(what: impl Display, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::ReaderGone, "");
        }
        Self::new(Exit::Io, format!("{what}: {error}"))
    }
}

/// An error of the core with the place where it came up.
pub(crate) fn of(what: impl Display) -> impl FnOnce(Error) -> Failure {
    move |error| Failure::new(exit_of(error), format!("{what}: {error}"))
}

fn exit_of(error: Error) -> Exit {
    match error {
        Error::Unverified | Error::Forged | Error::BadOffer => Exit::NotAuthentic,
        Error::Stale | Error::Replay => Exit::Replayed,
        Error::OtherKey => Exit::OtherKey,
        Error::NeedLong | Error::SessionFull | Error::StateLost => Exit::NeedsMore,
        Error::InvalidLength
        | Error::InvalidEncoding
        | Error::InvalidState
        | Error::Malformed
        | Error::OutOfRange => Exit::BadInput,
        Error::StorageFailed => Exit::Io,
        Error::SelfTestFailed => Exit::SelfTest,
        _ => Exit::Failed,
    }
}
