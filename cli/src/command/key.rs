//! `corekey key`: the keys of devices.

use clap::{Args, Subcommand, ValueEnum};
use corekey::device::key::DeviceKey;
use corekey::device::root::{Root, WRAPPED_KEY_LEN};
use corekey::encode::Encoding;

use crate::exit::{Exit, Failure, Outcome, of};
use crate::files::Place;
use crate::keys::{KeyArgs, NameArgs, RootArgs, SecretOut};
use crate::notation::{Bytes, bytes_of, bytes_parser, hex, show, text_of};
use crate::report::Report;
use crate::{harden, records, stream};

/// Derive device keys, check them, and what follows from them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Derive(DeriveArgs),
    Check(CheckArgs),
    Import(ImportArgs),
    FromRow(FromRowArgs),
    App(AppArgs),
}

/// Derive the key of a device from a root.
///
/// The same root, id and version always give the same key, so nothing but the
/// root has to be kept. A device that gets another key gets the next version,
/// and no version is ever used twice for an id.
///
/// The key goes to a file of mode 0600 to be installed in the device (--out), to
/// standard output (--show), or is printed wrapped under the root's table key
/// (--wrapped), which is how a table stores it: nothing secret.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey key derive --root root.key --id pump-7 --out pump-7.key
  $ corekey key derive --root root.key --id pump-7 --version 2 --out pump-7.v2.key
  $ corekey key derive --root root.key --fleet pumps --id hex:00a1 --wrapped --json")]
pub(crate) struct DeriveArgs {
    #[command(flatten)]
    root: RootArgs,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    to: SecretOut,
    /// Print the key wrapped for a table row (encryptedKey), in base64.
    #[arg(long, conflicts_with_all = ["out", "show"])]
    wrapped: bool,
    /// Report as JSON: device_id, version, check_value, root_id, encrypted_key.
    #[arg(long, conflicts_with = "show")]
    json: bool,
}

/// Print a key's check value.
///
/// The check value is public. It tells a mistyped or mixed-up key from the right
/// one, and is no proof that somebody has the key.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey key check --key pump-7.key
  $ corekey key check --root root.key --id pump-7 --json
  $ corekey key check --key pump-7.key \\
      --expect \"$(corekey key check --root root.key --id pump-7)\"")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// Compare with this check value, 8 hexadecimal digits; another one is exit
    /// code 3.
    #[arg(long, value_name = "HEX")]
    expect: Option<String>,
    /// Report as JSON: device_id, version, check_value.
    #[arg(long)]
    json: bool,
}

/// Make a device key from one that was made elsewhere.
///
/// What is imported has 16 to 64 bytes, raw, with at least 128 bits of entropy:
/// a password is not enough. Both sides import it with the same id and version.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ head -c 32 /dev/urandom | corekey key import --id meter-1 --out meter-1.key")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    to: SecretOut,
    /// The key made elsewhere: a file of mode 0600, or `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = Place::parser())]
    input: Place,
}

/// Get the device key out of a table row.
///
/// That is the other way of `key derive --wrapped`, and of rows that hold
/// imported keys the only one.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey key derive --root root.key --id pump-7 --wrapped > row.txt
  $ corekey key from-row --root root.key --id pump-7 --out pump-7.again.key row.txt")]
pub(crate) struct FromRowArgs {
    #[command(flatten)]
    root: RootArgs,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    to: SecretOut,
    /// The row's encryptedKey in base64: a file, or `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = Place::parser())]
    input: Place,
}

/// Derive a key for an application's own use from a device key.
///
/// The result is 32 raw bytes. Other purposes and contexts give other keys, and
/// none of them leads back to the device key.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey key app --key pump-7.key --purpose wrap --context storage --out storage.kek
  $ corekey key app --key pump-7.key --purpose auth --context log-upload --out upload.key")]
pub(crate) struct AppArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// What the application does with the key.
    #[arg(long, value_enum)]
    purpose: Purpose,
    /// Tells uses of one purpose apart: up to 128 bytes, as text or as hex: and
    /// hexadecimal; none is a context too.
    #[arg(long, value_name = "CONTEXT", value_parser = bytes_parser())]
    context: Option<Bytes>,
    #[command(flatten)]
    to: SecretOut,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Purpose {
    /// To wrap keys with, as `corekey wrap --kek` does.
    Wrap,
    /// To authenticate with.
    Auth,
}

