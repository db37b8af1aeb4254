//! The server's side of rotation (`docs/rotation.md`, "Server"): one head record
//! a device and one row a version, as plain values. What happens to a device
//! gives a [`Change`], which the server makes in one transaction, provided that
//! nobody changed the head meanwhile. Servers that race need nothing else.

use crate::device::name::Version;

/// How far [`Head::leap`] goes: more than a device rotates between two backups.
const LEAP: u64 = 1 << 16;

/// What a server keeps of a device as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// The version that the device was last heard to have.
    pub active: Option<Version>,
    /// The version that is offered to it.
    pub pending: Option<Version>,
    /// The highest version that ever was. Stays when all else is purged.
    pub max_version: Version,
    /// Whether anything is opened, sealed and offered.
    pub status: HeadStatus,
    /// Grows by one with each change.
    pub rev: u64,
}

/// Whether a device is one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeadStatus {
    /// It is.
    Live,
    /// It was; it gets nothing until it is enrolled anew.
    Revoked,
}

/// What a server does with one version of a device's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowStatus {
    /// Offered to the device, which has not spoken it yet.
    Pending,
    /// The one that the device speaks.
    Active,
    /// The one before, for messages under way.
    Retiring,
    /// The grace time of the one before is over.
    Archived,
    /// Taken back.
    Revoked,
}

impl RowStatus {
    /// Whether messages under this version are opened.
    #[must_use]
    pub fn opens(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Retiring)
    }

    /// Whether messages are sealed under this version: to a device whose last
    /// authenticated message was under it.
    #[must_use]
    pub fn seals(self) -> bool {
        matches!(self, Self::Active | Self::Retiring)
    }
}

/// One transaction: either all of it, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// The revision that the stored head must have; with none, there must be no
    /// head. If that is not so then read the head and begin again.
    pub if_rev: Option<u64>,
    /// The head to store.
    pub head: Head,
    /// The rows to make or to change.
    pub rows: [Option<RowChange>; 2],
    /// Whether every row that is RETIRING becomes REVOKED too.
    pub revoke_retiring: bool,
}

/// The change of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowChange {
    /// The row.
    pub version: Version,
    /// The status that it must have; with none, there must be no such row.
    pub from: Option<RowStatus>,
    /// The status that it gets.
    pub to: RowStatus,
}

/// Why there is no change to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The device is enrolled.
    Live,
    /// The device is revoked.
    Revoked,
    /// The device has had all versions there are.
    NoVersionLeft,
}

/// What a request to rotate comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// A rotation to this version is under way.
    Pending(Version),
    /// A rotation begins.
    Begin(Change),
}

/// What follows from a message that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing.
    Nothing,
    /// The device is to be sent the offer of this version, under the version
    /// that it spoke.
    OfferDue(Version),
    /// The device has taken the offer.
    Acknowledged(Change),
}

/// A new device, or one that comes back after it was revoked. Its key is that
/// of the active version of the change, and reaches it by another channel.
///
/// # Errors
/// [`Refused::Live`], [`Refused::NoVersionLeft`].
pub fn enrol(head: Option<&Head>) -> Result<Change, Refused> {
    let version = match head {
        None => Version::FIRST,
        Some(head) if head.status == HeadStatus::Live => return Err(Refused::Live),
        Some(head) => head.max_version.next().map_err(|_| Refused::NoVersionLeft)?,
    };
    let if_rev = head.map(|head| head.rev);
    Ok(Change {
        if_rev,
        head: Head {
            active: Some(version),
            pending: None,
            max_version: version,
            status: HeadStatus::Live,
            rev: if_rev.map_or(1, next_rev),
        },
        rows: [Some(RowChange { version, from: None, to: RowStatus::Active }), None],
        revoke_retiring: false,
    })
}

/// What becomes of a row when its grace time is over: a transaction by itself,
/// which leaves the head alone.
#[must_use]
pub fn grace_over(version: Version, status: RowStatus) -> Option<RowChange> {
    if status != RowStatus::Retiring {
        return None;
    }
    Some(RowChange { version, from: Some(status), to: RowStatus::Archived })
}

impl Head {
    /// The device is to get a new key.
    ///
    /// # Errors
    /// [`Refused::Revoked`], [`Refused::NoVersionLeft`].
    pub fn rotate(&self) -> Result<Rotation, Refused> {
        if self.status == HeadStatus::Revoked {
            return Err(Refused::Revoked);
        }
        if let Some(pending) = self.pending {
            return Ok(Rotation::Pending(pending));
        }
        let version = self.max_version.next().map_err(|_| Refused::NoVersionLeft)?;
        let head = Self { pending: Some(version), max_version: version, ..*self };
        let row = RowChange { version, from: None, to: RowStatus::Pending };
        Ok(Rotation::Begin(self.change(head, [Some(row), None])))
    }

    /// A message under `version` verified.
    #[must_use]
    pub fn heard(&self, version: Version) -> Heard {
        let (HeadStatus::Live, Some(pending)) = (self.status, self.pending) else {
            return Heard::Nothing;
        };
        if self.active == Some(version) {
            return Heard::OfferDue(pending);
        }
        if version != pending {
            return Heard::Nothing;
        }
        let head = Self { active: Some(pending), pending: None, ..*self };
        let rows = [
            Some(row_change(pending, RowStatus::Pending, RowStatus::Active)),
            self.active.map(|old| row_change(old, RowStatus::Active, RowStatus::Retiring)),
        ];
        Heard::Acknowledged(self.change(head, rows))
    }

    /// The device is no longer trusted.
    ///
    /// # Errors
    /// [`Refused::Revoked`] if it was not.
    pub fn revoke(&self) -> Result<Change, Refused> {
        if self.status == HeadStatus::Revoked {
            return Err(Refused::Revoked);
        }
        let head = Self { active: None, pending: None, status: HeadStatus::Revoked, ..*self };
        let rows = [
            self.active.map(|it| row_change(it, RowStatus::Active, RowStatus::Revoked)),
            self.pending.map(|it| row_change(it, RowStatus::Pending, RowStatus::Revoked)),
        ];
        Ok(Change { revoke_retiring: true, ..self.change(head, rows) })
    }

    /// The head came out of a backup: it skips the versions that were given out
    /// since. To be done to every head before anything else.
    ///
    /// # Errors
    /// [`Refused::NoVersionLeft`].
    pub fn leap(&self) -> Result<Change, Refused> {
        let max_version = self.max_version.get().saturating_add(LEAP);
        let max_version = Version::new(max_version).map_err(|_| Refused::NoVersionLeft)?;
        Ok(self.change(Self { max_version, ..*self }, [None, None]))
    }

    fn change(&self, head: Self, rows: [Option<RowChange>; 2]) -> Change {
        Change {
            if_rev: Some(self.rev),
            head: Self { rev: next_rev(self.rev), ..head },
            rows,
            revoke_retiring: false,
        }
    }
}

fn row_change(version: Version, from: RowStatus, to: RowStatus) -> RowChange {
    RowChange { version, from: Some(from), to }
}

/// Revisions start at 1 and have no end that anything reaches.
fn next_rev(rev: u64) -> u64 {
    rev.wrapping_add(1)
}
