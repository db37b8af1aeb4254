//! `include/corekey.h` is what this crate exports, in the order of use.
//!
//! cbindgen puts all types before all functions, so it runs once for each
//! section, and the sections are joined: the module's own `//!` text as the
//! section's comment, then what cbindgen makes of the file, then the macros of
//! `header/<section>.h`. `cargo xtask header` writes the file (it sets
//! COREKEY_BLESS); without that this test fails on any difference.

use std::path::{Path, PathBuf};
use std::{env, fs};

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};

/// The sections in the order of use.
const SECTIONS: [&str; 16] = [
    "status",
    "general",
    "hash",
    "mac",
    "kdf",
    "aead",
    "wrap",
    "encode",
    "rng",
    "drbg",
    "device_key",
    "root",
    "message",
    "batch",
    "rotation",
    "journal",
];

#[test]
fn the_committed_header_is_what_the_crate_exports() {
    let path = crate_dir().join("../include/corekey.h");
    let header = generate();
    if env::var_os("COREKEY_BLESS").is_some() {
        fs::write(&path, &header).expect("include/corekey.h is writable");
    }
    let committed = fs::read_to_string(&path).expect("include/corekey.h exists");
    assert!(committed == header, "include/corekey.h differs: run `cargo xtask header`");
}

#[test]
fn the_header_reads_in_one_sitting() {
    let header = generate();
    let functions = header.matches("corekey_status corekey_").count()
        + header.matches("const char *corekey_").count()
        + header.matches("uint32_t corekey_").count();
    let lines = header.lines().count();
    println!("{functions} functions, {lines} lines");
    assert!(header.is_ascii(), "C compilers need not read UTF-8");
    assert!(functions <= 64, "{functions} functions");
    assert!(lines <= 900, "{lines} lines");
}

fn generate() -> String {
    let mut header = piece("prologue");
    for section in SECTIONS {
        let source = crate_dir().join("src").join(section).with_extension("rs");
        header.push('\n');
        header.push_str(&section_comment(&source));
        header.push('\n');
        header.push_str(&declarations(&source));
        header.push_str(&piece(section));
    }
    header.push('\n');
    header.push_str(&piece("epilogue"));
    header
}

fn crate_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A hand-written piece, or nothing where a section has no macros.
fn piece(name: &str) -> String {
    fs::read_to_string(crate_dir().join("header").join(name).with_extension("h"))
        .unwrap_or_default()
}

fn section_comment(source: &Path) -> String {
    let text = fs::read_to_string(source).expect("a section has a source file");
    let lines: Vec<_> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let rule = "=".repeat(74);
    let body: String = lines.iter().map(|line| format!(" *{line}\n")).collect();
    format!("/* {rule}\n{body} */\n")
}

fn declarations(source: &Path) -> String {
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        documentation_style: DocumentationStyle::C,
        no_includes: true,
        usize_is_size_t: true,
        line_length: 92,
        ..Config::default()
    };
    config.function.must_use = Some("COREKEY_MUST_CHECK".to_owned());
    config.constant.allow_constexpr = false;
    // Types are exported although no function of their own section uses them.
    config.export.include = vec!["corekey_status".to_owned()];
    let bindings = Builder::new()
        .with_src(source)
        .with_config(config)
        .generate()
        .expect("cbindgen reads the section");
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    let text = String::from_utf8(bytes).expect("cbindgen writes UTF-8");
    // The section on safety is for Rust; C has the conventions on top.
    let text = text.replace("\n\n # Safety\n See the conventions of the header.\n", "\n");
    let items = without_counterparts(&text);
    let items: String = items.split("\n\n").map(compact).collect();
    items.trim_start().to_owned()
}

/// Without the names of what does the same elsewhere: docs/api.md has them.
fn without_counterparts(text: &str) -> String {
    let mut pieces = text.split("\n\n # Rust; Python\n");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = ["*/", "\n\n"].iter().filter_map(|end| piece.find(end)).min();
        let rest = &piece[end.expect("a comment ends")..];
        kept.push_str(if rest.starts_with('*') { "\n " } else { "" });
        kept.push_str(rest);
    }
    kept
}

/// One declaration with its comment, as few lines as it needs: cbindgen spends
/// three lines on a one-line comment and one on each parameter.
fn compact(item: &str) -> String {
    let (comment, declaration) = match item.split_once(" */\n") {
        Some((comment, declaration)) => (comment.trim_start_matches("/*\n"), declaration),
        None => ("", item),
    };
    if let Some(define) = declaration.trim_end().strip_prefix("#define ") {
        let (name, value) = define.split_once(' ').expect("a constant has a value");
        let value = if value.starts_with('-') { format!("({value})") } else { value.to_owned() };
        return format!("#define {:<34} /* {} */\n", format!("{name} {value}"), comment.trim());
    }
    let comment = match comment.trim_end().lines().count() {
        0 => String::new(),
        1 => format!("/* {} */\n", comment.trim()),
        _ => format!("/* {} */\n", comment.trim().replace("\n", "\n *")),
    };
    format!("\n{comment}{}", wrap(&fields(declaration)))
}

/// A struct with the comment of each field behind it, not above.
fn fields(declaration: &str) -> String {
    let mut pieces = declaration.split("  /*\n");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (comment, rest) = piece.split_once("*/\n").expect("a comment ends");
        let comment = comment.split_whitespace().collect::<Vec<_>>().join(" ");
        let (field, rest) = rest.split_once('\n').expect("a field follows");
        text.push_str(&format!("{field:<24} /* {comment} */\n{rest}"));
    }
    text
}

/// A context, whose words nobody has to look at.
fn is_opaque(declaration: &str) -> bool {
    declaration.starts_with("typedef struct") && declaration.contains(" opaque[")
}

/// A function's declaration on lines of up to 96 characters, a context on one;
/// anything else as it is.
fn wrap(declaration: &str) -> String {
    if is_opaque(declaration) {
        return declaration.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
    }
    if !declaration.trim_end().ends_with(");") || declaration.starts_with("typedef") {
        return format!("{}\n", declaration.trim_end());
    }
    let one_line = declaration.split_whitespace().collect::<Vec<_>>().join(" ");
    let one_line = one_line.replace("struct corekey_", "corekey_");
    let mut lines = vec![String::new()];
    for word in one_line.split_inclusive(", ") {
        let last = lines.last_mut().expect("there is a line");
        if last.is_empty() || last.len() + word.trim_end().len() <= 96 {
            last.push_str(word);
        } else {
            lines.push(format!("    {word}"));
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n") + "\n"
}
