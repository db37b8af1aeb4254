//! Device keys, sealed messages, rotation and the boot journal through the Python
//! package.

use serde_json::{Value, json};

use super::{Called, PythonWheel, Raised, bytes, hex, hexes, number};
use crate::device_front::{
    Answer, DeviceFront, Direction, Form, Held, Key, Name, Opener, Purpose, Root, Sealer, Session,
    Told, check_output_of_refused,
};
use crate::flash::Flash;
use crate::front::Front;

/// The specification's word for an exception, or the exception itself.
fn status(raised: &Raised) -> String {
    match raised.class.as_str() {
        "Malformed" => "MALFORMED".into(),
        "OtherKey" => "OTHER_KEY".into(),
        "NeedLong" => "NEED_LONG".into(),
        "Forged" => "FORGED".into(),
        "Stale" => "STALE".into(),
        "Replay" => "REPLAY".into(),
        "SessionFull" => "SESSION_FULL".into(),
        "InvalidState" => "REFUSED".into(),
        "BadOffer" => "BAD_OFFER".into(),
        "StateLost" => "STATE_LOST".into(),
        _ => raised.to_string(),
    }
}

fn answer<T>(called: Called, read: impl FnOnce(&Value) -> T) -> Answer<T> {
    called.map(|value| read(&value)).map_err(|raised| status(&raised))
}

fn root(root: Root<'_>) -> Value {
    json!([hex(root.secret), root.fleet.map(hex)])
}

fn key(key: Key<'_>) -> Value {
    json!([key.name.version, hex(key.name.id), hex(key.bytes)])
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

fn form(form: Form) -> &'static str {
    match form {
        Form::Long => "long",
        Form::Compact => "compact",
        Form::FullIv => "full IV",
    }
}

fn flash_size(flash: &Flash) -> Value {
    json!([flash.page_count(), flash.page_size()])
}

fn held(value: &Value) -> Held {
    Held { version: number(&value[0]), check_value: bytes(&value[1]), derived: bytes(&value[2]) }
}

fn maybe_held(value: &Value) -> Option<Held> {
    (!value.is_null()).then(|| held(value))
}

fn told(value: &Value) -> Told {
    let or_empty = |value: &Value| if value.is_null() { vec![] } else { bytes(value) };
    Told {
        form: if value[0] == "long" { Form::Long } else { Form::Compact },
        version: number(&value[1]),
        id: or_empty(&value[2]),
        boot: number(&value[3]),
        salt: or_empty(&value[4]),
        counter: number(&value[5]),
        payload_len: number(&value[6]) as usize,
    }
}

/// A sealer or opener that the worker keeps under a number.
#[derive(Debug)]
struct Kept(u64);

impl Drop for Kept {
    fn drop(&mut self) {
        // A worker that has ended has dropped it too.
        let _ = PythonWheel::get().call("drop", json!([self.0]));
    }
}

impl Sealer for Kept {
    fn seal(&mut self, asked: Form, external_aad: &[u8], payload: &[u8]) -> Answer {
        let arguments = json!([self.0, form(asked), hex(external_aad), hex(payload)]);
        answer(PythonWheel::get().call("seal_message", arguments), bytes)
    }
}

impl Opener for Kept {
    fn open(&mut self, external_aad: &[u8], message: &[u8]) -> Answer<(Told, Vec<u8>)> {
        let arguments = json!([self.0, hex(external_aad), hex(message)]);
        let called = PythonWheel::get().call("open_message", arguments);
        if let Err(raised) = &called
            && !raised.buffer.is_empty()
        {
            check_output_of_refused(&status(raised), message, &raised.buffer);
        }
        answer(called, |value| (told(value), bytes(&value[7])))
    }

    fn save(&self) -> Answer {
        answer(PythonWheel::get().call("save", json!([self.0])), bytes)
    }
}

