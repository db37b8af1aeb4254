//! Builds OpenSSL 3 from the sources that the crate `openssl-src` brings.

fn main() {
    let built = openssl_src::Build::new().build();
    source::shim(&[built.include_dir()], &[]);
    println!("cargo:rustc-link-search=native={}", built.lib_dir().display());
    println!("cargo:rustc-link-lib=static=crypto");
}
