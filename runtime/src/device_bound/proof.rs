//! Parses and verifies the proof in the header `Secure-Session-Response`. A proof is a signed JWT: three parts in
//! base64url, two small JSON objects, and one algorithm (ES256).

use base64::Engine as _;
use p256::EncodedPoint;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Map, Value};

use crate::seal::BASE64;

/// The largest length of the header with the proof, in bytes. hardtack does not parse a longer header. The proof of a
/// registration has about 600 bytes, and its challenge is the longest part.
const MAX_PROOF_LEN: usize = 8 * 1024;
/// The number of bytes of a public key: the byte 4, and the two coordinates.
pub(crate) const KEY_LEN: usize = 65;

const COORDINATE_LEN: usize = 32;

/// The public key of a device.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PublicKey(VerifyingKey);

impl PublicKey {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<PublicKey> {
        VerifyingKey::from_sec1_bytes(bytes).ok().map(PublicKey)
    }

    /// Returns the uncompressed point.
    pub(crate) fn to_bytes(&self) -> Option<[u8; KEY_LEN]> {
        self.0.to_encoded_point(false).as_bytes().try_into().ok()
    }

    /// Parses a JSON Web Key. The function accepts only points on the curve P-256.
    fn from_jwk(jwk: &Value) -> Option<PublicKey> {
        let jwk = jwk.as_object()?;
        if text(jwk, "kty")? != "EC" || text(jwk, "crv")? != "P-256" {
            return None;
        }
        let coordinate =
            |name| -> Option<[u8; COORDINATE_LEN]> { BASE64.decode(text(jwk, name)?).ok()?.try_into().ok() };
        let (x, y) = (coordinate("x")?, coordinate("y")?);
        let point = EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
        VerifyingKey::from_encoded_point(&point).ok().map(PublicKey)
    }
}

/// A proof that is parsed, and not yet verified.
pub(crate) struct Proof<'a> {
    /// The bytes that the device signed, as received.
    signed: &'a [u8],
    signature: Signature,
    /// The public key, which only the proof of a registration contains.
    jwk: Option<PublicKey>,
    challenge: String,
}

