//! `corekey open`: sealed messages into payloads.
//!
//! Nothing of a message comes out before it verified, and nothing before the
//! state that admitted it is on the disk: a crash may lose an output, but never
//! opens a message twice.

use std::path::PathBuf;

use corekey::Error;
use corekey::device::key::DeviceKey;
use corekey::device::message::{Claim, Form, MAX_OVERHEAD, MAX_PAYLOAD_LEN, inspect};
use corekey::device::name::Boot;
use corekey::device::opener::{Opened, Opener};
use corekey::encode::Encoding;
use zeroize::Zeroizing;

use crate::command::inspect::{other_key, with_session};
use crate::command::journal;
use crate::command::seal::{aad, encoding};
use crate::exit::{Exit, Failure, Outcome, of};
use crate::files::{self, Place, Staged};
use crate::harden;
use crate::keys::KeyArgs;
use crate::notation::{self, Bytes, bytes_parser, hint_at_text, parse_boot, show, text_of};
use crate::report::Report;
use crate::state::StateFile;
use crate::stream::{self, Lines};

/// Open messages and check that they are authentic and new.
///
/// Whether a message is new is known from a state file of 0600, one for each
/// device key; it is on the disk before the payload comes out. The first time
/// say --first-contact, which makes the file; it takes the first authentic
/// message for new, so it is right only for a key that never opened anything.
///
/// One message is opened from FILE or standard input, or with --lines one of each
/// line of base64; then what cannot be opened is named on standard error, the
/// rest goes on, and the exit code is that of the first refusal. If payloads may
/// hold line ends use --json, which has the payload in base64. A payload with
/// control characters is not shown on a terminal, and such a message not used up.
///
/// A device opens with --down and its own boot number; what is a replay is known
/// within one run only, so let one run with --lines open all of a boot.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey open --key pump-7.key --state pump-7.state --first-contact reading.msg
  $ corekey open --key pump-7.key --state pump-7.state --lines --json readings.txt
  $ echo 'valve on' | corekey seal --down --key pump-7.key --state pump-7.state \\
      --out on.msg
  $ corekey open --down --journal pump-7.journal --id pump-7 --boot 2 on.msg")]
pub(crate) struct Args {
    #[command(flatten)]
    key: KeyArgs,
    /// With --down: the device's journal, which has its key. Needs --id.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "root", "fleet", "version", "state"], requires = "down")]
    journal: Option<PathBuf>,
    /// What was opened before: the file that keeps replays out.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["down", "boot"])]
    state: Option<PathBuf>,
    /// Make the state file: this key has never opened anything.
    #[arg(long, requires = "state", conflicts_with_all = ["down", "boot", "journal"])]
    first_contact: bool,
    /// Open what a server sealed for this device.
    #[arg(long, requires = "boot")]
    down: bool,
    /// With --down: the boot that this device is in.
    #[arg(long, value_name = "N", value_parser = parse_boot, requires = "down")]
    boot: Option<Boot>,
    /// Open each line by itself.
    #[arg(long)]
    lines: bool,
    /// The bytes that both sides know, as for `seal`.
    #[arg(long, value_name = "AAD", value_parser = bytes_parser())]
    aad: Option<Bytes>,
    /// How messages are read [default: raw, with --lines base64].
    #[arg(long, value_enum)]
    encoding: Option<notation::Form>,
    /// Write JSON: device_id, version, boot, salt, counter, form, payload (base64);
    /// with --lines also line, and error and message for what is refused.
    #[arg(long)]
    json: bool,
    /// Make this file, of mode 0600, instead of writing to standard output (`-`).
    #[arg(long, value_name = "FILE", value_parser = Place::parser(), conflicts_with = "lines")]
    out: Option<Place>,
    /// The message: a file, or `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = Place::parser())]
    input: Place,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let encoding = encoding(args.encoding, args.lines)?;
    harden::process()?;
    if let Some(Place::File(path)) = &args.out {
        files::refuse_existing(path)?;
    }
    let key = load_key(args)?;
    if args.lines {
        return open_lines(args, encoding, &mut Receiver::new(args, key)?);
    }
    let limit = encoding.room(MAX_PAYLOAD_LEN + MAX_OVERHEAD);
    let message = encoding.read(&args.input.name(), args.input.read(limit)?)?;
    // The state is locked when the message is there, not while it is waited for.
    let mut receiver = Receiver::new(args, key)?;
    let opened =
        receiver.open(aad(&args.aad), &message).map_err(hint_at_text(encoding, &message))?;
    let text = if args.json { opened.json(Report::new()) } else { opened.payload };
    match &args.out {
        Some(Place::File(path)) => {
            // If there is no room for it, the message is not used up.
            let staged = Staged::new(path, &text)?;
            receiver.save()?;
            staged.publish_or_keep()
        }
        _ => {
            stream::check_shown(&text)?;
            receiver.save()?;
            stream::write(&text)
        }
    }
}

