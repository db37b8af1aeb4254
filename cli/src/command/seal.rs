//! `corekey seal`: payloads into sealed messages.
//!
//! A run is one session. Its boot number comes from the device's journal, which
//! never gives one twice, or from the clock together with a random salt.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use corekey::Error;
use corekey::device::file::FileStorage;
use corekey::device::journal::Journal;
use corekey::device::key::DeviceKey;
use corekey::device::message::{Form, MAX_OVERHEAD, MAX_PAYLOAD_LEN, SALT_LEN, Session};
use corekey::device::name::{Boot, DeviceId};
use corekey::device::opener::Opener;
use corekey::device::sealer::Sealer;
use corekey::rng::OsRng;

use crate::command::journal;
use crate::exit::{Exit, Failure, Outcome, of};
use crate::files::{self, Access, Place, open_own};
use crate::harden;
use crate::keys::KeyArgs;
use crate::notation::{self, Bytes, bytes_parser, parse_boot};
use crate::state::StateFile;
use crate::stream::{self, Lines};

/// Seal payloads into messages.
///
/// A device seals with its journal, which has its key and counts its boots. A
/// host without one seals with --clock: the time stands for the boot number, and
/// a random salt sees to it that no nonce comes twice. Do not use both for one
/// key: after a message from a clock those from a journal look old.
///
/// One message is sealed from FILE or standard input, or with --lines one of each
/// line, each written as a line of base64 as soon as it is there.
///
/// A server seals for a device with --down: it needs the device's present boot,
/// from the state of the device's messages (--state) or by number (--boot). Each
/// run is one of the four senders that a device follows in a boot, so send in one
/// run what belongs together.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  $ echo '21.5 C' | corekey seal --journal pump-7.journal --id pump-7 --out reading.msg
  $ printf '21.5\\n21.6\\n' | corekey seal --journal pump-7.journal --id pump-7 \\
      --lines --compact > readings.txt
  $ echo '21.5 C' | corekey seal --root root.key --id gateway-1 --clock --encoding base64
  $ echo 'valve off' | corekey seal --down --key pump-7.key --boot 2 --out command.msg")]
pub(crate) struct Args {
    /// The device's journal: its key and boot numbers. Needs --id.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "root", "fleet", "version", "clock", "down", "boot", "state"])]
    journal: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
    /// Take the time for the boot number, and a random salt. For hosts that keep
    /// no journal.
    #[arg(long, conflicts_with_all = ["down", "boot", "state", "no_salt"])]
    clock: bool,
    /// Leave the random salt out, which makes long messages 8 bytes shorter. Only
    /// for a device whose journal is never restored or copied, nor made a second
    /// time with one key: else nonces come twice, which breaks the cipher.
    #[arg(long, requires = "journal", conflicts_with = "down")]
    no_salt: bool,
    /// Seal for the device, from cloud to device.
    #[arg(long)]
    down: bool,
    /// With --down: the boot that the device is in, from its last message.
    #[arg(long, value_name = "N", value_parser = parse_boot, requires = "down", conflicts_with = "state")]
    boot: Option<Boot>,
    /// With --down: take the boot from the state that `open` keeps for the device.
    #[arg(long, value_name = "FILE", requires = "down")]
    state: Option<PathBuf>,
    /// Seal each line by itself, and write each message as a line of text.
    #[arg(long)]
    lines: bool,
    /// Use the short form, 20 bytes over the payload. The first message of a run
    /// and every 64th are long all the same.
    #[arg(long, requires = "lines", conflicts_with = "out")]
    compact: bool,
    /// Bytes that both sides know and that are protected but not sent: 0 to 255,
    /// as text or as hex: and hexadecimal.
    #[arg(long, value_name = "AAD", value_parser = bytes_parser())]
    aad: Option<Bytes>,
    /// How messages are written [default: raw, with --lines base64].
    #[arg(long, value_enum)]
    encoding: Option<notation::Form>,
    /// Make this file instead of writing to standard output (`-`).
    #[arg(long, value_name = "FILE", value_parser = Place::parser(), conflicts_with = "lines")]
    out: Option<Place>,
    /// The payload: a file, or `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = Place::parser())]
    input: Place,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let encoding = encoding(args.encoding, args.lines)?;
    match &args.out {
        Some(Place::File(path)) => files::refuse_existing(path)?,
        _ => stream::check_output(encoding)?,
    }
    harden::process()?;
    let mut sessions = Sessions::new(args)?;
    if args.lines {
        return seal_lines(args, encoding, &mut sessions);
    }
    let payload = args.input.read(MAX_PAYLOAD_LEN)?;
    let message = sessions.seal(Form::Long, aad(&args.aad), &payload)?;
    let text = encoding.write(&message);
    match &args.out {
        Some(Place::File(path)) => files::create(path, &text),
        _ => stream::write(&text),
    }
}

/// The external AAD, which is empty unless both sides agree on one.
pub(crate) fn aad(given: &Option<Bytes>) -> &[u8] {
    given.as_ref().map_or(&[], |aad| &aad.0)
}

