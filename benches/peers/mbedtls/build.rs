//! Builds the crypto library of mbedTLS, in its default configuration, from the
//! sources that the crate `psa-crypto-sys` brings.

fn main() {
    let sources = source::of("psa-crypto-sys").join("vendor");
    let folder = std::fs::read_dir(sources.join("library")).expect("sources have a library");
    let mut files: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "c"));
    files.sort();
    let include = sources.join("include");
    source::shim(&[&include], &[]);
    cc::Build::new()
        .files(files)
        .include(&include)
        .include(sources.join("library"))
        .flag("-fvisibility=hidden")
        .warnings(false)
        .opt_level(3)
        .compile("mbedcrypto");
}
