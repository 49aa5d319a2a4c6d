//! Recognises the path of an ACME HTTP-01 challenge. The certificate authority sends this request over plain HTTP.

/// The path of an ACME HTTP-01 challenge consists of `ACME_CHALLENGE` and a token (RFC 8555 8.3).
const ACME_CHALLENGE: &str = "/.well-known/acme-challenge/";

/// Returns true if the path is the path of an ACME HTTP-01 challenge. The token must consist of base64url characters.
pub(crate) fn is_acme_challenge(path: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    path.strip_prefix(ACME_CHALLENGE).is_some_and(|token| !token.is_empty() && token.bytes().all(is_base64url))
}

#[cfg(test)]
mod tests {
    use super::is_acme_challenge;

    #[test]
    fn acme_challenge_is_one_base64url_segment() {
        for (path, is_challenge) in [
            ("/.well-known/acme-challenge/tok123", true),
            ("/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0", true),
            ("/.well-known/acme-challenge/a-_Z9", true),
            ("/.well-known/acme-challenge/", false),
            ("/.well-known/acme-challenge", false),
            ("/.well-known/acme-challenge/a/b", false),
            ("/.well-known/acme-challenge/a/", false),
            ("/.well-known/acme-challenge//a", false),
            ("/.well-known/acme-challenge/..", false),
            ("/.well-known/acme-challenge/a.b", false),
            ("/.well-known/acme-challenge/a%2fb", false),
            ("/.well-known/acme-challenge/a=", false),
            ("/.well-known/acme-challenge/é", false),
            ("/.well-known/acme-challenge/a\\b", false),
            ("/.Well-Known/acme-challenge/a", false),
            ("//.well-known/acme-challenge/a", false),
            ("/x/.well-known/acme-challenge/a", false),
        ] {
            assert_eq!(is_acme_challenge(path), is_challenge, "{path}");
        }
    }
}
