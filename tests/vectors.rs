//! Every suite of published vectors through every front, a test for each pair.
//!
//! `cargo test -p corekey-conformance --test vectors -- --nocapture` prints the
//! counts. A suite fails if a case fails, or if fewer cases passed than its
//! floor says: the number that passed when the floor was set. The Python front
//! needs the wheel: `cargo xtask test python` runs it, `-- --skip python_wheel`
//! leaves it out.

use std::sync::Mutex;

use corekey_conformance::c_front::SharedLibrary;
use corekey_conformance::front::Front;
use corekey_conformance::python_front::PythonWheel;
use corekey_conformance::rust_front::{self, BEST};
use corekey_conformance::tally::Tally;
use corekey_conformance::{cavp_suites, wycheproof_suites};

/// Makes a test of each suite through each front, from the table below.
macro_rules! suites {
    ($(
        $name:ident, $title:literal, $run:path,
        $rust:literal, $shared_library:literal, $python:literal;
    )*) => {
        /// The number of suites.
        const SUITES: usize = [$($title),*].len();

        suites!(in no_avx512 by rust_front::NO_AVX512: $($name, $title, $run, $rust;)*);
        suites!(in no_vaes by rust_front::NO_VAES: $($name, $title, $run, $rust;)*);
        suites!(in portable by rust_front::PORTABLE: $($name, $title, $run, $rust;)*);
        suites!(in rust_api by BEST: $($name, $title, $run, $rust;)*);

        mod shared_library {
            use super::*;
            $(
                #[test]
                fn $name() {
                    check(SharedLibrary::get(), $title, $run, $shared_library);
                }
            )*
        }

        mod python_wheel {
            use super::*;
            $(
                #[test]
                fn $name() {
                    check(PythonWheel::get(), $title, $run, $python);
                }
            )*
        }
    };
    (in $module:ident by $front:path: $($name:ident, $title:literal, $run:path, $floor:literal;)*)
    => {
        mod $module {
            use super::*;
            $(
                #[test]
                fn $name() {
                    check(&$front, $title, $run, $floor);
                }
            )*
        }
    };
}

suites! {
    // The last columns are the floors: Rust API, shared library, Python wheel.
    wycheproof_aes_gcm, "Wycheproof AES-GCM", wycheproof_suites::aes_gcm, 133, 133, 133;
    wycheproof_aes_kw, "Wycheproof AES-KW", wycheproof_suites::aes_kw, 110, 110, 110;
    wycheproof_aes_kwp, "Wycheproof AES-KWP", wycheproof_suites::aes_kwp, 169, 169, 169;
    wycheproof_hkdf_sha256, "Wycheproof HKDF-SHA-256", wycheproof_suites::hkdf_sha256, 86, 86, 86;
    wycheproof_hkdf_sha384, "Wycheproof HKDF-SHA-384", wycheproof_suites::hkdf_sha384, 83, 83, 83;
    wycheproof_hkdf_sha512, "Wycheproof HKDF-SHA-512", wycheproof_suites::hkdf_sha512, 83, 83, 83;
    wycheproof_hmac_sha256, "Wycheproof HMAC-SHA-256", wycheproof_suites::hmac_sha256, 174, 174, 174;
    wycheproof_hmac_sha384, "Wycheproof HMAC-SHA-384", wycheproof_suites::hmac_sha384, 174, 174, 174;
    wycheproof_hmac_sha512, "Wycheproof HMAC-SHA-512", wycheproof_suites::hmac_sha512, 174, 174, 174;
    cavp_aes_gcm, "CAVP AES-GCM", cavp_suites::aes_gcm, 1500, 1500, 1500;
    cavp_aes_kw, "CAVP AES-KW", cavp_suites::aes_kw, 2000, 2000, 2000;
    cavp_aes_kwp, "CAVP AES-KWP", cavp_suites::aes_kwp, 2000, 2000, 2000;
    cavp_sha256, "CAVP SHA-256", cavp_suites::sha256, 229, 229, 229;
    cavp_sha384, "CAVP SHA-384", cavp_suites::sha384, 357, 357, 357;
    cavp_sha512, "CAVP SHA-512", cavp_suites::sha512, 357, 357, 357;
    cavp_hmac_drbg, "CAVP HMAC_DRBG SHA-256", cavp_suites::hmac_drbg, 30, 30, 30;
    rfc_4231_hmac, "RFC 4231 HMAC", cavp_suites::hmac, 18, 18, 18;
    rfc_5869_hkdf, "RFC 5869 HKDF-SHA-256", cavp_suites::hkdf, 3, 3, 3;
}

fn check(front: &dyn Front, title: &str, run: fn(&dyn Front, &mut Tally), floor: usize) {
    let mut tally = Tally::default();
    run(front, &mut tally);
    report(front, title, &tally);

    let failures = tally.failures();
    assert!(failures.is_empty(), "{title}: {} failed:\n{}", failures.len(), failures.join("\n"));
    let passed = tally.passed();
    assert!(passed >= floor, "{title}: {passed} passed, and {floor} must: are vectors missing?");
}

/// Prints the counts of one pair, and the table of a front when it is complete.
fn report(front: &dyn Front, title: &str, tally: &Tally) {
    static LINES: Mutex<Vec<(&str, String)>> = Mutex::new(Vec::new());

    let line = format!("{:<15} {title:<24}{tally}", front.name());
    println!("{line}");
    let mut lines = LINES.lock().expect("no test panics while it prints");
    lines.push((front.name(), line));
    let of_front = lines.iter().filter(|(name, _)| *name == front.name());
    let mut table: Vec<&str> = of_front.map(|(_, line)| line.as_str()).collect();
    if table.len() == SUITES {
        table.sort_unstable();
        println!("\n{}", table.join("\n"));
        println!("{:<15} is {}", front.name(), front.describe());
    }
}
