//! The demo's receiver: reads frames of the device program in `firmware/posix`
//! from standard input, opens them and prints the readings as a table.
//!
//! ```text
//! device ROOT_FILE DEVICE_ID... | receiver ROOT_FILE
//! ```
//!
//! `firmware/posix/frame.h` says what a frame looks like. A frame that does not
//! verify is refused: nothing of it is printed but its place in the stream and
//! the reason, on standard error. Exits with 0 if every frame was opened, 2 if
//! one was refused, 1 if the receiver could not work.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;

use corekey::aead::{AeadAlgorithm, AeadKey, NONCE_LEN};
use corekey::hash::HashAlgorithm;
use corekey::kdf::Prk;
use zeroize::Zeroizing;

const FRAME_VERSION: u8 = 1;
const FRAME_BODY_MAX: usize = 256;
const RUN_LEN: usize = 16;
const DEVICE_ID_MAX: usize = 32;
const DECIMALS_MAX: u8 = 9;
const ROOT_LEN: usize = 32;
const LABEL: &[u8] = b"ckdemo1\0";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match receive(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(2),
        Err(message) => {
            eprintln!("receiver: {message}");
            ExitCode::from(1)
        }
    }
}

/// Opens every frame of standard input; returns how many were refused.
fn receive(arguments: &[OsString]) -> Result<u32, String> {
    let [root_file] = arguments else {
        return Err("usage: device ROOT_FILE DEVICE_ID... | receiver ROOT_FILE".into());
    };
    corekey::selftest::run().map_err(|error| error.to_string())?;
    let root = read_root(Path::new(root_file))?;

    let mut stream = io::stdin().lock();
    let mut table = io::stdout().lock();
    print_row(&mut table, ["DEVICE", "COUNTER", "SENSOR", "VALUE", "UNIT"].map(String::from))?;
    let (mut opened, mut refused) = (0, 0);
    let mut buffer = [0; FRAME_BODY_MAX];
    loop {
        let next = next_frame(&mut stream, &mut buffer)
            .map_err(|error| format!("cannot read frames: {error}"))?;
        let (result, is_last) = match next {
            Next::Frame(body) => (open(&root, body), false),
            // Nobody knows where the frame behind it would start.
            Next::Broken(why) => (Err(why.into()), true),
            Next::End => break,
        };
        match result {
            Ok(reading) => {
                print_row(&mut table, reading.row())?;
                opened += 1;
            }
            Err(why) => {
                refused += 1;
                eprintln!("receiver: frame {} refused: {why}", opened + refused);
            }
        }
        if is_last {
            break;
        }
    }
    eprintln!("receiver: {opened} opened, {refused} refused");
    Ok(refused)
}

/// Reads the root secret and makes it ready; the bytes are wiped on return.
fn read_root(path: &Path) -> Result<Prk, String> {
    let shown = path.display();
    let cannot = |error: io::Error| format!("cannot read the root secret {shown}: {error}");
    let mut file = File::open(path).map_err(cannot)?;
    let facts = file.metadata().map_err(cannot)?;
    if !facts.is_file() || facts.len() != ROOT_LEN as u64 {
        return Err(format!(
            "{shown} is not a file of {ROOT_LEN} bytes: make one with \
             (umask 077; head -c {ROOT_LEN} /dev/urandom > FILE)"
        ));
    }
    if facts.mode() & 0o077 != 0 {
        return Err(format!("{shown} is open to other users: chmod 600 it, or make a new one"));
    }
    let mut secret = Zeroizing::new([0; ROOT_LEN]);
    file.read_exact(&mut *secret).map_err(cannot)?;
    Prk::from_bytes(HashAlgorithm::Sha256, &*secret).map_err(|error| error.to_string())
}

/// What comes next in the stream.
enum Next<'a> {
    /// The body of a frame: what follows its length.
    Frame(&'a [u8]),
    /// Something that is no frame, and why.
    Broken(&'static str),
    End,
}

fn next_frame<'a>(
    stream: &mut impl Read,
    buffer: &'a mut [u8; FRAME_BODY_MAX],
) -> io::Result<Next<'a>> {
    const CUT: Next<'_> = Next::Broken("the stream ends in the middle of it");
    let mut length = [0; 4];
    match fill(stream, &mut length)? {
        0 => return Ok(Next::End),
        4 => (),
        _ => return Ok(CUT),
    }
    let length = u32::from_be_bytes(length) as usize;
    let Some(body) = buffer.get_mut(..length) else {
        return Ok(Next::Broken("it says it is longer than any frame"));
    };
    if fill(stream, body)? < length {
        return Ok(CUT);
    }
    Ok(Next::Frame(body))
}

