//! Reads the text files in which NIST's CAVP and the RFC collections keep
//! their vectors.
//!
//! A record is a run of `NAME = value` lines; `[NAME = value]` lines hold for
//! all records after them, and so do names that come before the first record.
//! A line without `=` is a mark, such as `FAIL`. `#` starts a comment.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER_PERMISSIVE;

/// One vector: its own names and those of the section that it stands in.
#[derive(Clone, Debug, Default)]
pub struct Record {
    file: String,
    number: usize,
    fields: BTreeMap<String, String>,
}

/// The records of a file. Each starts at a line named `first`.
#[must_use]
pub fn parse(file: &str, text: &str, first: &str) -> Vec<Record> {
    let mut section = BTreeMap::new();
    let mut records: Vec<Record> = Vec::new();
    let mut in_record = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(inside) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            in_record = false;
            let (name, value) = split(inside);
            section.insert(name, value);
            continue;
        }
        let (name, value) = split(line);
        if name == first {
            in_record = true;
            let number = records.len() + 1;
            records.push(Record { file: file.to_owned(), number, fields: section.clone() });
        }
        match records.last_mut() {
            Some(record) if in_record => record.fields.insert(name, value),
            _ => section.insert(name, value),
        };
    }
    records
}

fn split(line: &str) -> (String, String) {
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    (name.trim().to_owned(), value.trim().to_owned())
}

impl Record {
    /// Where the record stands, for a reader who looks for it.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{} record {}", self.file, self.number)
    }

    /// Whether the record, or its section, has that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The value of that name.
    ///
    /// # Panics
    /// If the record has no such name: the file is not what the suite expects.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        let value = self.fields.get(name);
        value.unwrap_or_else(|| panic!("{} has no {name}", self.place()))
    }

    /// The value of that name, as a decimal number.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn number(&self, name: &str) -> usize {
        let number = self.text(name).parse();
        number.unwrap_or_else(|_| panic!("{}: {name} is no number", self.place()))
    }

    /// The value of that name, as hexadecimal bytes.
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let bytes = HEXLOWER_PERMISSIVE.decode(self.text(name).as_bytes());
        bytes.unwrap_or_else(|_| panic!("{}: {name} is not hexadecimal", self.place()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sections_records_and_marks() {
        let text = "# comment\n[IVlen = 96]\nSeed = 0a\n\nCount = 0\nKey = 0B\nFAIL\n\n\
                    Count = 1\nKey = \n\n[IVlen = 8]\nCount = 2\nKey = 0c\n";
        let records = parse("a file", text, "Count");
        assert_eq!(records.len(), 3);
        assert_eq!(records[0].bytes("Key"), [0x0b]);
        assert_eq!(records[0].bytes("Seed"), [0x0a]);
        assert!(records[0].has("FAIL") && !records[1].has("FAIL"));
        assert!(records[1].bytes("Key").is_empty());
        assert_eq!((records[1].number("IVlen"), records[2].number("IVlen")), (96, 8));
        assert_eq!(records[2].place(), "a file record 3");
    }
}
