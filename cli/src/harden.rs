//! What a process does before it holds a secret: it forbids core dumps, locks
//! its memory so that nothing of it reaches swap, and tests the algorithms. What
//! the system refuses is said on standard error.

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::{CapabilitySet, capabilities};

use crate::exit::{Outcome, of};
use crate::stream;

/// From this limit on all memory to come is locked too: two copies of the
/// longest message fit, and whatever else a command may want. Below it an
/// allocation could fail half-way for the lock alone.
const ROOM_FOR_ALL: u64 = 256 << 20;

/// To be called before the first secret is read.
pub(crate) fn process() -> Outcome {
    if let Err(error) = forbid_core_dumps() {
        note(&format!("core dumps could not be forbidden ({error}): a crash may write keys"));
    }
    if let Err(error) = lock_memory() {
        note(&format!(
            "memory could not be locked ({error}): keys may reach swap; \
             raise the limit (ulimit -l) or give CAP_IPC_LOCK"
        ));
    }
    corekey::selftest::run().map_err(of("self-test"))
}

/// The limit is for dumps to files, the flag also for those that a program
/// takes (core_pattern), and for other processes of the same user.
fn forbid_core_dumps() -> rustix::io::Result<()> {
    let limit = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    set_dumpable_behavior(DumpableBehavior::NotDumpable).and(limit)
}

fn lock_memory() -> rustix::io::Result<()> {
    let limit = getrlimit(Resource::Memlock);
    if limit.current != limit.maximum {
        // Refused or not, the lock below tells.
        let _ = setrlimit(Resource::Memlock, Rlimit { current: limit.maximum, ..limit });
    }
    let privileged =
        capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK));
    let ample = limit.maximum.is_none_or(|bytes| bytes >= ROOM_FOR_ALL);
    if (privileged || ample) && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE).is_ok() {
        return Ok(());
    }
    // Keys live in what is mapped already: the stack and the start of the heap.
    mlockall(MlockAllFlags::CURRENT)
}

fn note(text: &str) {
    stream::tell(format_args!("note: {text}"));
}
