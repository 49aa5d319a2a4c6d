//! A saved response with its URL. The input is the text of a HAR file, or a text that contains responses, such as the
//! output of `curl -i`. The output is the audit of each response.

use std::time::{Duration, SystemTime};

use hardtack_rules::date::parse_cookie_date;
use http::header::{DATE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::arguments::Audit;
use super::output::Audited;
use super::{Result, har, transcript};
use crate::audit::{self, Context, Report};
use crate::browser::page_url::PageUrl;

/// A saved response, and the known facts about its request.
pub(super) struct SavedResponse {
    pub(super) url: PageUrl,
    /// The method and the `Accept` header of the request. `request` is `None` if the method and the header are unknown.
    pub(super) request: Option<(String, String)>,
    pub(super) response: Response,
}

/// The status and the headers of a response.
pub(super) struct Response {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    /// `Set-Cookie` headers with bytes that a `HeaderValue` cannot contain. Browsers reject headers with these bytes.
    invalid_set_cookies: Vec<Vec<u8>>,
}

/// Parses the responses in the input.
pub(super) fn parse(input: &[u8], options: &Audit) -> Result<Vec<SavedResponse>> {
    if input.starts_with(b"\xff\xfe") || input.starts_with(b"\xfe\xff") {
        return Err("the input is UTF-16 text; save it as UTF-8".into());
    }
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    if input.trim_ascii_start().starts_with(b"{") {
        return har::parse(input, options);
    }
    let responses = transcript::parse(input)?;
    if responses.is_empty() {
        return Err(
            "the input has no line that begins with `HTTP/`, and is no HAR file; give the command the output of \
                    `curl -si URL`, or a HAR file"
                .into(),
        );
    }
    let mut url = options
        .url
        .clone()
        .ok_or("a saved response does not contain its URL; add it, as in `--url https://shop.example/`")?;
    let mut request = (options.method.is_some() || options.accept.is_some()).then(|| {
        let method = options.method.clone().unwrap_or_else(|| "GET".to_owned());
        (method, options.accept.clone().unwrap_or_default())
    });
    let mut saved: Vec<SavedResponse> = Vec::with_capacity(responses.len());
    for response in responses {
        if let Some(before) = saved.last() {
            url = before.next_url().ok_or_else(|| {
                format!(
                    "the `Location` of response {} is not a valid URL with an ASCII host and without user information; \
                     save each response in its own file, and write its `--url`",
                    saved.len()
                )
            })?;
            if let Some((method, _)) = &mut request {
                before.response.change_method(method);
            }
        }
        saved.push(SavedResponse { url: url.clone(), request: request.clone(), response });
    }
    Ok(saved)
}

impl Response {
    /// Makes a response from its headers. Ignores headers that a `HeaderMap` cannot contain, except `Set-Cookie`
    /// headers.
    pub(super) fn new<'a>(
        status: StatusCode,
        fields: impl IntoIterator<Item = (&'a [u8], Vec<u8>)>,
    ) -> Result<Response> {
        let (mut headers, mut invalid_set_cookies) = (HeaderMap::new(), Vec::new());
        for (name, value) in fields {
            match (HeaderName::from_bytes(name), HeaderValue::from_bytes(&value)) {
                (Ok(name), Ok(value)) => {
                    headers.try_append(name, value).map_err(
                        |_| "has too many headers; remove the headers that are not about cookies, caching or HSTS",
                    )?;
                }
                (Ok(SET_COOKIE), Err(_)) => invalid_set_cookies.push(value),
                _ => {}
            }
        }
        Ok(Response { status, headers, invalid_set_cookies })
    }

    /// Changes the method as clients do when they follow a redirect (RFC 9110 15.4).
    fn change_method(&self, method: &mut String) {
        let is_get = match self.status {
            StatusCode::SEE_OTHER => method != "HEAD",
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => method == "POST",
            _ => false,
        };
        if is_get {
            "GET".clone_into(method);
        }
    }

    /// Returns the time of the `Date` header. The lifetimes of the response's cookies begin at this time.
    fn date(&self) -> Option<SystemTime> {
        let seconds = parse_cookie_date(self.headers.get(DATE)?.as_bytes())?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.try_into().ok()?))
    }
}

impl SavedResponse {
    /// Returns the URL of the next saved response: the `Location` of a redirect, or else the same URL. Returns `None`
    /// if the `Location` is not a valid URL.
    fn next_url(&self) -> Option<PageUrl> {
        match self.response.headers.get(LOCATION).filter(|_| self.response.status.is_redirection()) {
            None => Some(self.url.clone()),
            Some(location) => self.url.join(location.to_str().ok()?),
        }
    }

    /// Audits the response.
    pub(super) fn audit(&self) -> Audited {
        let SavedResponse { url, request, response } = self;
        // Browsers treat a loopback host as secure, even over plain HTTP.
        let context = if url.is_secure() { Context::https(url.host()) } else { Context::http(url.host()) };
        let mut context = context.path(url.path()).status(response.status);
        if let Some(date) = response.date() {
            context = context.at(date);
        }
        if let Some((method, accept)) = request {
            context = context.request(method, accept);
        }
        let invalid = response.invalid_set_cookies.iter().map(|header| audit::set_cookie(header, &context));
        let mut reports: Vec<Report> = invalid.collect();
        reports.extend(audit::response(&response.headers, &context));
        Audited { url: url.clone(), status: response.status.as_u16(), reports }
    }
}
