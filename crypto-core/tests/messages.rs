//! Sealed messages from root to opened payload (`docs/message.md`).

use corekey::Error;
use corekey::device::key::DeviceKey;
use corekey::device::message::{Form, Session};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::opener::Opener;
use corekey::device::root::{Root, RootKey};
use corekey::device::sealer::Sealer;
use corekey::secret::Secret;

fn device_key() -> DeviceKey {
    let root = RootKey::new(&Secret::take(&mut [7; 32]));
    let id = DeviceId::new(b"pump-station-7").unwrap();
    root.device_key(&id, Version::FIRST).unwrap()
}

fn boot(number: u64) -> Boot {
    Boot::new(number).unwrap()
}

#[test]
fn what_is_sealed_is_opened_with_identity_and_counter() {
    let mut sealer = Sealer::up(&device_key(), Session::counted(boot(1))).unwrap();
    let mut opener = Opener::first_contact(device_key());
    for counter in 0..200 {
        let mut message = [0; 80];
        let len = sealer.seal(Form::Compact, b"", b"21.5 C, ok", &mut message).unwrap();
        let mut payload = [0; 10];
        let opened = opener.open(b"", &message[..len], &mut payload).unwrap();
        assert_eq!(&payload, b"21.5 C, ok");
        assert_eq!(opened.counter, counter);
        assert_eq!(opened.form == Form::Long, counter % 64 == 0);
        assert_eq!(len, if counter % 64 == 0 { 58 } else { 30 });

        let again = opener.open(b"", &message[..len], &mut payload);
        assert_eq!(again, Err(Error::Replay));
        assert_eq!(payload, [0; 10]);
    }
}

#[test]
fn a_recorded_boot_is_refused_by_a_restarted_opener() {
    let mut message = [0; 80];
    let mut old = Sealer::up(&device_key(), Session::counted(boot(1))).unwrap();
    let len = old.seal(Form::Long, b"", b"one", &mut message).unwrap();
    let mut opener = Opener::first_contact(device_key());
    opener.open(b"", &message[..len], &mut [0; 3]).unwrap();
    for next in 2..4 {
        let mut sealer = Sealer::up(&device_key(), Session::counted(boot(next))).unwrap();
        let mut newer = [0; 80];
        let len = sealer.seal(Form::Long, b"", b"two", &mut newer).unwrap();
        opener.open(b"", &newer[..len], &mut [0; 3]).unwrap();
    }
    let mut restarted = Opener::resume(device_key(), &opener.save()).unwrap();
    assert_eq!(restarted.open(b"", &message[..len], &mut [0; 3]), Err(Error::Stale));
}
