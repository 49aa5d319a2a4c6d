//! Implements `Serialize` for reports. The documentation of the module `audit` describes the format of a serialized
//! report.

use hardtack_rules::SameSite;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Finding, Rejection, Report, Stored};
use crate::clock::unix_seconds;
use crate::wire::shown::Shown;

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // In a report about the response itself, `stored` contains `Rejection::Empty` only as a placeholder.
        let rejection = self.stored.as_ref().err().filter(|_| self.cookie.is_some());
        let mut fields = serializer.serialize_struct("Report", 5)?;
        fields.serialize_field("cookie", &self.shown_cookie())?;
        fields.serialize_field("companion_of", &self.companion_of)?;
        fields.serialize_field("stored", &self.stored.as_ref().ok())?;
        fields.serialize_field("rejection", &rejection)?;
        fields.serialize_field("findings", &self.findings)?;
        fields.end()
    }
}

/// The serialized text does not contain the cookie's value, because the value can be a credential. The name, the
/// `Domain` and the `Path` of a broken header can also contain a value, so these texts are shortened.
impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Stored", 10)?;
        fields.serialize_field("name", &Shown::name(self.name.as_bytes()).to_string())?;
        fields.serialize_field("domain", &Shown::domain(&self.domain).to_string())?;
        fields.serialize_field("host_only", &self.host_only)?;
        fields.serialize_field("path", &Shown::path(&self.path).to_string())?;
        fields.serialize_field("secure", &self.secure)?;
        fields.serialize_field("http_only", &self.http_only)?;
        fields.serialize_field("same_site", &self.same_site.map(SameSite::as_str))?;
        fields.serialize_field("partitioned", &self.partitioned)?;
        fields.serialize_field("expires", &self.expires.map(unix_seconds))?;
        fields.serialize_field("removal", &self.is_removal())?;
        fields.end()
    }
}

impl Serialize for Rejection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Rejection", 2)?;
        fields.serialize_field("rule", self.id())?;
        fields.serialize_field("message", &self.to_string())?;
        fields.end()
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let references: Vec<String> = self.references.iter().map(ToString::to_string).collect();
        let mut fields = serializer.serialize_struct("Finding", 5)?;
        fields.serialize_field("rule", self.rule.id())?;
        fields.serialize_field("severity", self.severity.as_str())?;
        fields.serialize_field("message", &self.message)?;
        fields.serialize_field("references", &references)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
    }
}
