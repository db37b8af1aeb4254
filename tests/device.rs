//! The vectors of `docs/vectors/` through every front, a test for each list.
//!
//! `cargo test -p corekey-conformance --test device -- --nocapture` prints the
//! counts. A list fails if a case fails, or if fewer cases passed than its floor
//! says: the number that passed when the floor was set. The Python front needs
//! the wheel, as in `vectors.rs`.

use corekey_conformance::c_front::SharedLibrary;
use corekey_conformance::device_front::DeviceFront;
use corekey_conformance::device_suites;
use corekey_conformance::python_front::PythonWheel;
use corekey_conformance::rust_front::BEST;
use corekey_conformance::tally::Tally;

/// Makes a test of each list through each front, from the table below.
macro_rules! suites {
    ($(
        $name:ident, $title:literal, $rust:literal, $shared_library:literal, $python:literal;
    )*) => {
        mod rust_api {
            use super::*;
            $(
                #[test]
                fn $name() {
                    check(&BEST, $title, device_suites::$name, $rust);
                }
            )*
        }

        mod shared_library {
            use super::*;
            $(
                #[test]
                fn $name() {
                    check(SharedLibrary::get(), $title, device_suites::$name, $shared_library);
                }
            )*
        }

        mod python_wheel {
            use super::*;
            $(
                #[test]
                fn $name() {
                    check(PythonWheel::get(), $title, device_suites::$name, $python);
                }
            )*
        }
    };
}

suites! {
    // The last columns are the floors: Rust API, shared library, Python wheel.
    roots, "derivation: roots", 4, 4, 4;
    device_keys, "derivation: device keys", 43, 43, 43;
    fleets, "derivation: fleets", 3, 3, 3;
    audit_chains, "derivation: audit chains", 2, 0, 2;
    imports, "derivation: imports", 7, 7, 7;
    message_keys, "derivation: message keys", 12, 12, 12;
    rotation_keys, "derivation: rotation keys", 3, 3, 3;
    personalizations, "derivation: DRBG", 5, 5, 5;
    applications, "derivation: applications", 5, 5, 5;
    refused_derivations, "derivation: refused", 12, 12, 12;
    messages, "messages", 166, 166, 166;
    malformed, "messages: malformed", 108, 108, 108;
    refused_messages, "messages: refused", 266, 266, 266;
    steps, "messages: steps", 307, 307, 307;
    states, "messages: states", 32, 32, 32;
    seals, "messages: seals", 24, 24, 24;
    limits, "messages: limits", 0, 0, 0;
    offers, "rotation: offers", 9, 9, 9;
    applies, "rotation: applies", 62, 62, 62;
    images, "journal: images", 97, 97, 97;
    journal_rotations, "journal: rotations", 8, 8, 8;
    provisions, "journal: provisions", 8, 8, 8;
}

fn check(
    front: &dyn DeviceFront,
    title: &str,
    run: fn(&dyn DeviceFront, &mut Tally),
    floor: usize,
) {
    let mut tally = Tally::default();
    run(front, &mut tally);
    println!("{:<15} {title:<26}{tally}", front.name());

    let failures = tally.failures();
    assert!(failures.is_empty(), "{title}: {} failed:\n{}", failures.len(), failures.join("\n"));
    let passed = tally.passed();
    assert!(passed >= floor, "{title}: {passed} passed, and {floor} must: are vectors missing?");
}
