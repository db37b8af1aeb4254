//! Where a command takes its keys from: a root, a device key in a file, or one
//! that is derived for the occasion; and where it puts new ones.

use clap::Args;
use corekey::device::key::DeviceKey;
use corekey::device::name::{DeviceId, Version};
use corekey::device::root::{Root, RootKey};

use crate::exit::{Exit, Failure, Outcome, of};
use crate::files::{self, Place};
use crate::notation::{Bytes, bytes_parser, id_parser, parse_version};
use crate::{records, stream};

/// Headings in the help.
const KEY: &str = "The key";
const SECRET: &str = "Where the secret goes";

/// A root, or that of a fleet under it.
#[derive(Args, Debug)]
pub(crate) struct RootArgs {
    /// The root: a file that `root new` made, or `-` for standard input.
    #[arg(long, help_heading = KEY, value_name = "FILE", value_parser = Place::parser())]
    root: Place,
    /// Use the root of this fleet, which is derived from the root.
    #[arg(long, help_heading = KEY, value_name = "FLEET", value_parser = bytes_parser())]
    fleet: Option<Bytes>,
}

impl RootArgs {
    pub(crate) fn load(&self) -> Outcome<RootKey> {
        load_root(&self.root, self.fleet.as_ref())
    }
}

pub(crate) fn load_root(place: &Place, fleet: Option<&Bytes>) -> Outcome<RootKey> {
    let root = records::read_root(&place.name(), &place.read_secret(records::MAX_LEN)?)?;
    match fleet {
        Some(fleet) => root.fleet_root(&fleet.0).map_err(of("--fleet")),
        None => Ok(root),
    }
}

/// Whose key: an id and a version.
#[derive(Args, Debug)]
pub(crate) struct NameArgs {
    /// The device: 1 to 128 bytes, as text or as hex: and hexadecimal.
    #[arg(long, help_heading = KEY, value_name = "ID", value_parser = id_parser())]
    pub(crate) id: DeviceId,
    /// Which of the device's keys; each version is used once and never again.
    #[arg(long, help_heading = KEY, value_name = "N", default_value = "1", value_parser = parse_version)]
    pub(crate) version: Version,
}

/// A device key: from a file, or derived from a root.
#[derive(Args, Debug)]
pub(crate) struct KeyArgs {
    /// The device key: a file that `key derive` made, or `-` for standard input.
    #[arg(long, help_heading = KEY, value_name = "FILE", value_parser = Place::parser(), conflicts_with_all = ["root", "fleet", "id", "version"])]
    key: Option<Place>,
    /// Derive the device key from this root, for --id.
    #[arg(long, help_heading = KEY, value_name = "FILE", value_parser = Place::parser())]
    root: Option<Place>,
    /// With --root: use the root of this fleet, which is derived from the root.
    #[arg(long, help_heading = KEY, value_name = "FLEET", value_parser = bytes_parser(), requires = "root")]
    fleet: Option<Bytes>,
    /// The device, where no key file says it: 1 to 128 bytes, as text or as hex: and
    /// hexadecimal.
    #[arg(long, help_heading = KEY, value_name = "ID", value_parser = id_parser())]
    pub(crate) id: Option<DeviceId>,
    /// With --root: which of the device's keys [default: 1].
    #[arg(long, help_heading = KEY, value_name = "N", value_parser = parse_version, requires = "root")]
    version: Option<Version>,
}

impl KeyArgs {
    /// Whether a key is named at all.
    pub(crate) fn is_given(&self) -> bool {
        self.key.is_some() || self.root.is_some()
    }

    pub(crate) fn version(&self) -> Version {
        self.version.unwrap_or(Version::FIRST)
    }

    pub(crate) fn fleet(&self) -> Option<&Bytes> {
        self.fleet.as_ref()
    }

    pub(crate) fn load(&self) -> Outcome<DeviceKey> {
        match (&self.key, &self.root) {
            (Some(place), _) => load_key(place),
            (None, Some(root)) => {
                let root = load_root(root, self.fleet.as_ref())?;
                self.derive(&root, self.version())
            }
            (None, None) => Err(Failure::usage(
                "no key is named: --key FILE has one, or --root FILE with --id ID derives it",
            )),
        }
    }

    /// The key of --id under a root.
    pub(crate) fn derive(&self, root: &RootKey, version: Version) -> Outcome<DeviceKey> {
        let id = self.id.ok_or_else(|| Failure::usage("--root needs --id: whose key it is"))?;
        root.device_key(&id, version).map_err(of("the device key"))
    }

    /// The root that is named, if one is.
    pub(crate) fn load_root(&self) -> Outcome<Option<RootKey>> {
        self.root.as_ref().map(|root| load_root(root, self.fleet.as_ref())).transpose()
    }
}

pub(crate) fn load_key(place: &Place) -> Outcome<DeviceKey> {
    records::read_device_key(&place.name(), &place.read_secret(records::MAX_LEN)?)
}

/// Where a new secret goes: the user has to say.
#[derive(Args, Debug)]
pub(crate) struct SecretOut {
    /// Make this file, of mode 0600, for the secret; `-` is standard output,
    /// unless that is a terminal.
    #[arg(long, help_heading = SECRET, value_name = "FILE", value_parser = Place::parser(), conflicts_with = "show")]
    out: Option<Place>,
    /// Write the secret to standard output, even to a terminal.
    #[arg(long, help_heading = SECRET)]
    show: bool,
}

impl SecretOut {
    /// Whether a place is named at all.
    pub(crate) fn is_given(&self) -> bool {
        self.show || self.out.is_some()
    }

    /// Whether standard output is left for a report.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.out, Some(Place::File(_)))
    }

    /// To be asked before the secret is made.
    pub(crate) fn check(&self) -> Outcome {
        match &self.out {
            _ if self.show => Ok(()),
            Some(Place::File(path)) => files::refuse_existing(path),
            Some(Place::Standard) if stream::output_is_terminal() => Err(Failure::new(
                Exit::Usage,
                "standard output is a terminal: name a file, or say --show to see the secret",
            )),
            Some(Place::Standard) => Ok(()),
            None => Err(Failure::usage(
                "say where the secret goes: --out FILE makes a file of mode 0600, --show prints it",
            )),
        }
    }

    pub(crate) fn write(&self, secret: &[u8]) -> Outcome {
        self.check()?;
        match &self.out {
            Some(Place::File(path)) => files::create(path, secret),
            _ => stream::write(secret),
        }
    }
}
