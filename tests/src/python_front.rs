//! The Python package, from its wheel: a Python that has it installed runs
//! `python_front/worker.py` and answers a request a line.
//!
//! `COREKEY_WHEEL_PYTHON` names that Python. The suites, floors and reasons for
//! skips are those of the other fronts; only the calls are made over there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{env, fmt};

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::flash::Flash;
use crate::front::{Aead, DrbgCall, Front, Hash, Opened, Refusal, Shape, Wrap};
use crate::workspace;

mod device;

/// The environment variable that names the interpreter.
const PYTHON: &str = "COREKEY_WHEEL_PYTHON";
const WORKER: &str = "tests/src/python_front/worker.py";
const HOW_TO_GET_IT: &str = "`cargo xtask test python` sets it up. By hand:
    cargo xtask wheel
    python3 -m venv target/wheel-venv
    target/wheel-venv/bin/pip install target/wheels/*.whl
    export COREKEY_WHEEL_PYTHON=$PWD/target/wheel-venv/bin/python";
const TAG_LEN: usize = 16;

/// The front.
#[derive(Debug)]
pub struct PythonWheel {
    worker: Mutex<Worker>,
}

#[derive(Debug)]
struct Worker {
    /// Ends by itself when its input does.
    _process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What the worker raised.
struct Raised {
    class: String,
    says: String,
    /// All of the output buffer, if the call has one.
    buffer: Vec<u8>,
}

type Called<T = Value> = Result<T, Raised>;

impl PythonWheel {
    /// The front, with one worker for all suites.
    ///
    /// # Panics
    /// If there is no Python with the wheel.
    #[must_use]
    pub fn get() -> &'static Self {
        static FRONT: OnceLock<PythonWheel> = OnceLock::new();
        FRONT.get_or_init(|| Self { worker: Mutex::new(Worker::start()) })
    }

    fn call(&self, name: &str, arguments: Value) -> Called {
        self.call_with_flash(name, arguments, None)
    }

    fn call_with_flash(
        &self,
        name: &str,
        arguments: Value,
        mut flash: Option<&mut Flash>,
    ) -> Called {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        worker.send(&json!({"call": name, "args": arguments}));
        loop {
            let answer = worker.receive(name);
            if let Some(asked) = answer.get("flash") {
                let flash = flash.as_deref_mut().expect("a call that was given a flash");
                worker.send(&on_flash(flash, asked));
                continue;
            }
            let Some(class) = answer.get("refused").and_then(Value::as_str) else {
                return Ok(answer["ok"].clone());
            };
            assert_ne!(class, "AssertionError", "{name}: {}", answer["says"]);
            return Err(Raised {
                class: class.to_owned(),
                says: answer["says"].as_str().unwrap_or_default().to_owned(),
                buffer: answer.get("buffer").map_or(vec![], bytes),
            });
        }
    }

    /// A call of HKDF.
    fn derive(
        &self,
        name: &str,
        hash: Hash,
        inputs: &[&[u8]],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        let arguments = json!([algorithm(hash), hexes(inputs), okm.len()]);
        okm.copy_from_slice(&bytes(&self.call(name, arguments)?));
        Ok(())
    }

    fn opened(&self, called: Called<(usize, Vec<u8>)>) -> Opened {
        match called {
            Ok((len, buffer)) => Opened { verdict: Ok(len), buffer },
            Err(raised) => {
                let buffer = raised.buffer.clone();
                Opened { verdict: Err(raised.into()), buffer }
            }
        }
    }
}

impl Worker {
    fn start() -> Self {
        let python = env::var_os(PYTHON);
        let python = python.unwrap_or_else(|| panic!("{PYTHON} is not set: {HOW_TO_GET_IT}"));
        let mut process = Command::new(&python)
            .arg(workspace::root().join(WORKER))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{PYTHON}: {}: {error}", python.display()));
        let requests = process.stdin.take().expect("it is a pipe");
        let answers = BufReader::new(process.stdout.take().expect("it is a pipe"));
        Self { _process: process, requests, answers }
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.requests, "{message}").expect("the worker reads");
        self.requests.flush().expect("the worker reads");
    }

    fn receive(&mut self, name: &str) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the worker writes text");
        assert!(!line.is_empty(), "the worker ended in {name}: see what it wrote");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"))
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.says)
    }
}

impl From<Raised> for Refusal {
    fn from(raised: Raised) -> Self {
        match raised.class.as_str() {
            "ValueError" => Self::Length,
            "InvalidTag" | "InvalidUnwrap" => Self::Unverified,
            _ => Self::Other(raised.to_string()),
        }
    }
}

/// Bytes as the worker reads them.
fn hex(bytes: &[u8]) -> Value {
    json!({"hex": HEXLOWER.encode(bytes)})
}

fn hexes(parts: &[&[u8]]) -> Value {
    parts.iter().map(|part| hex(part)).collect()
}

/// Bytes that the worker wrote.
fn bytes(value: &Value) -> Vec<u8> {
    let text = value["hex"].as_str().unwrap_or_else(|| panic!("bytes, not {value}"));
    HEXLOWER.decode(text.as_bytes()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("a number, not {value}"))
}

/// Does to a flash what the worker asks for; nothing for what cannot be read.
fn on_flash(flash: &mut Flash, asked: &Value) -> Value {
    let at = |index: usize| number(&asked[index]) as usize;
    match asked[0].as_str() {
        Some("read") => {
            let mut out = vec![0; at(3)];
            if flash.read(at(1), at(2), &mut out) { hex(&out) } else { Value::Null }
        }
        Some("write") => {
            let word = bytes(&asked[3]).try_into();
            flash.write(at(1), at(2), &word.expect("a word"));
            json!(true)
        }
        Some("erase") => {
            flash.erase(at(1));
            json!(true)
        }
        _ => panic!("a flash does not {asked}"),
    }
}

fn algorithm(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "sha256",
        Hash::Sha384 => "sha384",
        Hash::Sha512 => "sha512",
    }
}

fn padded(wrap: Wrap) -> bool {
    matches!(wrap, Wrap::Kwp)
}

impl Front for PythonWheel {
    fn name(&self) -> &'static str {
        "Python"
    }

    fn describe(&self) -> String {
        let described = self.call("describe", json!([]));
        described.map_or_else(|raised| raised.to_string(), |text| text.to_string())
    }

    fn hash(&self, hash: Hash, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        Ok(bytes(&self.call("hash", json!([algorithm(hash), hex(data)]))?))
    }

    fn hash_parts(&self, hash: Hash, parts: &[&[u8]]) -> Result<Vec<u8>, Refusal> {
        Ok(bytes(&self.call("hash_parts", json!([algorithm(hash), hexes(parts)]))?))
    }

    fn hmac(&self, hash: Hash, key: &[u8], data: &[u8], len: usize) -> Result<Vec<u8>, Refusal> {
        let tag = self.call("hmac", json!([algorithm(hash), hex(key), hex(data)]))?;
        Ok(bytes(&tag)[..len].to_vec())
    }

    fn hmac_parts(
        &self,
        hash: Hash,
        key: &[u8],
        parts: &[&[u8]],
        len: usize,
    ) -> Result<Vec<u8>, Refusal> {
        let tag = self.call("hmac_parts", json!([algorithm(hash), hex(key), hexes(parts)]))?;
        Ok(bytes(&tag)[..len].to_vec())
    }

    fn hmac_verify(&self, hash: Hash, key: &[u8], data: &[u8], tag: &[u8]) -> Result<(), Refusal> {
        let arguments = json!([algorithm(hash), hex(key), hex(data), hex(tag)]);
        Ok(self.call("hmac_verify", arguments).map(drop)?)
    }

    fn hkdf(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        self.derive("hkdf", hash, &[salt, ikm, info], okm)
    }

    fn hkdf_extract_expand(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        self.derive("hkdf_extract_expand", hash, &[salt, ikm, info], okm)
    }

    fn hkdf_expand(
        &self,
        hash: Hash,
        prk: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        self.derive("hkdf_expand", hash, &[prk, info], okm)
    }

    /// The worker also makes the call that gives a new object, and compares.
    fn shapes(&self) -> &'static [Shape] {
        &[Shape::Combined, Shape::CombinedInPlace]
    }

    fn seal(&self, shape: Shape, aead: Aead<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
        Ok(bytes(&self.call("seal", aead_arguments(shape, aead, plaintext))?))
    }

    fn open(&self, shape: Shape, aead: Aead<'_>, sealed: &[u8]) -> Opened {
        let called = self.call("open", aead_arguments(shape, aead, sealed));
        self.opened(called.map(|opened| (sealed.len() - TAG_LEN, bytes(&opened))))
    }

    fn wrap(&self, wrap: Wrap, kek: &[u8], key: &[u8]) -> Result<Vec<u8>, Refusal> {
        Ok(bytes(&self.call("wrap", json!([padded(wrap), hex(kek), hex(key)]))?))
    }

    fn unwrap(&self, wrap: Wrap, kek: &[u8], wrapped: &[u8]) -> Opened {
        let called = self.call("unwrap", json!([padded(wrap), hex(kek), hex(wrapped)]));
        self.opened(called.map(|pair| (number(&pair[0]) as usize, bytes(&pair[1]))))
    }

    fn drbg(
        &self,
        entropy: &[u8],
        personalization: &[u8],
        calls: &[DrbgCall],
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        let calls = calls.iter().map(|call| match call {
            DrbgCall::Reseed { additional } => json!(["reseed", hex(additional), 0]),
            DrbgCall::Generate { additional, len } => json!(["generate", hex(additional), len]),
        });
        let calls: Value = calls.collect();
        let outputs = self.call("drbg", json!([hex(entropy), hex(personalization), calls]))?;
        Ok(outputs.as_array().into_iter().flatten().map(bytes).collect())
    }
}

fn aead_arguments(shape: Shape, aead: Aead<'_>, text: &[u8]) -> Value {
    let in_place = matches!(shape, Shape::CombinedInPlace);
    json!([in_place, hex(aead.key), hex(&aead.nonce), hex(aead.aad), hex(text)])
}
