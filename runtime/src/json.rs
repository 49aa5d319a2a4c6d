//! A value as its serde JSON, for a cookie that is declared `json`. In: what serde can write and read; out: text, and back.
//! Encodes nothing for the wire; the writer does.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::value::{InvalidValue, ValueWriter};

/// What a cookie that is declared `json` must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is declared `json`, and serde cannot write and read it",
    label = "needs serde's `Serialize` and `Deserialize`, without borrowing",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` on it"
)]
pub trait Json: Sized {
    /// Writes the value as JSON.
    fn write_json(&self, out: &mut ValueWriter);

    /// Reads the value from JSON.
    ///
    /// # Errors
    ///
    /// Where the text is not the JSON of one of the type's values.
    fn read_json(text: &str) -> Result<Self, InvalidValue>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Json for T {
    fn write_json(&self, out: &mut ValueWriter) {
        match serde_json::to_string(self) {
            Ok(json) => out.push_str(&json),
            Err(_) => out.fail(),
        }
    }

    fn read_json(text: &str) -> Result<Self, InvalidValue> {
        // What serde says of a text may show some of it.
        serde_json::from_str(text).map_err(|_| InvalidValue::expected("the JSON of the type"))
    }
}
