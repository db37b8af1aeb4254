//! `corekey wrap` and `corekey unwrap`: keys under other keys.

use clap::{Args, ValueEnum};
use corekey::wrap::{WrapAlgorithm, WrapKey, wrapped_len};
use zeroize::Zeroizing;

use crate::exit::{Failure, Outcome, of};
use crate::files::Place;
use crate::keys::SecretOut;
use crate::notation::Form;
use crate::{harden, stream};

/// Longer keys are none.
const LONGEST: usize = 64 << 10;
/// Bytes that a wrapped key is longer than the key, at most.
const OVERHEAD: usize = 15;

/// Which key wrap.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Algorithm {
    /// RFC 3394: for keys of 16 bytes or more, a multiple of 8.
    AesKw,
    /// RFC 5649: for keys of any length.
    AesKwp,
}

impl From<Algorithm> for WrapAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::AesKw => Self::AesKw,
            Algorithm::AesKwp => Self::AesKwp,
        }
    }
}

/// What wraps.
#[derive(Args, Debug)]
struct Kek {
    /// The wrapping key: a file of 16 or 32 raw bytes and mode 0600, or `-` for
    /// standard input. `key app --purpose wrap` makes one.
    #[arg(long, value_name = "FILE", value_parser = Place::parser())]
    kek: Place,
    /// How the key is wrapped.
    #[arg(long, value_enum, default_value = "aes-kw")]
    algorithm: Algorithm,
    /// The form of the wrapped key.
    #[arg(long, value_enum, default_value = "raw")]
    encoding: Form,
}

/// Wrap a key under another one (AES-KW, AES-KWP).
///
/// The result is not secret and goes to standard output. It shows if the same key
/// was wrapped twice, and its length.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ (umask 077; head -c 32 /dev/urandom > data.key)
  $ corekey wrap --kek storage.kek --encoding base64 data.key > data.key.wrapped
  $ printf secret | corekey wrap --kek storage.kek --algorithm aes-kwp > word.wrapped")]
pub(crate) struct WrapArgs {
    #[command(flatten)]
    kek: Kek,
    /// The key to wrap, raw: a file of mode 0600, or `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = Place::parser())]
    input: Place,
}

/// Unwrap a key.
///
/// A wrapped key that was changed, or wrapped under another key, gives nothing
/// but exit code 3.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey unwrap --kek storage.kek --encoding base64 --out data.again.key data.key.wrapped
  $ corekey unwrap --kek storage.kek --algorithm aes-kwp --show word.wrapped")]
pub(crate) struct UnwrapArgs {
    #[command(flatten)]
    kek: Kek,
    #[command(flatten)]
    to: SecretOut,
    /// The wrapped key: a file, or `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = Place::parser())]
    input: Place,
}

impl Kek {
    fn load(&self) -> Outcome<WrapKey> {
        let bytes = self.kek.read_secret(LONGEST)?;
        WrapKey::new(&bytes).map_err(|_| {
            Failure::bad_input(format!(
                "{} has {} bytes, and a wrapping key has 16 or 32: raw bytes, no text",
                self.kek.name(),
                bytes.len()
            ))
        })
    }
}

pub(crate) fn wrap(args: &WrapArgs) -> Outcome {
    harden::process()?;
    stream::check_output(args.kek.encoding)?;
    let kek = args.kek.load()?;
    let algorithm = args.kek.algorithm.into();
    let key = args.input.read_secret(LONGEST)?;
    let what = || {
        let fits = match args.kek.algorithm {
            Algorithm::AesKw => "takes 16 bytes or more, a multiple of 8 (aes-kwp takes any)",
            Algorithm::AesKwp => "takes 1 byte or more",
        };
        format!("{} has {} bytes; --algorithm {fits}", args.input.name(), key.len())
    };
    let len = wrapped_len(algorithm, key.len()).map_err(|error| of(what())(error))?;
    let mut wrapped = vec![0; len];
    kek.wrap(algorithm, &key, &mut wrapped).map_err(|error| of(what())(error))?;
    stream::write(&args.kek.encoding.write(&wrapped))
}

pub(crate) fn unwrap(args: &UnwrapArgs) -> Outcome {
    harden::process()?;
    args.to.check()?;
    let kek = args.kek.load()?;
    let name = args.input.name();
    let limit = args.kek.encoding.room(LONGEST + OVERHEAD);
    let wrapped = args.kek.encoding.read(&name, args.input.read(limit)?)?;
    let mut key = Zeroizing::new(vec![0; wrapped.len()]);
    let len = kek.unwrap(args.kek.algorithm.into(), &wrapped, &mut key).map_err(of(name))?;
    key.truncate(len);
    args.to.write(&key)
}