impl DeviceFront for PythonWheel {
    fn name(&self) -> &'static str {
        Front::name(self)
    }

    fn root_id(&self, of: Root<'_>) -> Answer {
        answer(self.call("root_id", json!([root(of)])), bytes)
    }

    fn device_key(&self, of: Root<'_>, name: Name<'_>) -> Answer {
        let arguments = json!([root(of), name.version, hex(name.id)]);
        answer(self.call("device_key", arguments), bytes)
    }

    fn import(&self, name: Name<'_>, imported: &[u8]) -> Answer<Held> {
        let arguments = json!([name.version, hex(name.id), hex(imported)]);
        answer(self.call("import_key", arguments), held)
    }

    fn hold(&self, this: Key<'_>) -> Answer<Held> {
        answer(self.call("hold", json!([key(this)])), held)
    }

    fn wrap(&self, of: Root<'_>, this: Key<'_>) -> Answer {
        answer(self.call("wrap_row", json!([root(of), key(this)])), bytes)
    }

    fn unwrap(&self, of: Root<'_>, name: Name<'_>, wrapped: &[u8]) -> Answer<Held> {
        let arguments = json!([root(of), name.version, hex(name.id), hex(wrapped)]);
        answer(self.call("unwrap_row", arguments), held)
    }

    fn audit(
        &self,
        of: Root<'_>,
        chain_id: &[u8],
        entries: &[&[u8]],
    ) -> Option<Answer<Vec<Vec<u8>>>> {
        let arguments = json!([root(of), hex(chain_id), hexes(entries)]);
        let tags = |value: &Value| value.as_array().into_iter().flatten().map(bytes).collect();
        Some(answer(self.call("audit", arguments), tags))
    }

    fn application_key(&self, this: Key<'_>, purpose: Purpose, context: &[u8]) -> Answer {
        let purpose = match purpose {
            Purpose::Wrap => "wrap",
            Purpose::Authenticate => "authenticate",
        };
        answer(self.call("application_key", json!([key(this), purpose, hex(context)])), bytes)
    }

    fn personalization(&self, this: Key<'_>, boot: u64) -> Answer {
        answer(self.call("personalization", json!([key(this), boot])), bytes)
    }

    fn cose_key(&self, this: Key<'_>, of: Session<'_>) -> Answer {
        let arguments = json!([key(this), direction(of.direction), of.boot, hex(of.salt)]);
        answer(self.call("cose_key", arguments), bytes)
    }

    fn inspect(&self, message: &[u8]) -> Answer<Told> {
        answer(self.call("inspect", json!([hex(message)])), told)
    }

    fn rewrite(&self, to: Form, message: &[u8]) -> Answer {
        answer(self.call("rewrite", json!([form(to), hex(message)])), bytes)
    }

    fn sealer(&self, this: Key<'_>, of: Session<'_>) -> Answer<Box<dyn Sealer>> {
        let arguments = json!([key(this), direction(of.direction), of.boot, hex(of.salt)]);
        answer(self.call("sealer", arguments), |value| Box::new(Kept(number(value))) as _)
    }

    fn opener_up(&self, this: Key<'_>, state: Option<&[u8]>) -> Answer<Box<dyn Opener>> {
        let arguments = json!([key(this), state.map(hex)]);
        answer(self.call("opener_up", arguments), |value| Box::new(Kept(number(value))) as _)
    }

    fn opener_down(&self, this: Key<'_>, boot: u64) -> Answer<Box<dyn Opener>> {
        let arguments = json!([key(this), boot]);
        answer(self.call("opener_down", arguments), |value| Box::new(Kept(number(value))) as _)
    }

    fn offer(&self, current: Key<'_>, next: Key<'_>) -> Answer {
        answer(self.call("offer", json!([key(current), key(next)])), bytes)
    }

    fn apply(&self, current: Key<'_>, offer: &[u8]) -> Answer<Option<Held>> {
        answer(self.call("accept", json!([key(current), hex(offer)])), maybe_held)
    }

    fn recover(&self, flash: &mut Flash, id: &[u8]) -> Answer<Held> {
        let arguments = json!([flash_size(flash), hex(id)]);
        answer(self.call_with_flash("recover", arguments, Some(flash)), held)
    }

    fn next_boot(&self, flash: &mut Flash) -> Answer<u64> {
        let arguments = json!([flash_size(flash)]);
        answer(self.call_with_flash("next_boot", arguments, Some(flash)), number)
    }

    fn rotate(&self, flash: &mut Flash, current: Key<'_>, next: Key<'_>) -> Answer<()> {
        let offer = self.offer(current, next)?;
        let arguments = json!([flash_size(flash), hex(current.name.id), hex(&offer)]);
        let rotated = answer(self.call_with_flash("rotate", arguments, Some(flash)), maybe_held)?;
        if rotated != Some(self.hold(next)?) {
            return Err(format!("the offer came to {rotated:?}"));
        }
        Ok(())
    }

    fn provision(&self, flash: &mut Flash, this: Key<'_>) -> Answer<()> {
        let arguments = json!([flash_size(flash), key(this)]);
        answer(self.call_with_flash("provision", arguments, Some(flash)), |_| ())
    }
}
