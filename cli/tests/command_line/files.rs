//! Files of secrets: their modes, and whose they may be.

use std::os::unix::fs::{chown, symlink};

use crate::support::{Scratch, user};

const MAKERS: [&str; 8] = [
    "root new --out FILE",
    "root fleet --root root.key --fleet pumps --out FILE",
    "key derive --root root.key --id pump-7 --out FILE",
    "key import --id pump-7 --out FILE imported",
    "key from-row --root root.key --id pump-7 --out FILE row",
    "key app --key pump.key --purpose auth --out FILE",
    "journal new --key pump.key --out FILE",
    "unwrap --kek kek --out FILE wrapped",
];

/// What the commands above read.
fn scratch() -> Scratch {
    let scratch = Scratch::with_keys();
    scratch.write_secret("imported", [5; 32]);
    scratch.write_secret("kek", [6; 32]);
    scratch.shell("corekey key derive --root root.key --id pump-7 --wrapped > row").ok();
    scratch.shell("corekey wrap --kek kek imported > wrapped").ok();
    scratch
}

#[test]
fn every_file_with_a_secret_is_new_and_of_mode_0600() {
    let scratch = scratch();
    for (number, maker) in MAKERS.iter().enumerate() {
        let name = format!("made-{number}");
        let line = maker.replace("FILE", &name);
        // Whatever the umask is.
        scratch.shell(&format!("umask 000; corekey {line}")).exits(0);
        assert_eq!(scratch.mode(&name), 0o600, "{line}");

        let before = scratch.read(&name);
        scratch.run(&line).refused(9, "exists");
        assert_eq!(scratch.read(&name), before, "{line}");
    }
}

#[test]
fn a_link_to_nowhere_is_something_that_exists() {
    let scratch = scratch();
    symlink(scratch.path("elsewhere"), scratch.path("link")).unwrap();
    for maker in MAKERS {
        scratch.run(&maker.replace("FILE", "link")).refused(9, "exists");
    }
    assert!(!scratch.path("elsewhere").exists());
}

#[test]
fn nothing_is_left_behind_by_what_fails() {
    let scratch = scratch();
    let before = scratch.names();
    for maker in MAKERS {
        scratch.run(&maker.replace("FILE", "no/such/folder")).exits(10);
        scratch.run(&maker.replace("FILE", "pump.key")).exits(9);
    }
    scratch.run("key derive --root pump.key --id pump-7 --out new.key").exits(7);
    scratch.run("key from-row --root root.key --id pump-8 --out new.key row").exits(3);
    scratch.run("unwrap --kek imported --out new.key wrapped").exits(3);
    assert_eq!(scratch.names(), before);
}

/// A limit on the length of files stands for a disk that is full, and its signal
/// for a crash in the middle of writing.
#[test]
fn a_file_is_whole_under_its_name_or_not_there() {
    let scratch = scratch();
    for maker in MAKERS {
        let line = maker.replace("FILE", "new");
        // 0 and 512 bytes, or kilobytes where a shell counts those.
        for blocks in 0..2 {
            let limit = format!("ulimit -f {blocks}; exec corekey {line}");
            let before = scratch.names();
            let full = scratch.shell(&format!("trap '' XFSZ; {limit}"));
            if full.code == Some(0) {
                scratch.shell("rm new").ok();
                continue;
            }
            full.refused(10, "File too large");
            assert_eq!(scratch.names(), before, "{line}");
            let crashed = scratch.shell(&limit);
            assert_ne!(crashed.code, Some(0), "{line}");
            scratch.shell("rm .tmp*").exits(0);
            assert_eq!(scratch.names(), before, "{line}");
        }
        scratch.run(&line).exits(0);
        scratch.shell("rm new").ok();
    }
}

const READERS: [&str; 8] = [
    "root id --root FILE",
    "root fleet --root FILE --fleet f --show",
    "key derive --root FILE --id pump-7 --show",
    "key check --key FILE",
    "seal --clock --key FILE",
    "wrap --kek FILE wrapped",
    "key import --id pump-7 --show FILE",
    "seal --journal FILE --id pump-7",
];

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let scratch = scratch();
    for mode in [0o640, 0o604, 0o644, 0o660, 0o777, 0o610, 0o4640] {
        scratch.chmod("root.key", mode);
        for reader in READERS {
            let refused = scratch.run(&reader.replace("FILE", "root.key"));
            refused.refused(8, &format!("mode {mode:04o}")).refused(8, "chmod 600 root.key");
        }
    }
    for mode in [0o400, 0o600, 0o700] {
        scratch.chmod("root.key", mode);
        scratch.run("root id --root root.key").ok();
    }
}

#[test]
fn a_secret_behind_a_link_is_refused() {
    let scratch = scratch();
    symlink(scratch.path("root.key"), scratch.path("link")).unwrap();
    for reader in READERS {
        scratch.run(&reader.replace("FILE", "link")).refused(8, "is a symbolic link");
    }
}

#[test]
fn a_secret_that_is_no_regular_file_is_refused_without_waiting() {
    let scratch = scratch();
    scratch.shell("mkfifo -m 600 fifo; mkdir -m 700 folder").ok();
    for reader in READERS {
        scratch.run(&reader.replace("FILE", "fifo")).refused(8, "is no regular file");
        scratch.run(&reader.replace("FILE", "folder")).refused(8, "is no regular file");
    }
}

#[test]
fn a_secret_of_another_user_is_refused() {
    if user() != 0 {
        println!("skipped: only root can give a file away");
        return;
    }
    let scratch = scratch();
    chown(scratch.path("root.key"), Some(65534), None).unwrap();
    for reader in READERS {
        let refused = scratch.run(&reader.replace("FILE", "root.key"));
        refused.refused(8, "belongs to user 65534, and you are user 0");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let scratch = scratch();
    for reader in READERS {
        scratch.run(&reader.replace("FILE", "absent")).refused(10, "absent: No such file");
    }
}

#[test]
fn a_file_of_another_kind_is_told() {
    let scratch = scratch();
    let refused = scratch.run("root id --root pump.key");
    refused.refused(7, "pump.key holds a device key, and a root is needed");
    let refused = scratch.run("key check --key root.key");
    refused.refused(7, "root.key holds a root, and a device key is needed");
    for content in [&b""[..], b"\n", b"corekey root 2\n", &[0xff; 1024], &[b'a'; 1025]] {
        scratch.write_secret("other", content);
        scratch.run("root id --root other").exits(7);
        scratch.run("key check --key other").exits(7);
    }
    scratch.write_secret("journal", [0xff; 100]);
    scratch.run("journal show --journal journal").refused(7, "is no journal");
}

#[test]
fn a_damaged_root_is_told() {
    let scratch = scratch();
    let root = String::from_utf8(scratch.read("root.key")).unwrap();
    let secret = root.lines().last().unwrap();
    let (head, last) = secret.split_at(secret.len() - 1);
    let other = if last == "0" { "1" } else { "0" };
    for damaged in [
        root.replace(secret, &format!("{head}{other}")),
        root.replace(secret, head),
        root.replace(secret, &format!("{secret}00")),
        root.replace("id ", "id 0"),
        format!("{root}more\n"),
        root.lines().take(2).collect::<Vec<_>>().join("\n"),
    ] {
        scratch.write_secret("damaged", damaged);
        scratch.run("root id --root damaged").refused(7, "damaged is damaged");
    }
}
