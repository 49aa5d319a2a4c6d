//! Plants secrets in headers, and searches each text that hardtack emits. Each line of the input is a header. If the
//! line begins with `>`, the rest of the line is a `Cookie` header. Otherwise the line is a `Set-Cookie` header. The
//! target also generates one header from the input.
//!
//! The target checks that no text shows a cookie's value. If a name, a `Domain` or a `Path` contains a character that
//! is not allowed there, no text may show this character or the rest.

#![no_main]

use hardtack_fuzz::planted::{self, Kind};
use http::HeaderMap;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut bytes = input.iter();
    let mut choose = |count: usize| bytes.next().map_or(0, |byte| usize::from(*byte) % count);
    let (kind, generated) = planted::header(&mut choose);
    let lines = input.split(|byte| *byte == b'\n').take(4).filter(|line| line.len() < 400);
    let mut headers: Vec<(Kind, &[u8])> = lines
        .map(|line| match line.strip_prefix(b">") {
            Some(line) => (Kind::Cookie, line),
            None => (Kind::SetCookie, line),
        })
        .collect();
    headers.push((kind, &generated));
    planted::check(&headers, |layer, request, headers| {
        let (response, _): (_, bool) = hardtack_fuzz::send(layer, request, headers);
        let headers: HeaderMap = response.into_parts().0.headers;
        headers
    });
});
