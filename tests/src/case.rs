//! A case of the vectors in `docs/vectors/`, and how to read its members:
//! `docs/vectors/README.md` says what they mean.

use std::fs;

use data_encoding::HEXLOWER;
use serde_json::Value;

use crate::workspace;

/// The folder of the vectors.
const FOLDER: &str = "docs/vectors";

/// A file of vectors.
#[derive(Clone, Debug)]
pub struct File {
    name: String,
    content: Value,
}

impl File {
    /// Reads a file.
    ///
    /// # Panics
    /// If it is not there or is not JSON.
    #[must_use]
    pub fn read(name: &str) -> Self {
        let path = workspace::root().join(FOLDER).join(name);
        let text = fs::read_to_string(&path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let content = serde_json::from_str(&text);
        let content = content.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name: name.to_owned(), content }
    }

    /// The cases of one of its lists.
    ///
    /// # Panics
    /// If there is no such list.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<Case<'_>> {
        let list = self.content[name].as_array();
        let list = list.unwrap_or_else(|| panic!("{} has no list {name}", self.name));
        let place = |index| format!("{}, {name}, case {index}", self.name);
        list.iter().enumerate().map(|(i, value)| Case { place: place(i), value }).collect()
    }
}

/// A case. Reading a member that is not there, or has another type, panics: then
/// the file is not the one that this program was written for.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    place: String,
    value: &'a Value,
}

impl Case<'_> {
    /// Where it is, and its name if it has one.
    #[must_use]
    pub fn place(&self) -> String {
        let name = self.value["name"].as_str().or_else(|| self.value["sequence"].as_str());
        name.map_or_else(|| self.place.clone(), |name| format!("{} ({name})", self.place))
    }

    /// Whether it has a member.
    #[must_use]
    pub fn has(&self, member: &str) -> bool {
        self.value.get(member).is_some()
    }

    /// A text.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn text(&self, member: &str) -> &str {
        self.value[member].as_str().unwrap_or_else(|| panic!("{}: {member}", self.place))
    }

    /// A number.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn number(&self, member: &str) -> u64 {
        self.value[member].as_u64().unwrap_or_else(|| panic!("{}: {member}", self.place))
    }

    /// Bytes.
    ///
    /// # Panics
    /// If they are no lower-case hexadecimal text.
    #[must_use]
    pub fn bytes(&self, member: &str) -> Vec<u8> {
        self.decode(member, &self.value[member])
    }

    /// A list of bytes.
    ///
    /// # Panics
    /// As [`Case::bytes`].
    #[must_use]
    pub fn list_of_bytes(&self, member: &str) -> Vec<Vec<u8>> {
        self.items(member).iter().map(|item| self.decode(member, item)).collect()
    }

    /// A list of pairs of numbers.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn pairs(&self, member: &str) -> Vec<(usize, usize)> {
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let pair = |item: &Value| Some((number(&item[0])?, number(&item[1])?));
        let pairs = self.items(member).iter().map(pair).collect::<Option<_>>();
        pairs.unwrap_or_else(|| panic!("{}: {member}", self.place))
    }

    fn items(&self, member: &str) -> &Vec<Value> {
        self.value[member].as_array().unwrap_or_else(|| panic!("{}: {member}", self.place))
    }

    fn decode(&self, member: &str, value: &Value) -> Vec<u8> {
        let text = value.as_str().unwrap_or_else(|| panic!("{}: {member}", self.place));
        let bytes = HEXLOWER.decode(text.as_bytes());
        bytes.unwrap_or_else(|error| panic!("{}: {member}: {error}", self.place))
    }
}
