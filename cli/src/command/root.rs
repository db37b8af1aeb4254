//! `corekey root`: the secret that everything comes from.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use corekey::device::root::{Root, RootKey};
use corekey::rng::OsRng;
use corekey::secret::Secret;

use crate::exit::{Outcome, of};
use crate::files::{self, Place};
use crate::keys::{RootArgs, SecretOut, load_root};
use crate::notation::{Bytes, bytes_parser};
use crate::report::Report;
use crate::{harden, records, stream};

/// Make roots and tell them apart.
///
/// A root is 32 random bytes. Whoever has it has every key of every device, so
/// it stays on one well-guarded host, and a copy of it in a safe.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(NewArgs),
    Id(IdArgs),
    Fleet(FleetArgs),
}

/// Make a root from the operating system's random bytes.
///
/// The file is new, has mode 0600 and is on the disk when the command returns.
/// What is printed is public: the root's id, which stored rows carry.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey root new --out root.key
  $ corekey root new --out spare.key --json")]
pub(crate) struct NewArgs {
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Report as JSON: root_id, file.
    #[arg(long)]
    json: bool,
}

/// Print the public id of a root.
///
/// The id follows from the root and tells nothing of it. A root file that was
/// damaged is noticed here and wherever it is used.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey root id --root root.key
  $ corekey root id --root root.key --fleet pumps --json
  $ cat root.key | corekey root id --root -")]
pub(crate) struct IdArgs {
    #[command(flatten)]
    root: RootArgs,
    /// Report as JSON: root_id.
    #[arg(long)]
    json: bool,
}

/// Derive the root of one fleet.
///
/// A fleet's root is a root like any other, for a host that serves this fleet
/// alone: it gives the keys that the root gives with --fleet. The root does not
/// follow from it, nor does another fleet's.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey root fleet --root root.key --fleet pumps --out pumps.key
  $ corekey root id --root pumps.key")]
pub(crate) struct FleetArgs {
    /// The root: a file that `root new` made, or `-` for standard input.
    #[arg(long, value_name = "FILE", value_parser = Place::parser())]
    root: Place,
    /// The fleet: 1 to 128 bytes, as text or as hex: and hexadecimal.
    #[arg(long, value_name = "FLEET", value_parser = bytes_parser())]
    fleet: Bytes,
    #[command(flatten)]
    to: SecretOut,
}

pub(crate) fn run(command: &Command) -> Outcome {
    harden::process()?;
    match command {
        Command::New(args) => new(args),
        Command::Id(args) => id(args),
        Command::Fleet(args) => fleet(args),
    }
}

fn new(args: &NewArgs) -> Outcome {
    files::refuse_existing(&args.out)?;
    let mut bytes = [0; 32];
    OsRng.fill(&mut bytes).map_err(of("random bytes"))?;
    let secret = Secret::take(&mut bytes);
    files::create(&args.out, &records::write_root(&secret)?)?;
    Report::new()
        .with("root_id", records::root_id(&RootKey::new(&secret))?)
        .with("file", args.out.display().to_string())
        .print(args.json)
}

fn id(args: &IdArgs) -> Outcome {
    let id = records::root_id(&args.root.load()?)?;
    if args.json {
        return Report::new().with("root_id", id).print(true);
    }
    stream::write(format!("{id}\n").as_bytes())
}

fn fleet(args: &FleetArgs) -> Outcome {
    args.to.check()?;
    let secret = load_root(&args.root, None)?.fleet_secret(&args.fleet.0).map_err(of("--fleet"))?;
    args.to.write(&records::write_root(&secret)?)
}