impl<'a> Proof<'a> {
    /// Parses the value of the header `Secure-Session-Response`, with or without quotes. The function ignores unknown
    /// claims.
    pub(crate) fn parse(header: &'a [u8]) -> Option<Proof<'a>> {
        if header.len() > MAX_PROOF_LEN {
            return None;
        }
        let token = unquoted(header);
        let end = token.iter().rposition(|byte| *byte == b'.')?;
        let (signed, signature) = token.split_at_checked(end)?;
        let middle = signed.iter().position(|byte| *byte == b'.')?;
        let (head, claims) = signed.split_at_checked(middle)?;
        let head = object(head)?;
        let claims = object(claims.get(1..)?)?;
        if text(&head, "typ")? != "dbsc+jwt" || text(&head, "alg")? != "ES256" {
            return None;
        }
        let jwk = match head.get("jwk") {
            Some(jwk) => Some(PublicKey::from_jwk(jwk)?),
            None => None,
        };
        let signature = Signature::from_slice(&BASE64.decode(signature.get(1..)?).ok()?).ok()?;
        Some(Proof { signed, signature, jwk, challenge: text(&claims, "jti")?.to_owned() })
    }

    /// Returns the challenge of the proof. The challenge is not verified yet. Anyone can send a proof, and the check of
    /// a challenge is much cheaper than the check of a signature.
    pub(crate) fn unverified_challenge(&self) -> &str {
        &self.challenge
    }

    /// Verifies the proof of a registration with the key that the proof contains. Returns the key and the challenge.
    pub(crate) fn verify_registration(self) -> Option<(PublicKey, String)> {
        let key = self.jwk?;
        key.0.verify(self.signed, &self.signature).ok()?;
        Some((key, self.challenge))
    }

    /// Verifies the proof of a refresh with the registered key. Returns the challenge. A proof of a refresh has no key
    /// of its own, because then anyone could sign the proof.
    pub(crate) fn verify_refresh(self, key: &PublicKey) -> Option<String> {
        if self.jwk.is_some() {
            return None;
        }
        key.0.verify(self.signed, &self.signature).ok()?;
        Some(self.challenge)
    }
}

/// Removes the quotes of a structured string. Chromium sends the values without quotes, and the specification has
/// quotes.
pub(crate) fn unquoted(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// Parses a part of the token. Base64 text without padding contains no dot, so a fourth part is an error here.
fn object(part: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&BASE64.decode(part).ok()?).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use p256::ecdsa::signature::Signer as _;
    use p256::ecdsa::{Signature, SigningKey};

    use super::{Proof, PublicKey};
    use crate::seal::BASE64;

    // Two proofs that Chromium 156 sent: of a registration, and of a refresh of the same session.
    const REGISTRATION: &str = "eyJhbGciOiJFUzI1NiIsImp3ayI6eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImdQRUNpc1NXdndvY1JKeDRDWldvcktFY3ZnTHJkYU9pbHVJcG1Bd2Fta0UiLCJ5IjoiU2NwQnFmaXlPaXVEX0VZZHNKaURSdUFqTERTWUZPNFBDc25qYTBjc09fZyJ9LCJ0eXAiOiJkYnNjK2p3dCJ9.eyJqdGkiOiJjLXJlZ2lzdGVyIn0.lhTlaMf8Gfoajey35eqfcHI5TxWC_Gw7x0en8Q7kLn3kD77Bek3v1BMKz0k9OCxpZh6hPxB99xsYLsSvR-3qyQ";
    const REFRESH: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRic2Mrand0In0.eyJqdGkiOiJjLUk5NEJUMnJPQk85aHR6V2EifQ.tvhX-6l7uPtckyPrHnsleRIKOBzvP1ZMXms3CO70PWw58FlAn68rHNh-v5pa7GUeB3pdKDPEoupHnNdxVPdQNw";

    fn registered(header: &str) -> Option<(PublicKey, String)> {
        Proof::parse(header.as_bytes())?.verify_registration()
    }

    fn refreshed(header: &str, key: &PublicKey) -> Option<String> {
        Proof::parse(header.as_bytes())?.verify_refresh(key)
    }

    fn token(key: &SigningKey, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature: Signature = key.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64.encode(signature.to_bytes()))
    }

    fn jwk(key: &SigningKey) -> String {
        let point = key.verifying_key().to_encoded_point(false);
        let (x, y) = (BASE64.encode(point.x().unwrap()), BASE64.encode(point.y().unwrap()));
        format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
    }

    #[test]
    fn proofs_of_chromium_are_accepted() {
        let (key, challenge) = registered(REGISTRATION).unwrap();
        assert_eq!(challenge, "c-register");
        assert_eq!(refreshed(REFRESH, &key).as_deref(), Some("c-I94BT2rOBO9htzWa"));
        // The specification has a quoted string, and Chromium sends a token.
        assert!(registered(&format!("\"{REGISTRATION}\"")).is_some());
        assert_eq!(refreshed(&format!(" \"{REFRESH}\" "), &key).as_deref(), Some("c-I94BT2rOBO9htzWa"));
        let bytes = key.to_bytes().unwrap();
        assert!(PublicKey::from_bytes(&bytes).is_some_and(|parsed| parsed == key));
    }

    #[test]
    fn every_changed_character_is_refused() {
        let (key, _) = registered(REGISTRATION).unwrap();
        let changed = |text: &str, index: usize, by: char| -> String {
            text.chars().enumerate().map(|(i, c)| if i == index { by } else { c }).collect()
        };
        for (index, old) in REGISTRATION.char_indices() {
            for new in ['A', '_', '.', '=', '"'].into_iter().filter(|new| *new != old) {
                assert!(registered(&changed(REGISTRATION, index, new)).is_none(), "{index} {new}");
            }
        }
        for (index, old) in REFRESH.char_indices() {
            for new in ['A', '_', '.', '=', '"'].into_iter().filter(|new| *new != old) {
                assert!(refreshed(&changed(REFRESH, index, new), &key).is_none(), "{index} {new}");
            }
        }
        for text in ["", ".", "..", "...", "a.b.c", &format!("{REFRESH}."), &format!("{REFRESH}.a"), &REFRESH[1..]] {
            assert!(refreshed(text, &key).is_none(), "{text}");
        }
        for end in 0..REFRESH.len() {
            assert!(refreshed(&REFRESH[..end], &key).is_none(), "{end}");
        }
    }

