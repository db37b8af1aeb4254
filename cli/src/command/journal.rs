//! `corekey journal`: a device's key and boot numbers in a file.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use corekey::device::file::FileStorage;
use corekey::device::journal::Journal;
use corekey::device::name::DeviceId;
use corekey::secret::Secret;

use crate::exit::{Failure, Outcome, of};
use crate::files::{Access, Staged, open_own, patiently, refuse_existing};
use crate::keys::KeyArgs;
use crate::notation::hex;
use crate::report::Report;
use crate::{command::key, harden};

/// As `docs/rotation.md` has them: two pages that last for millions of boots.
const PAGES: usize = 2;
const PAGE_SIZE: usize = 4096;

/// Keep a device's key and boot numbers in a file.
///
/// A boot number that came twice would give a nonce twice. The journal counts
/// them so that this does not happen, whenever the power fails. A copy of the
/// file is a copy of the device: never put an older one back.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(Box<NewArgs>),
    Show(ShowArgs),
}

/// Make a device's journal, with its key in it.
///
/// From then on `seal --journal` takes key and boot numbers from the journal,
/// and `rotate accept --journal` replaces the key. The file of the key is not
/// needed in the device any more.
///
/// If a journal is lost or damaged, make a new one with a key of a new version,
/// never with one under which the device may have sealed.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey journal new --key pump-7.key --out pump-7.journal")]
pub(crate) struct NewArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// The file to make, of mode 0600.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Report as JSON: device_id, version, check_value.
    #[arg(long)]
    json: bool,
}

/// Say which key a journal has.
///
/// It also finishes what a power cut interrupted.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey journal show --journal pump-7.journal")]
pub(crate) struct ShowArgs {
    /// The journal that `journal new` made.
    #[arg(long, value_name = "FILE")]
    journal: PathBuf,
    /// Report as JSON: version, check_value.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> Outcome {
    harden::process()?;
    match command {
        Command::New(args) => new(args),
        Command::Show(args) => show(args),
    }
}

/// Opens a journal that is in a file of the caller's own.
pub(crate) fn open(path: &Path) -> Outcome<Journal<FileStorage>> {
    let name = path.display();
    let storage = patiently(|| match open_own(path, Access::ReadAndWrite, 0o077) {
        Ok(file) => FileStorage::of_file(file, PAGES, PAGE_SIZE).map(Ok),
        Err(refused) => Ok(Err(refused)),
    });
    let storage = storage.map_err(|error| {
        if error.kind() == std::io::ErrorKind::InvalidData {
            return Failure::bad_input(format!("{name} is no journal, or cut off: {error}"));
        }
        Failure::io(&name, &error)
    })??;
    Journal::open(storage).map_err(of(name))
}

/// Whose journal it is: the user says.
pub(crate) fn owner(id: Option<DeviceId>) -> Outcome<DeviceId> {
    id.ok_or_else(|| Failure::usage("--journal needs --id: the journal does not hold whose it is"))
}

fn new(args: &NewArgs) -> Outcome {
    refuse_existing(&args.out)?;
    let key = args.key.load()?;
    let secret = Secret::take(&mut key.expose().to_owned());
    // Half a journal would be taken for a lost one.
    let mut staged =
        Staged::made_by(&args.out, |path| FileStorage::create(path, PAGES, PAGE_SIZE))?;
    Journal::provision(staged.file_mut(), key.version(), &secret)
        .map_err(of(args.out.display()))?;
    staged.publish()?;
    key::report_of(&key).print(args.json)
}

fn show(args: &ShowArgs) -> Outcome {
    let journal = open(&args.journal)?;
    // The check value does not depend on the id, which the journal does not hold.
    let nobody = DeviceId::new(b"-").map_err(of("the device id"))?;
    let key = journal.device_key(&nobody);
    Report::new()
        .with("version", key.version().get())
        .with("check_value", hex(&key.check_value()))
        .print(args.json)
}
