//! Writes and reads the value of a cookie that is declared `json`. serde converts the value to JSON text and back. The
//! `ValueWriter` percent-encodes the JSON text.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::value::{InvalidValue, ValueWriter};

/// The trait that the type of a `json` cookie needs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is declared `json`, and serde cannot write and read it",
    label = "needs serde's `Serialize` and `Deserialize`, without borrowing",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` on it"
)]
pub trait Json: Sized {
    /// Writes the cookie's value as JSON.
    fn write_json(&self, out: &mut ValueWriter);

    /// Reads the cookie's value from JSON.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidValue`] if `text` is not valid JSON for this type.
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
        // Drops serde's error message, because the message can contain parts of the cookie's value.
        serde_json::from_str(text).map_err(|_| InvalidValue::expected("JSON of the type"))
    }
}
