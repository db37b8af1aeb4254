//! What a command says on standard output when its result is no message and no
//! secret: names and values, one a line, or one JSON object.

use serde_json::{Map, Value};

use crate::exit::Outcome;
use crate::stream;

/// Names and values in the order in which they are printed.
pub(crate) struct Report(Vec<(&'static str, Value)>);

impl Report {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// The JSON object, without a line end.
    pub(crate) fn json(self) -> String {
        let members = self.0.into_iter().map(|(name, value)| (name.to_owned(), value));
        Value::Object(members.collect::<Map<_, _>>()).to_string()
    }

    fn text(&self) -> String {
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let line = |(name, value): &(&str, Value)| match value {
            Value::Null => format!("{name:width$}  none\n"),
            Value::String(text) => format!("{name:width$}  {text}\n"),
            other => format!("{name:width$}  {other}\n"),
        };
        self.0.iter().map(line).collect()
    }

    pub(crate) fn print(self, json: bool) -> Outcome {
        let text = if json { self.json() + "\n" } else { self.text() };
        stream::write(text.as_bytes())
    }
}
