//! Builds BoringSSL from the sources that the crate `boring-sys` brings.

fn main() {
    let sources = source::of("boring-sys").join("deps/boringssl");
    let built = cmake::Config::new(&sources)
        .profile("Release")
        .define("CMAKE_POSITION_INDEPENDENT_CODE", "ON")
        .define("BUILD_SHARED_LIBS", "OFF")
        .build_target("crypto")
        .build();
    source::shim(&[&sources.join("include")], &[]);
    println!("cargo:rustc-link-search=native={}", built.join("build").display());
    println!("cargo:rustc-link-lib=static=crypto");
    println!("cargo:rustc-link-lib=stdc++");
}
