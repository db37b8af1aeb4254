//! Builds the part of wolfCrypt that is measured from the sources of wolfSSL
//! that the crate `wolfssl-sys` brings.

use std::path::Path;

const FILES: [&str; 14] = [
    "aes.c",
    "aes_asm.S",
    "aes_gcm_asm.S",
    "aes_x86_64_asm.S",
    "aes_xts_asm.S",
    "cpuid.c",
    "error.c",
    "hash.c",
    "hmac.c",
    "logging.c",
    "memory.c",
    "sha256.c",
    "sha256_asm.S",
    "wc_port.c",
];

fn main() {
    let sources = source::of("wolfssl-sys").join("wolfssl-src");
    let settings = ("WOLFSSL_USER_SETTINGS", None);
    source::shim(&[&sources, Path::new(".")], &[settings]);
    cc::Build::new()
        .files(FILES.map(|file| sources.join("wolfcrypt/src").join(file)))
        .include(&sources)
        .include(".")
        .define(settings.0, settings.1)
        // Its intrinsics stand in functions that it guards by CPUID itself.
        .flag("-maes")
        .flag("-mpclmul")
        .flag("-msse4.1")
        .flag("-fvisibility=hidden")
        .warnings(false)
        .opt_level(3)
        .compile("wolfcrypt");
    println!("cargo:rerun-if-changed=user_settings.h");
}