fn open_lines(args: &Args, encoding: notation::Form, receiver: &mut Receiver) -> Outcome {
    let limit = encoding.room(MAX_PAYLOAD_LEN + MAX_OVERHEAD);
    let mut lines = Lines::new(args.input.open()?, args.input.name(), limit);
    let mut first_refusal = None;
    let mut refusals = 0_u64;
    let mut number = 0_u64;
    while let Some(line) = lines.next()? {
        number += 1;
        let place = format!("line {number}");
        let opened =
            encoding.read(&place, line).and_then(|message| receiver.open(aad(&args.aad), &message));
        let opened = match opened {
            Ok(opened) => opened,
            Err(refused) => {
                stream::tell(format_args!("{place}: {}", refused.message));
                if args.json {
                    let report = Report::new()
                        .with("line", number)
                        .with("error", refused.exit.word())
                        .with("message", refused.message);
                    report.print(true)?;
                }
                refusals += 1;
                first_refusal.get_or_insert(refused.exit);
                continue;
            }
        };
        let text = if args.json {
            opened.json(Report::new().with("line", number))
        } else {
            let mut text = Zeroizing::new(Vec::with_capacity(opened.payload.len() + 1));
            text.extend_from_slice(&opened.payload);
            text.push(b'\n');
            text
        };
        stream::check_shown(&text)?;
        receiver.save()?;
        stream::write(&text)?;
    }
    match first_refusal {
        Some(exit) => {
            Err(Failure::new(exit, format!("{refusals} of {number} messages were refused")))
        }
        None => Ok(()),
    }
}

/// An opener with the file that it keeps its state in.
struct Receiver {
    opener: Opener,
    state: Option<StateFile>,
}

/// A message that was opened.
struct Received {
    opened: Opened,
    id: String,
    payload: Zeroizing<Vec<u8>>,
}

impl Receiver {
    fn new(args: &Args, key: DeviceKey) -> Outcome<Self> {
        let path = match (&args.state, args.boot) {
            (Some(path), _) => path,
            (None, Some(boot)) => {
                return Ok(Self { opener: Opener::down(key, boot), state: None });
            }
            (None, None) => return Err(no_state()),
        };
        if args.first_contact {
            let state = Some(StateFile::first_contact(path)?);
            return Ok(Self { opener: Opener::first_contact(key), state });
        }
        let (file, state) = StateFile::load(path, &key)?;
        let opener = Opener::resume(key, &state).map_err(of(path.display()))?;
        Ok(Self { opener, state: Some(file) })
    }

    /// Opens a message. What it gives is not to leave before [`Self::save`].
    fn open(&mut self, aad: &[u8], message: &[u8]) -> Outcome<Received> {
        let mut payload = Zeroizing::new(vec![0; message.len()]);
        let opened = self
            .opener
            .open(aad, message, &mut payload)
            .map_err(|error| self.refusal(error, message))?;
        payload.truncate(opened.len);
        Ok(Received { opened, id: show(self.opener.key().id().as_bytes()), payload })
    }

    fn save(&mut self) -> Outcome {
        match &mut self.state {
            Some(state) => state.save(&self.opener),
            None => Ok(()),
        }
    }

    /// An error of the opener, with what the message says of itself.
    fn refusal(&self, error: Error, message: &[u8]) -> Failure {
        let key = self.opener.key();
        let ours = format!("{} version {}", show(key.id().as_bytes()), key.version().get());
        let claim = inspect(message).map(|parts| parts.claim);
        match (error, claim) {
            (Error::OtherKey, Ok(Claim::Long { version, id, .. })) => other_key(id, version, key),
            (Error::NeedLong, _) => Failure::new(
                Exit::NeedsMore,
                "a short message of a session that is not known yet: open a long one of it \
                 first (the first of a run and every 64th is long)",
            ),
            (Error::SessionFull, _) => Failure::new(
                Exit::NeedsMore,
                "the device follows four senders a boot, and this is a fifth: start the next boot",
            ),
            (error, _) => of(format!("a message for {ours}"))(error),
        }
    }
}

impl Received {
    /// One line of JSON.
    fn json(&self, report: Report) -> Zeroizing<Vec<u8>> {
        let report =
            report.with("device_id", self.id.as_str()).with("version", self.opened.version.get());
        let form = if self.opened.form == Form::Compact { "compact" } else { "long" };
        let head = with_session(report, &self.opened.session)
            .with("counter", self.opened.counter)
            .with("form", form)
            .json();
        // The payload stays out of the library's buffers, which nobody wipes.
        let payload = text_of(Encoding::Base64, &self.payload);
        let mut text = Zeroizing::new(Vec::with_capacity(head.len() + payload.len() + 16));
        text.extend_from_slice(head.trim_end_matches('}').as_bytes());
        text.extend_from_slice(b",\"payload\":\"");
        text.extend_from_slice(&payload);
        text.extend_from_slice(b"\"}\n");
        text
    }
}

fn no_state() -> Failure {
    Failure::usage(
        "--state FILE is needed: it keeps replays out (the first time add --first-contact; \
         a device opens with --down --boot N)",
    )
}

fn load_key(args: &Args) -> Outcome<DeviceKey> {
    if args.state.is_none() && args.boot.is_none() {
        return Err(no_state());
    }
    let Some(path) = &args.journal else { return args.key.load() };
    let id = journal::owner(args.key.id)?;
    Ok(journal::open(path)?.device_key(&id))
}