    #[test]
    fn the_key_must_be_the_registered_one() {
        let (key, _) = registered(REGISTRATION).unwrap();
        let other = SigningKey::from_slice(&[7; 32]).unwrap();
        let proof = token(&other, r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, r#"{"jti":"c"}"#);
        assert!(refreshed(&proof, &key).is_none());
        assert!(refreshed(&proof, &PublicKey(*other.verifying_key())).is_some());
        // The proof of a refresh contains no key, and the proof of a registration contains one.
        let with_key =
            token(&other, &format!(r#"{{"alg":"ES256","jwk":{},"typ":"dbsc+jwt"}}"#, jwk(&other)), r#"{"jti":"c"}"#);
        assert!(refreshed(&with_key, &PublicKey(*other.verifying_key())).is_none());
        assert!(registered(&with_key).is_some() && registered(&proof).is_none());
    }

    #[test]
    fn only_es256_proofs_of_a_device_are_accepted() {
        let device = SigningKey::from_slice(&[7; 32]).unwrap();
        let key = PublicKey(*device.verifying_key());
        let with = |header: &str, claims: &str| refreshed(&token(&device, header, claims), &key);
        const HEADER: &str = r#"{"alg":"ES256","typ":"dbsc+jwt"}"#;
        assert_eq!(with(HEADER, r#"{"jti":"c","aud":"https://shop.test/a","iat":1}"#).as_deref(), Some("c"));
        for header in [
            r#"{"alg":"none","typ":"dbsc+jwt"}"#,
            r#"{"alg":"RS256","typ":"dbsc+jwt"}"#,
            r#"{"alg":"HS256","typ":"dbsc+jwt"}"#,
            r#"{"alg":"es256","typ":"dbsc+jwt"}"#,
            r#"{"alg":"ES256","typ":"JWT"}"#,
            r#"{"alg":"ES256"}"#,
            r#"{"typ":"dbsc+jwt"}"#,
            r#"{"alg":["ES256"],"typ":"dbsc+jwt"}"#,
            r#"[]"#,
            "",
        ] {
            assert!(with(header, r#"{"jti":"c"}"#).is_none(), "{header}");
        }
        for claims in [r#"{}"#, r#"{"jti":1}"#, r#"{"jti":null}"#, r#"["jti"]"#, "null", ""] {
            assert!(with(HEADER, claims).is_none(), "{claims}");
        }
    }

    #[test]
    fn only_points_of_p256_are_keys() {
        let device = SigningKey::from_slice(&[7; 32]).unwrap();
        let good = jwk(&device);
        let with = |jwk: &str| {
            let header = format!(r#"{{"alg":"ES256","jwk":{jwk},"typ":"dbsc+jwt"}}"#);
            registered(&token(&device, &header, r#"{"jti":"c"}"#)).is_some()
        };
        assert!(with(&good));
        let zero = BASE64.encode([0; 32]);
        let x = BASE64.encode(device.verifying_key().to_encoded_point(false).x().unwrap());
        for bad in [
            good.replace("P-256", "P-384"),
            good.replace("EC", "OKP"),
            good.replace(&x, &zero),
            good.replace(&x, ""),
            good.replace(&x, &x[1..]),
            good.replace(&x, &BASE64.encode([9; 33])),
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{zero}","y":"{zero}"}}"#),
            "null".to_owned(),
            "{}".to_owned(),
            "\"key\"".to_owned(),
        ] {
            assert!(!with(&bad), "{bad}");
        }
    }
}