/// Fills `buffer` as far as the stream goes and returns how far that is.
fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The parts of a frame's body. Nothing in it is true before it has verified.
struct Frame<'a> {
    header: &'a [u8],
    run: &'a [u8; RUN_LEN],
    counter: &'a [u8; 8],
    device_id: &'a str,
    sealed: &'a [u8],
}

impl<'a> Frame<'a> {
    fn parse(body: &'a [u8]) -> Option<Self> {
        let (_version, rest) = body.split_first()?;
        let (run, rest) = rest.split_first_chunk()?;
        let (counter, rest) = rest.split_first_chunk()?;
        let (&id_len, rest) = rest.split_first()?;
        let (id, sealed) = rest.split_at_checked(id_len.into())?;
        if id.is_empty() || id.len() > DEVICE_ID_MAX {
            return None;
        }
        let header = &body[..body.len() - sealed.len()];
        Some(Self { header, run, counter, device_id: plain_text(id)?, sealed })
    }
}

/// Opens a frame; an error says why it is refused.
fn open(root: &Prk, body: &[u8]) -> Result<Reading, String> {
    if body.first().is_some_and(|&version| version != FRAME_VERSION) {
        return Err("its version is not one that this receiver knows".into());
    }
    let frame = Frame::parse(body).ok_or("it is not laid out as a frame")?;
    let key = device_key(root, frame.run, frame.device_id).map_err(|error| error.to_string())?;

    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - frame.counter.len()..].copy_from_slice(frame.counter);
    let mut plaintext = [0; FRAME_BODY_MAX];
    let len = key
        .open(&nonce, frame.header, frame.sealed, &mut plaintext)
        .map_err(|error| error.to_string())?;
    Reading::parse(&frame, &plaintext[..len])
        .ok_or_else(|| "it verifies, but holds no reading: update the device".into())
}

/// The key of one device in one run of its program.
fn device_key(root: &Prk, run: &[u8; RUN_LEN], device_id: &str) -> Result<AeadKey, corekey::Error> {
    let mut secret = Zeroizing::new([0; 32]);
    root.expand_parts(&key_info(run, device_id), &mut *secret)?;
    AeadKey::new(AeadAlgorithm::Aes256Gcm, &*secret)
}

/// What tells this key from every other of the root; the parts are joined. The
/// device program has the same function, `key_info`.
fn key_info<'a>(run: &'a [u8; RUN_LEN], device_id: &'a str) -> [&'a [u8]; 3] {
    [LABEL, run, device_id.as_bytes()]
}

/// A reading whose frame has verified.
struct Reading {
    device_id: String,
    counter: u64,
    sensor: String,
    value: i64,
    decimals: u8,
    unit: String,
}

impl Reading {
    fn parse(frame: &Frame<'_>, plaintext: &[u8]) -> Option<Self> {
        let (value, rest) = plaintext.split_first_chunk()?;
        let (&decimals, rest) = rest.split_first()?;
        let (&name_len, rest) = rest.split_first()?;
        let (name, unit) = rest.split_at_checked(name_len.into())?;
        if decimals > DECIMALS_MAX {
            return None;
        }
        Some(Self {
            device_id: frame.device_id.to_owned(),
            counter: u64::from_be_bytes(*frame.counter),
            sensor: plain_text(name)?.to_owned(),
            value: i64::from_be_bytes(*value),
            decimals,
            unit: plain_text(unit)?.to_owned(),
        })
    }

    fn row(&self) -> [String; 5] {
        [
            self.device_id.clone(),
            self.counter.to_string(),
            self.sensor.clone(),
            decimal(self.value, self.decimals.into()),
            self.unit.clone(),
        ]
    }
}

/// `value / 10^decimals`, exactly: -1234 with 2 decimals is "-12.34".
fn decimal(value: i64, decimals: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// The unit is last, so that one that is empty leaves no gap.
fn print_row(table: &mut impl Write, row: [String; 5]) -> Result<(), String> {
    let [device, counter, sensor, value, unit] = row;
    let row = format!("{device:<12} {counter:>7}  {sensor:<28} {value:>16} {unit}");
    writeln!(table, "{}", row.trim_end()).map_err(|error| format!("cannot print: {error}"))
}

/// Printable ASCII without spaces, so that no text moves a terminal's cursor
/// or a table's columns.
fn plain_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
}
