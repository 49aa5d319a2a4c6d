//! Parses saved responses that begin with a status line, such as the output of `curl -i`. The output of `curl -iL`
//! contains several responses. The parser also reads the headers in the output of `curl -v` and `wget -S`.

use http::StatusCode;

use super::Result;
use super::saved::Response;

/// The form of the lines that contain headers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The output of `curl -i`: only headers, then an empty line, then the body of the last response.
    Plain,
    /// The output of `curl -v`: each line of a response's headers begins with `<`.
    Verbose,
    /// The output of `wget -S`: each line of a response's headers begins with two spaces.
    Indented,
}

impl Form {
    /// Returns the line without the marker of this form. Returns `None` if the line has no marker.
    fn strip(self, line: &[u8]) -> Option<&[u8]> {
        match self {
            Form::Plain => Some(line),
            Form::Verbose => {
                let rest = line.strip_prefix(b"<")?;
                Some(rest.strip_prefix(b" ").unwrap_or(rest))
            }
            Form::Indented => line.strip_prefix(b"  "),
        }
    }

    fn from_line(line: &[u8]) -> Form {
        match line {
            [b'<', ..] => Form::Verbose,
            [b' ', ..] => Form::Indented,
            _ => Form::Plain,
        }
    }
}

/// Parses the responses. Returns no response if no line is a status line.
pub(super) fn parse(input: &[u8]) -> Result<Vec<Response>> {
    let mut found = Vec::new();
    let mut lines = input.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    // Skips lines before the first response, such as a shell prompt or curl's progress output.
    let Some((form, first)) = lines.by_ref().find_map(|line| {
        let form = Form::from_line(line);
        Some((form, parse_status(form.strip(line)?)?))
    }) else {
        return Ok(found);
    };
    let mut next = Some(first);
    while let Some((status, is_tunnel)) = next {
        let mut fields: Vec<(&[u8], Vec<u8>)> = Vec::new();
        for line in lines.by_ref() {
            let line = match (form.strip(line), form) {
                // In the output of `curl -v`, other lines can stand between the headers.
                (None, Form::Verbose) => continue,
                (None | Some([]), _) => break,
                (Some(line), _) => line,
            };
            add_field(line, &mut fields);
        }
        next = match form {
            // After the headers of the last response comes its body. A line of the body could look like a status line.
            Form::Plain => lines.next().and_then(parse_status),
            Form::Verbose | Form::Indented => lines.by_ref().find_map(|line| parse_status(form.strip(line)?)),
        };
        // Keep only the server's final responses. Skip a proxy's response to CONNECT, which comes before another response,
        // and skip informational responses.
        if !(status.is_informational() || is_tunnel && next.is_some()) {
            let response = Response::new(status, fields);
            found.push(response.map_err(|error| format!("a response in the input {error}"))?);
        }
    }
    if found.is_empty() {
        return Err("the input has only informational responses; save the whole output of `curl -si URL`".into());
    }
    Ok(found)
}

/// Adds one header field, or continues the field of the line before (obsolete line folding, RFC 9112 5.2).
fn add_field<'a>(line: &'a [u8], fields: &mut Vec<(&'a [u8], Vec<u8>)>) {
    let colon = line.iter().position(|byte| *byte == b':').and_then(|at| line.split_at_checked(at));
    match (line, colon, fields.last_mut()) {
        ([b' ' | b'\t', rest @ ..], _, Some((_, value))) => {
            value.push(b' ');
            value.extend_from_slice(rest.trim_ascii());
        }
        (_, Some((name, [_, value @ ..])), _) => fields.push((name, value.trim_ascii().to_vec())),
        _ => {}
    }
}

/// Parses a status line. The returned bool is true if the line begins a proxy's response to CONNECT.
fn parse_status(line: &[u8]) -> Option<(StatusCode, bool)> {
    let mut words = line.strip_prefix(b"HTTP/")?.splitn(3, |byte| *byte == b' ').skip(1);
    let status = StatusCode::from_bytes(words.next()?.trim_ascii_end()).ok()?;
    Some((status, words.next().is_some_and(|reason| reason.eq_ignore_ascii_case(b"connection established"))))
}
