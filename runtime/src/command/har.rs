//! Parses a HAR file (HTTP Archive 1.2), which the developer tools of browsers export. A HAR file contains requests and
//! responses. The parser reads only the URLs, the methods, the statuses and the headers.

use http::StatusCode;
use serde_json::Value;

use super::Result;
use super::arguments::Audit;
use super::saved::{Response, SavedResponse};
use crate::browser::page_url::PageUrl;

/// Parses the responses of a HAR file. If there is a `--url`, parses only the responses of its host.
pub(super) fn parse(input: &[u8], options: &Audit) -> Result<Vec<SavedResponse>> {
    if options.method.is_some() || options.accept.is_some() {
        return Err("a HAR file contains the requests; leave out `--method` and `--accept`".into());
    }
    // A syntax error of serde_json contains the line and the column, and no text of the file.
    let har: Value = serde_json::from_slice(input).map_err(|error| {
        format!("the input begins with `{{`, but is not valid JSON: {error}; export the HAR file again")
    })?;
    let entries = har.pointer("/log/entries").and_then(Value::as_array);
    let entries =
        entries.ok_or("the input is JSON, but is no HAR file; export a HAR file, which has a list `log.entries`")?;
    let mut saved = Vec::new();
    for (number, entry) in (1..).zip(entries) {
        let parsed = parse_entry(entry).map_err(|error| format!("entry {number} of the HAR file {error}"))?;
        saved.extend(parsed.filter(|saved| options.url.as_ref().is_none_or(|url| url.host() == saved.url.host())));
    }
    match &options.url {
        Some(url) if saved.is_empty() => {
            Err(format!("the HAR file has no response of the host `{}`; check `--url`", url.host()).into())
        }
        None if saved.is_empty() => Err("the HAR file has no response of an http or https URL".into()),
        _ => Ok(saved),
    }
}

/// Parses one entry. Returns `None` if the URL has another scheme than http or https, or if the browser received no
/// response. The query of the URL has no effect on the audit, so the parser leaves the query out.
fn parse_entry(entry: &Value) -> Result<Option<SavedResponse>> {
    let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str);
    let url = text("/request/url").ok_or("has no `request.url`; export the HAR file again")?;
    // Some programs write a status of 0 or -1 for a request without a response.
    let status = entry
        .pointer("/response/status")
        .and_then(Value::as_i64)
        .ok_or("has no `response.status`; export the HAR file again")?;
    let fields = entry
        .pointer("/response/headers")
        .and_then(Value::as_array)
        .ok_or("has no `response.headers`; export the HAR file again")?;
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let (Some((scheme, _)), Some(status)) = (url.split_once("://"), status) else { return Ok(None) };
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Ok(None);
    }
    let url = PageUrl::parse(url.split(['?', '#']).next().unwrap_or_default()).ok_or(
        "has a `request.url` that is not a valid URL with an ASCII host and without user information; correct the URL, or \
         remove the entry",
    )?;
    let accept = entry.pointer("/request/headers").and_then(Value::as_array).into_iter().flatten().filter_map(field);
    let accept: Vec<&str> =
        accept.filter(|(name, _)| name.eq_ignore_ascii_case("accept")).map(|(_, value)| value).collect();
    let request = text("/request/method").map(|method| (method.to_owned(), accept.join(", ")));
    // Some browsers join the `Set-Cookie` headers of a response with line breaks.
    let fields = fields.iter().filter_map(field).flat_map(|(name, value)| {
        value.split('\n').map(move |value| (name.as_bytes(), value.trim_ascii().as_bytes().to_vec()))
    });
    Ok(Some(SavedResponse { url, request, response: Response::new(status, fields)? }))
}

/// Returns the name and the value of a header.
fn field(field: &Value) -> Option<(&str, &str)> {
    Some((field.get("name")?.as_str()?, field.get("value")?.as_str()?))
}