/// The encoding of messages; lines are text.
pub(crate) fn encoding(asked: Option<notation::Form>, lines: bool) -> Outcome<notation::Form> {
    match (asked, lines) {
        (Some(notation::Form::Raw), true) => {
            Err(Failure::usage("lines are text: --encoding hex or base64"))
        }
        (Some(form), _) => Ok(form),
        (None, true) => Ok(notation::Form::Base64),
        (None, false) => Ok(notation::Form::Raw),
    }
}

fn seal_lines(args: &Args, encoding: notation::Form, sessions: &mut Sessions) -> Outcome {
    let form = if args.compact { Form::Compact } else { Form::Long };
    let mut lines = Lines::new(args.input.open()?, args.input.name(), MAX_PAYLOAD_LEN);
    while let Some(payload) = lines.next()? {
        let message = sessions.seal(form, aad(&args.aad), &payload)?;
        stream::write(&encoding.write(&message))?;
    }
    Ok(())
}

/// Where sessions come from, none of them twice.
enum Source {
    /// Device key and boot numbers.
    Journal { path: PathBuf, open: Option<Journal<FileStorage>>, id: DeviceId, salted: bool },
    /// The time is the boot number.
    Clock(DeviceKey),
    /// To a device in this boot.
    Down(DeviceKey, Boot),
}

/// Seals messages, and begins another session when one is full.
struct Sessions {
    source: Source,
    sealer: Option<Sealer>,
}

impl Sessions {
    fn new(args: &Args) -> Outcome<Self> {
        Ok(Self { source: Source::new(args)?, sealer: None })
    }

    fn seal(&mut self, form: Form, aad: &[u8], payload: &[u8]) -> Outcome<Vec<u8>> {
        let mut sealer = match self.sealer.take() {
            Some(sealer) => sealer,
            None => self.source.begin()?,
        };
        let mut message = vec![0; payload.len() + MAX_OVERHEAD];
        let mut sealed = sealer.seal(form, aad, payload, &mut message);
        if sealed == Err(Error::SessionFull) {
            sealer = self.source.begin()?;
            sealed = sealer.seal(form, aad, payload, &mut message);
        }
        self.sealer = Some(sealer);
        let len = sealed
            .map_err(of(format!("a payload has up to {MAX_PAYLOAD_LEN} bytes, --aad up to 255")))?;
        message.truncate(len);
        Ok(message)
    }
}

impl Source {
    fn new(args: &Args) -> Outcome<Self> {
        if let Some(path) = &args.journal {
            let id = journal::owner(args.key.id)?;
            drop(open_own(path, Access::ReadAndWrite, 0o077)?);
            let salted = !args.no_salt;
            return Ok(Self::Journal { path: path.clone(), open: None, id, salted });
        }
        if args.down {
            let key = args.key.load()?;
            let boot = device_boot(args, &key)?;
            return Ok(Self::Down(key, boot));
        }
        if !args.clock {
            return Err(Failure::usage(if args.key.is_given() {
                "a sealer needs a boot number that was never used: --journal FILE counts boots \
                 (make one by `journal new`), --clock takes the time and a random salt"
            } else {
                "name what to seal with: --journal FILE --id ID for a device, \
                 --key FILE --clock for a host, --down for a server"
            }));
        }
        Ok(Self::Clock(args.key.load()?))
    }

    /// Begins a session that was never used before.
    fn begin(&mut self) -> Outcome<Sealer> {
        let sealer = match self {
            Self::Journal { path, open, id, salted } => {
                // It is locked from the first payload on, not while that is waited for.
                let journal = match open {
                    Some(journal) => journal,
                    None => open.insert(journal::open(path)?),
                };
                let boot = journal.next_boot().map_err(of("the boot journal"))?;
                let session = match salted {
                    true => Session::salted(boot, salt()?),
                    false => Session::counted(boot),
                };
                Sealer::up(&journal.device_key(id), session)
            }
            Self::Clock(key) => Sealer::up(key, Session::salted(now()?, salt()?)),
            Self::Down(key, boot) => Sealer::down(key, *boot, salt()?),
        };
        sealer.map_err(of("the message key"))
    }
}

/// The boot that the device of a key is in.
fn device_boot(args: &Args, key: &DeviceKey) -> Outcome<Boot> {
    if let Some(boot) = args.boot {
        return Ok(boot);
    }
    let Some(path) = &args.state else {
        return Err(Failure::usage(
            "--down needs the device's present boot: --state FILE has it, --boot N says it",
        ));
    };
    let (_, state) = StateFile::load(path, key)?;
    let copy = corekey::secret::Secret::take(&mut key.expose().to_owned());
    let opener = Opener::resume(DeviceKey::new(*key.id(), key.version(), copy), &state)
        .map_err(of(path.display()))?;
    let session = opener.session().ok_or_else(|| {
        let why =
            format!("{} knows no boot of the device yet: open a message first", path.display());
        Failure::new(Exit::NeedsMore, why)
    })?;
    Ok(session.boot())
}

fn salt() -> Outcome<[u8; SALT_LEN]> {
    let mut salt = [0; SALT_LEN];
    OsRng.fill(&mut salt).map_err(of("a random salt"))?;
    Ok(salt)
}

/// Unix milliseconds.
fn now() -> Outcome<Boot> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .and_then(|millis| Boot::new(millis).ok())
        .ok_or_else(|| Failure::new(Exit::Failed, "the system's clock is not set: set it first"))
}
