//! Finds the attributes of a `Set-Cookie` header that browsers ignore: a date, an age or a path that browsers cannot
//! use, and an unknown attribute whose name looks like the name of a known attribute. The input is the header. The
//! output is a phrase and a remedy for each ignored attribute. The output never contains text of the header.

use hardtack_rules::date::parse_cookie_date;

use super::findings::KNOWN_ATTRIBUTES;
use crate::wire::lifetime::parse_max_age;
use crate::wire::set_cookie::{Attribute, all_attributes, is_short_enough};

/// Returns the end of a sentence about the cookie, such as "has a `Max-Age` that is not a whole number, which browsers
/// ignore; write digits only, as in `Max-Age=3600`". Returns `None` if browsers ignore no attribute.
pub(super) fn ignored_attributes(header: &[u8]) -> Option<String> {
    let mut ignored: Vec<Ignored> = all_attributes(header).filter_map(Ignored::find).collect();
    ignored.sort_unstable();
    ignored.dedup();
    let phrases: Vec<String> = ignored.iter().map(Ignored::phrase).collect();
    let remedies: Vec<String> = ignored.iter().map(Ignored::remedy).collect();
    (!ignored.is_empty())
        .then(|| format!("has {}, which browsers ignore; {}", phrases.join(" and "), remedies.join(", and ")))
}

/// The reason why browsers ignore an attribute (6265bis 5.6).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ignored {
    /// The value of a known attribute has more than 1024 bytes.
    Long(&'static str),
    Expires,
    MaxAge,
    Path,
    /// An unknown attribute. The list contains the known attributes whose names look like the name of the unknown
    /// attribute.
    Unknown(Vec<&'static str>),
}

impl Ignored {
    /// Returns the reason why browsers ignore the attribute. Returns `None` if browsers use the attribute, or if the
    /// attribute is unknown and does not look like a known attribute. For example, browsers ignore the attribute
    /// `Priority`, but the function returns `None`.
    fn find(attribute: Attribute<'_>) -> Option<Ignored> {
        let (name, value) = attribute;
        let Some(known) = KNOWN_ATTRIBUTES.iter().find(|known| name.eq_ignore_ascii_case(known.as_bytes())) else {
            // In `=Secure`, the name is empty.
            let similar = similar_attributes(if name.is_empty() { value.unwrap_or_default() } else { name });
            return (!similar.is_empty()).then_some(Ignored::Unknown(similar));
        };
        let value = value.unwrap_or_default();
        match *known {
            _ if !is_short_enough(&attribute) => Some(Ignored::Long(known)),
            "Expires" => parse_cookie_date(value).is_none().then_some(Ignored::Expires),
            "Max-Age" => parse_max_age(value).is_none().then_some(Ignored::MaxAge),
            "Path" => (!value.starts_with(b"/")).then_some(Ignored::Path),
            _ => None,
        }
    }

    fn phrase(&self) -> String {
        match self {
            Ignored::Long(name) => format!("a `{name}` of more than 1024 bytes"),
            Ignored::Expires => "an `Expires` without a valid date".to_owned(),
            Ignored::MaxAge => "a `Max-Age` that is not a whole number".to_owned(),
            Ignored::Path => "a `Path` that does not begin with `/`".to_owned(),
            Ignored::Unknown(similar) => format!("an unknown attribute that looks like {}", in_backticks(similar)),
        }
    }

    fn remedy(&self) -> String {
        match self {
            Ignored::Long(name) => format!("shorten the `{name}`"),
            Ignored::Expires => "write the date as in `Expires=Thu, 01 Jan 1970 00:00:00 GMT`".to_owned(),
            Ignored::MaxAge => "write digits only, as in `Max-Age=3600`".to_owned(),
            Ignored::Path => "write the path from the root, as in `Path=/`".to_owned(),
            Ignored::Unknown(similar) => {
                format!("write {} exactly, and `;` before the next attribute", in_backticks(similar))
            }
        }
    }
}

/// Returns the known attributes whose names occur in the name of an unknown attribute. The comparison ignores letter
/// case and all characters that are not letters.
fn similar_attributes(name: &[u8]) -> Vec<&'static str> {
    let letters: Vec<u8> = name.iter().filter(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect();
    let Ok(letters) = String::from_utf8(letters) else { return Vec::new() };
    let is_similar = |known: &&str| letters.contains(&known.replace('-', "").to_ascii_lowercase());
    KNOWN_ATTRIBUTES.into_iter().filter(is_similar).collect()
}

fn in_backticks(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::ignored_attributes;

    fn ignored(attributes: &str) -> Option<String> {
        ignored_attributes(format!("a=v; {attributes}").as_bytes())
    }

    #[test]
    fn unusable_values_are_ignored() {
        let long = "x".repeat(1024);
        let long_path = format!("path=/{long}");
        for (attributes, text) in [
            (
                "expires=0",
                "an `Expires` without a valid date, which browsers ignore; write the date as in `Expires=Thu, 01 Jan 1970 \
                 00:00:00 GMT`",
            ),
            (
                "Max-Age=\"60\"",
                "a `Max-Age` that is not a whole number, which browsers ignore; write digits only, as in `Max-Age=3600`",
            ),
            (
                "Path=app",
                "a `Path` that does not begin with `/`, which browsers ignore; write the path from the root, as in \
                 `Path=/`",
            ),
            (&long_path, "a `Path` of more than 1024 bytes, which browsers ignore; shorten the `Path`"),
            (
                "secure HttpOnly",
                "an unknown attribute that looks like `Secure` and `HttpOnly`, which browsers ignore; write `Secure` and \
                 `HttpOnly` exactly, and `;` before the next attribute",
            ),
            (
                "Max-Age=; Path; Max-Age=1d",
                "a `Max-Age` that is not a whole number and a `Path` that does not begin with `/`, which browsers ignore; \
                 write digits only, as in `Max-Age=3600`, and write the path from the root, as in `Path=/`",
            ),
        ] {
            assert_eq!(ignored(attributes), Some(format!("has {text}")), "{attributes}");
        }
        let at_the_limit = format!("path=/{}; x={long}{long}", "x".repeat(1023));
        for attributes in ["expires=1 Jan 70 0:0:0", "max-age=-1", "MAX-AGE=007", "path=/", &at_the_limit, "", ";; ;="]
        {
            assert_eq!(ignored(attributes), None, "{attributes}");
        }
    }

    #[test]
    fn similar_names_are_ignored() {
        for attribute in [
            "Http-Only",
            "http only=1",
            "HttpOnly,Secure",
            "\"Secure\"",
            "\u{201c}Secure\u{201d}",
            "Secure\u{a0}",
            "SameSite:Lax",
            "max age=60",
            "Max_Age=60",
            "partitioned1",
            "Cookie-Path=/",
            "domain: example.com",
            "expires:0",
            "=Secure",
        ] {
            assert!(ignored(attribute).is_some(), "{attribute}");
        }
        for attribute in [
            "Priority=High",
            "SameParty",
            "Version=1",
            "Comment=secure and httponly",
            "Discard",
            "HostOnly",
            "Sec",
            "max=60",
            "=",
            "Secure=true",
            "HTTPONLY=1",
            "Domain=",
            "SameSite=Laxx",
        ] {
            assert_eq!(ignored(attribute), None, "{attribute}");
        }
    }
}
