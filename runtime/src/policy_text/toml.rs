//! A policy in TOML: the document's tables as keys, its values as what they take.

use toml::de::{DeTable, DeValue};

use super::{Draft, KEYS, Value};
use crate::policy::Policy;
use crate::policy_error::PolicyError;

pub(super) fn read(text: &str) -> Result<Policy, PolicyError> {
    let document = DeTable::parse(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        PolicyError::new(format!("line {line}"), format!("not TOML: {}", error.message().trim()))
    })?;
    let mut draft = Draft::default();
    table(&mut draft, "", document.get_ref())?;
    draft.build()
}

fn table(draft: &mut Draft, above: &str, all: &DeTable<'_>) -> Result<(), PolicyError> {
    for (name, value) in all {
        let path = if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
        let is_section = KEYS.iter().any(|key| key.name.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')));
        match value.get_ref() {
            DeValue::Table(inner) if is_section => table(draft, &path, inner)?,
            value => {
                let Some(key) = KEYS.iter().find(|key| key.name == path) else {
                    let all: Vec<_> = KEYS.iter().map(|key| format!("`{}`", key.name)).collect();
                    return Err(PolicyError::new(path, format!("unknown; the keys are {}", all.join(", "))));
                };
                draft.set(key, &path, value)?;
            }
        }
    }
    Ok(())
}

impl Value for &DeValue<'_> {
    #[cfg(feature = "seal")]
    fn secret(self) -> Option<String> {
        None
    }

    fn boolean(self) -> Option<bool> {
        match self {
            DeValue::Boolean(boolean) => Some(*boolean),
            _ => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        }
    }

    fn number(self) -> Option<u16> {
        match self {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', "").parse().ok(),
            _ => None,
        }
    }

    fn list(self) -> Option<Vec<String>> {
        match self {
            DeValue::Array(items) => items.iter().map(|item| item.get_ref().text()).collect(),
            _ => None,
        }
    }

    /// Tables of a name and a reason.
    fn reasons(self, path: &str) -> Result<Option<Vec<(String, String)>>, PolicyError> {
        let subject = if path == "outbound_exceptions" { "host" } else { "cookie" };
        let DeValue::Array(items) = self else { return Ok(None) };
        let mut all = Vec::new();
        for item in items {
            let DeValue::Table(table) = item.get_ref() else { return Ok(None) };
            let (mut name, mut reason) = (None, String::new());
            for (key, value) in table {
                let path = format!("{path}.{}", key.get_ref());
                if key.get_ref() != subject && key.get_ref() != "reason" {
                    return Err(PolicyError::new(path, format!("unknown; the keys are `{subject}` and `reason`")));
                }
                let Some(text) = value.get_ref().text() else {
                    return Err(PolicyError::new(path, "expected a text"));
                };
                if key.get_ref() == subject {
                    name = Some(text);
                } else {
                    reason = text;
                }
            }
            let Some(name) = name else {
                return Err(PolicyError::new(path.to_owned(), format!("an exception has no `{subject}`; name it")));
            };
            all.push((name, reason));
        }
        Ok(Some(all))
    }
}
