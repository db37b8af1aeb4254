//! `corekey inspect`: what a message says of itself, and what lets other COSE
//! tools open it.

use corekey::device::cose::cose_key;
use corekey::device::key::DeviceKey;
use corekey::device::message::{
    Claim, Direction, MAX_OVERHEAD, MAX_PAYLOAD_LEN, Session, inspect, write_full_iv,
};
use corekey::device::name::Version;

use crate::exit::{Exit, Failure, Outcome, of};
use crate::files::Place;
use crate::keys::{KeyArgs, SecretOut};
use crate::notation::{Form, hex, hint_at_text, is_text, show};
use crate::report::Report;
use crate::{harden, stream};

/// Show what a message says of itself, without any key.
///
/// Nothing of it is authentic before the message is opened. Of a short message
/// there are only the last bits of version, boot and counter.
///
/// Long messages are COSE_Encrypt0 (RFC 9052). With the device key, --cose-key
/// writes the message key as a COSE_Key with its Base IV, with which a COSE
/// library opens the message. That key opens and forges all messages of the
/// session: it is for tests. --full-iv writes the message with the whole IV
/// (label 5) in place of the Partial IV (label 6), for libraries that do not know
/// the latter.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey inspect reading.msg
  $ corekey inspect --json --encoding base64 < readings.txt
  $ corekey inspect --full-iv reading.msg > reading.cose
  $ corekey inspect --cose-key --key pump-7.key --out session.cosekey reading.msg")]
pub(crate) struct Args {
    /// Write the message key of the message's session as a COSE_Key, in CBOR: a
    /// secret. Needs the device key.
    #[arg(long, conflicts_with_all = ["full_iv", "json"])]
    cose_key: bool,
    /// With --cose-key: the message goes from cloud to device.
    #[arg(long, requires = "cose_key", conflicts_with_all = ["full_iv", "json"])]
    down: bool,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    to: SecretOut,
    /// Write the message with the full IV to standard output.
    #[arg(long, conflicts_with = "json")]
    full_iv: bool,
    /// How the message is read, and what is written. Of text only the first line
    /// is read.
    #[arg(long, value_enum, default_value = "raw")]
    encoding: Form,
    /// Report as JSON: form, device_id, version, boot, salt, counter, payload_len;
    /// of a short message form, version_mod_64, boot_mod_256, counter_mod_65536,
    /// payload_len.
    #[arg(long)]
    json: bool,
    /// The message: a file, or `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = Place::parser())]
    input: Place,
}

pub(crate) fn run(args: &Args) -> Outcome {
    if args.cose_key {
        harden::process()?;
        args.to.check()?;
    } else if args.key.is_given() || args.to.is_given() {
        return Err(Failure::usage("a key is needed, and a secret written, only with --cose-key"));
    }
    let message = read_message(args)?;
    if args.full_iv {
        stream::check_output(args.encoding)?;
        let mut out = vec![0; message.len() + MAX_OVERHEAD];
        let len = write_full_iv(&message, &mut out).map_err(|error| match inspect(&message) {
            Ok(_) => only_long("a short message has no IV to rewrite"),
            Err(_) => of(args.input.name())(error),
        })?;
        return stream::write(&args.encoding.write(out.get(..len).unwrap_or(&[])));
    }
    let parts = inspect(&message)
        .map_err(of(args.input.name()))
        .map_err(hint_at_text(args.encoding, &message))?;
    if args.cose_key {
        return write_cose_key(args, &parts.claim);
    }
    if args.encoding == Form::Raw && is_text(&message) {
        stream::tell("note: this is text, which no message is: --encoding reads such");
    }
    report(&parts.claim).with("payload_len", parts.ciphertext.len()).print(args.json)
}

fn read_message(args: &Args) -> Outcome<Vec<u8>> {
    let limit = args.encoding.room(MAX_PAYLOAD_LEN + MAX_OVERHEAD);
    let mut bytes = args.input.read(limit)?;
    if args.encoding != Form::Raw
        && let Some(end) = bytes.iter().position(|byte| *byte == b'\n')
    {
        bytes.truncate(end);
    }
    Ok(args.encoding.read(&args.input.name(), bytes)?.to_vec())
}

fn report(claim: &Claim<'_>) -> Report {
    match claim {
        Claim::Long { version, id, session, counter } => {
            let report = Report::new()
                .with("form", "long")
                .with("device_id", show(id))
                .with("version", version.get());
            with_session(report, session).with("counter", *counter)
        }
        Claim::Compact { version, boot, counter } => Report::new()
            .with("form", "compact")
            .with("version_mod_64", *version)
            .with("boot_mod_256", *boot)
            .with("counter_mod_65536", *counter),
    }
}

/// A report with the boot and the salt of a session.
pub(crate) fn with_session(report: Report, session: &Session) -> Report {
    report.with("boot", session.boot().get()).with("salt", session.salt().map(|salt| hex(salt)))
}

fn write_cose_key(args: &Args, claim: &Claim<'_>) -> Outcome {
    let Claim::Long { version, id, session, .. } = claim else {
        return Err(only_long("a short message does not say its session"));
    };
    let key = args.key.load()?;
    if key.version() != *version || key.id().as_bytes() != *id {
        return Err(other_key(id, *version, &key));
    }
    let direction = if args.down { Direction::Down } else { Direction::Up };
    let secret = cose_key(&key, direction, session);
    args.to.write(&args.encoding.write(secret.expose()))
}

/// A message that says it is of another key.
pub(crate) fn other_key(id: &[u8], version: Version, key: &DeviceKey) -> Failure {
    let why = format!(
        "the message says it is of {} version {}, and the key is of {} version {}: \
         use that key",
        show(id),
        version.get(),
        show(key.id().as_bytes()),
        key.version().get()
    );
    Failure::new(Exit::OtherKey, why)
}

fn only_long(why: &str) -> Failure {
    Failure::new(Exit::NeedsMore, format!("{why}: give a long one of its session"))
}