pub(crate) fn run(command: &Command) -> Outcome {
    harden::process()?;
    match command {
        Command::Derive(args) => derive(args),
        Command::Check(args) => check(args),
        Command::Import(args) => import(args),
        Command::FromRow(args) => from_row(args),
        Command::App(args) => app(args),
    }
}

/// What is public of a device key.
pub(crate) fn report_of(key: &DeviceKey) -> Report {
    add_name(Report::new(), key)
}

/// A report with the public name of a device key.
pub(crate) fn add_name(report: Report, key: &DeviceKey) -> Report {
    report
        .with("device_id", show(key.id().as_bytes()))
        .with("version", key.version().get())
        .with("check_value", hex(&key.check_value()))
}

fn derive(args: &DeriveArgs) -> Outcome {
    if !args.wrapped && !args.to.is_given() {
        return Err(Failure::usage(
            "say where the key goes: --out FILE makes a file of mode 0600, --wrapped prints it \
             wrapped for a table, --show prints it as it is",
        ));
    }
    if args.json && !args.wrapped && !args.to.is_file() {
        return Err(Failure::usage(
            "--json reports where the key is not: add --out FILE or --wrapped",
        ));
    }
    if !args.wrapped {
        args.to.check()?;
    }
    let root = args.root.load()?;
    let key = root.device_key(&args.name.id, args.name.version).map_err(of("the device key"))?;
    let report = report_of(&key).with("root_id", records::root_id(&root)?);
    if args.wrapped {
        let row = root.table_key().and_then(|table| table.wrap(&key)).map_err(of("the row"))?;
        let row = String::from_utf8_lossy(&text_of(Encoding::Base64, &row)).into_owned();
        if args.json {
            return report.with("encrypted_key", row).print(true);
        }
        return stream::write((row + "\n").as_bytes());
    }
    args.to.write(&records::write_device_key(&key))?;
    if !args.to.is_file() {
        return Ok(());
    }
    report.print(args.json)
}

fn check(args: &CheckArgs) -> Outcome {
    let key = args.key.load()?;
    let value = hex(&key.check_value());
    if let Some(expected) = &args.expect
        && !expected.trim().eq_ignore_ascii_case(&value)
    {
        return Err(Failure::new(
            Exit::NotAuthentic,
            format!(
                "the check value of {} version {} is {value}, not {}: this is another key",
                show(key.id().as_bytes()),
                key.version().get(),
                expected.trim()
            ),
        ));
    }
    if args.json {
        return report_of(&key).print(true);
    }
    stream::write((value + "\n").as_bytes())
}

fn import(args: &ImportArgs) -> Outcome {
    const LONGEST: usize = 64;
    args.to.check()?;
    let imported = args.input.read_secret(LONGEST)?;
    let what =
        format!("{} has {} bytes, and 16 to 64 are a key", args.input.name(), imported.len());
    let key = DeviceKey::import(args.name.id, args.name.version, &imported).map_err(of(what))?;
    args.to.write(&records::write_device_key(&key))
}

fn from_row(args: &FromRowArgs) -> Outcome {
    args.to.check()?;
    let root = args.root.load()?;
    let text = args.input.read(records::MAX_LEN)?;
    let row = bytes_of(Encoding::Base64, text.trim_ascii_end())
        .and_then(|row| <[u8; WRAPPED_KEY_LEN]>::try_from(row.as_slice()).ok())
        .ok_or_else(|| {
            let name = args.input.name();
            Failure::bad_input(format!("{name} holds no encryptedKey, which is 40 bytes in base64"))
        })?;
    let what = format!(
        "this row is not of {} version {} under this root",
        show(args.name.id.as_bytes()),
        args.name.version.get()
    );
    let key = root
        .table_key()
        .and_then(|table| table.unwrap(&args.name.id, args.name.version, &row))
        .map_err(of(what))?;
    args.to.write(&records::write_device_key(&key))
}

fn app(args: &AppArgs) -> Outcome {
    args.to.check()?;
    let key = args.key.load()?;
    let context = args.context.as_ref().map_or(&[][..], |context| &context.0);
    let derived = match args.purpose {
        Purpose::Wrap => key.app_wrap_key(context),
        Purpose::Auth => key.app_auth_key(context),
    };
    args.to.write(derived.map_err(of("--context has 0 to 128 bytes"))?.expose())
}
