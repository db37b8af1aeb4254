//! `corekey rotate`: a device moves to its next key.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use corekey::Error;
use corekey::device::key::DeviceKey;
use corekey::device::name::Version;
use corekey::device::rotation::{self, Applied, OFFER_LEN};

use crate::command::{journal, key};
use crate::exit::{Failure, Outcome, of};
use crate::files::{self, Place};
use crate::keys::{KeyArgs, load_key, load_root};
use crate::notation::{Form, parse_version, show};
use crate::report::Report;
use crate::{harden, records, stream};

/// Move a device to its next key.
///
/// A server offers the next key under the present one, the device accepts, and
/// its first message under the next key is the acknowledgement. That protects
/// what was sent before from whoever takes the device later. It does not shut out
/// a thief who has the present key: such a device is to be revoked and enrolled
/// anew.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Offer(OfferArgs),
    Accept(AcceptArgs),
}

/// Make the offer of a device's next key (server).
///
/// An offer is 48 bytes, the same whenever it is made, and authenticates itself:
/// send it as the payload of a sealed message, as often as the device still
/// speaks its present version.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey rotate offer --root root.key --id pump-7 --to 2 > offer.bin
  $ corekey rotate offer --key pump-7.key --next-key pump-7.v2.key --encoding base64")]
pub(crate) struct OfferArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// The version of the next key, derived from --root or --next-root [default:
    /// the one after the present version].
    #[arg(long, value_name = "N", value_parser = parse_version, conflicts_with = "next_key")]
    to: Option<Version>,
    /// Derive the next key from this root instead of --root: how devices move to
    /// a new root.
    #[arg(long, value_name = "FILE", value_parser = Place::parser(), conflicts_with = "next_key")]
    next_root: Option<Place>,
    /// The next key, in a file. Needed with --key.
    #[arg(long, value_name = "FILE", value_parser = Place::parser())]
    next_key: Option<Place>,
    /// How the offer is written.
    #[arg(long, value_enum, default_value = "raw")]
    encoding: Form,
}

/// Accept an offer (device).
///
/// With --journal the next key replaces the present one, which is erased, and is
/// on the disk when the command returns; what seals next uses it. With --key the
/// next key goes to a new file: then remove the old one everywhere.
///
/// An offer of the present version or an earlier one is a repetition: nothing
/// happens, and that is no error. A bad offer changes nothing.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey rotate accept --journal pump-7.journal --id pump-7 offer.bin
  $ corekey rotate accept --key pump-7.key --out pump-7.next.key --json offer.bin")]
pub(crate) struct AcceptArgs {
    /// The device's journal. Needs --id.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "root", "fleet", "version", "out"])]
    journal: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
    /// With --key: the file to make for the next key, of mode 0600.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How the offer is read.
    #[arg(long, value_enum, default_value = "raw")]
    encoding: Form,
    /// Report as JSON: accepted, device_id, version, check_value.
    #[arg(long)]
    json: bool,
    /// The offer: a file, or `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = Place::parser())]
    input: Place,
}

pub(crate) fn run(command: &Command) -> Outcome {
    harden::process()?;
    match command {
        Command::Offer(args) => offer(args),
        Command::Accept(args) => accept(args),
    }
}

fn offer(args: &OfferArgs) -> Outcome {
    stream::check_output(args.encoding)?;
    let (current, next) = both_keys(args)?;
    let what = format!(
        "an offer goes to the same device and a higher version; from {} version {} to {} version {}",
        show(current.id().as_bytes()),
        current.version().get(),
        show(next.id().as_bytes()),
        next.version().get()
    );
    if next.id() != current.id() || next.version() <= current.version() {
        return Err(Failure::usage(format!("{what} it cannot be")));
    }
    let offer = rotation::offer(&current, &next).map_err(of(what))?;
    stream::write(&args.encoding.write(&offer))
}

fn both_keys(args: &OfferArgs) -> Outcome<(DeviceKey, DeviceKey)> {
    let root = args.key.load_root()?;
    let current = match &root {
        Some(root) => args.key.derive(root, args.key.version())?,
        None => args.key.load()?,
    };
    if let Some(place) = &args.next_key {
        return Ok((current, load_key(place)?));
    }
    let next_root = match &args.next_root {
        Some(place) => Some(load_root(place, args.key.fleet())?),
        None => root,
    };
    let Some(next_root) = next_root else {
        return Err(Failure::usage("with --key say --next-key FILE, or --next-root FILE"));
    };
    let to = match args.to {
        Some(version) => version,
        None => current.version().next().map_err(of("the next version"))?,
    };
    let next = corekey::device::root::Root::device_key(&next_root, current.id(), to);
    Ok((current, next.map_err(of("the next key"))?))
}

fn accept(args: &AcceptArgs) -> Outcome {
    // Line ends and a longer encoding included.
    const LIMIT: usize = 4 * OFFER_LEN;
    if let Some(path) = &args.out {
        files::refuse_existing(path)?;
    }
    let name = args.input.name();
    if let Some(path) = &args.journal {
        let id = journal::owner(args.key.id)?;
        let offer = args.encoding.read(&name, args.input.read(LIMIT)?)?;
        let mut journal = journal::open(path)?;
        let applied = journal.apply(&id, &offer).map_err(|error| match error {
            Error::BadOffer => of(name)(error),
            _ => of(path.display())(error),
        })?;
        return report(&applied, &journal.device_key(&id), args.json);
    }
    let Some(path) = &args.out else {
        return Err(Failure::usage(
            "say where the next key goes: --out FILE makes a file of mode 0600 for it, \
             --journal FILE --id ID replaces the key of a journal",
        ));
    };
    let current = args.key.load()?;
    let offer = args.encoding.read(&name, args.input.read(LIMIT)?)?;
    let applied = rotation::apply(&current, &offer).map_err(of(name))?;
    if let Applied::Next(next) = &applied {
        files::create(path, &records::write_device_key(next))?;
    }
    report(&applied, &current, args.json)
}

/// `current` is the key that the device has if the offer was ignored.
fn report(applied: &Applied, current: &DeviceKey, json: bool) -> Outcome {
    let (accepted, key) = match applied {
        Applied::Next(next) => (true, next),
        Applied::Ignored => (false, current),
    };
    let report = Report::new().with("accepted", accepted);
    key::add_name(report, key).print(json)
}
