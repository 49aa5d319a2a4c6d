"""Writes seal.json: signed and sealed values in the format of docs/seal.md.

This is a second implementation of the format. It uses Python's hashlib and hmac, and OpenSSL's AES-256-GCM-SIV. It does not
use the code of hardtack. It needs the package `cryptography` with OpenSSL 3.2 or later.

    python3 tests/vectors/seal.py > tests/vectors/seal.json
"""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

SAFE = "!#$&'()*+-./:<=>?@[]^_`{|}~"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def percent_encode(text):
    """Encodes `%`, and each byte that is not a cookie-octet, as `%XX`."""
    is_safe = lambda byte: chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in SAFE)
    return "".join(chr(byte) if is_safe(byte) else f"%{byte:02X}" for byte in text.encode())


class Key:
    def __init__(self, secret):
        # HKDF-Expand with one block (RFC 5869 2.3).
        expand = lambda label: hmac.digest(secret, label + b"\x01", hashlib.sha256)
        self.secret = secret
        self.id = b64(expand(b"hardtack 1 id")[:3])
        self.sign_key = expand(b"hardtack 1 sign")
        self.seal_key = expand(b"hardtack 1 seal")

    def signed(self, name, value, terms, encode=percent_encode):
        """The tag covers the value without percent-encoding."""
        message = b"1" + self.id.encode() + terms + len(name).to_bytes(2, "big") + name.encode() + value.encode()
        tag = hmac.digest(self.sign_key, message, hashlib.sha256)[:16]
        return encode(value) + ".1" + self.id + b64(terms + tag)

    def sealed(self, name, value, terms, nonce):
        associated_data = b"1" + self.id.encode() + name.encode()
        plaintext = terms + value.encode()
        ciphertext = AESGCMSIV(self.seal_key).encrypt(nonce, plaintext, associated_data)
        return "1" + self.id + b64(nonce + ciphertext)


def terms_of(expiry, idle_expiry=None, flags=0, extension=b"", length=None):
    """The expiry times and settings that a seal contains beside the value."""
    idle_expiry = expiry if idle_expiry is None else idle_expiry
    length = len(extension) if length is None else length
    return idle_expiry.to_bytes(4, "big") + expiry.to_bytes(4, "big") + bytes([flags, length]) + extension


KEYS = [
    Key(bytes(range(32))),
    Key(hashlib.sha256(b"hardtack: a second key for vectors").digest()),
]
NOW = 1_800_000_000
IN_ONE_HOUR = NOW + 3_600
VALUES = [
    "",
    "7",
    "a.1.b",
    "50 %; a\r\nb",
    "größe, 寸法, 🍎",
    "Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3",
    "x" * 700,
]
NAMES = ["__Host-Http-session", "a", "n" * 100]
cases = []


def case(what, kind, key, name, wire, verdict, value=None, **more):
    cases.append(
        {"id": len(cases) + 1, "what": what, "kind": kind, "key": key.id, "name": name, "wire": wire, "verdict": verdict}
        | ({} if value is None else {"value": value})
        | more
    )


def flip(text, index):
    """Replaces the character at this index with another character of the alphabet."""
    return text[:index] + ("B" if text[index] == "A" else "A") + text[index + 1 :]


for key in KEYS:
    for name in NAMES:
        for value in VALUES:
            nonce = hashlib.sha256(f"{key.id} {name} {value}".encode()).digest()[:12]
            terms = terms_of(IN_ONE_HOUR)
            signed, sealed = key.signed(name, value, terms), key.sealed(name, value, terms, nonce)
            case("signed", "signed", key, name, signed, "ok", value, expiry=IN_ONE_HOUR)
            case("sealed", "sealed", key, name, sealed, "ok", value, expiry=IN_ONE_HOUR, nonce_hex=nonce.hex())

first, second = KEYS
nonce = bytes(range(12))
name, value = NAMES[0], VALUES[5]
terms = terms_of(IN_ONE_HOUR)
signed, sealed = first.signed(name, value, terms), first.sealed(name, value, terms, nonce)
for kind, wire in [("signed", signed), ("sealed", sealed)]:
    write_terms = lambda terms: first.signed(name, value, terms) if kind == "signed" else first.sealed(name, value, terms, nonce)
    write = lambda name, expiry: write_terms(terms_of(expiry))
    version = wire.rindex(".") + 1 if kind == "signed" else 0
    case("made for another name", kind, first, "a", wire, "mismatch")
    case("its keyring has another key", kind, second, name, wire, "unknown-key")
    case("one minute past its expiry", kind, first, name, write(name, NOW - 60), "ok", value, expiry=NOW - 60)
    case("61 seconds past its expiry", kind, first, name, write(name, NOW - 61), "expired", expiry=NOW - 61)
    case("the last instant that can be written", kind, first, name, write(name, 2**32 - 1), "ok", value, expiry=2**32 - 1)
    for what, verdict, expiry, idle in [
        ("its idle time ends in one minute", "ok", IN_ONE_HOUR, NOW + 60),
        ("one minute past its idle time", "ok", IN_ONE_HOUR, NOW - 60),
        ("61 seconds past its idle time", "expired", IN_ONE_HOUR, NOW - 61),
        ("its idle time ends after its expiry", "expired", NOW - 61, IN_ONE_HOUR),
    ]:
        read = value if verdict == "ok" else None
        case(what, kind, first, name, write_terms(terms_of(expiry, idle)), verdict, read, expiry=expiry, idle_expiry=idle)
    for what, verdict, flags in [
        ("re-issued without Max-Age", "ok", 1),
        ("re-issued with SameSite=Strict", "ok", 2),
        ("re-issued with SameSite=Lax and without Max-Age", "ok", 5),
        ("two SameSite at once", "version", 6),
        ("a flag of a later release", "version", 8),
    ]:
        read = value if verdict == "ok" else None
        wire = write_terms(terms_of(IN_ONE_HOUR, NOW + 60, flags))
        case(what, kind, first, name, wire, verdict, read, expiry=IN_ONE_HOUR, idle_expiry=NOW + 60, flags=flags)
    for length in [1, 17, 255]:
        extension = hashlib.sha512(b"extension").digest().ljust(255, b".")[:length]
        wire = write_terms(terms_of(IN_ONE_HOUR, extension=extension))
        case(f"an extension of {length} bytes", kind, first, name, wire, "ok", value, expiry=IN_ONE_HOUR, extension_hex=extension.hex())
    too_long = write_terms(terms_of(IN_ONE_HOUR, length=255))
    case("an extension that is longer than the rest", kind, first, name, too_long, "malformed")
    wire = signed if kind == "signed" else sealed
    case("the last character changed", kind, first, name, flip(wire, len(wire) - 2), "mismatch")
    case("the tag cut by four characters", kind, first, name, wire[:-4], "malformed" if kind == "signed" else "mismatch")
    case("another version", kind, first, name, wire[:version] + "2" + wire[version + 1 :], "version")
    case("no version", kind, first, name, wire[:version] + "x" + wire[version + 1 :], "malformed")
    case("padded", kind, first, name, wire + "=", "malformed")
    case("not base64url", kind, first, name, wire[:-3] + "+" + wire[-2:], "malformed")
    case("empty", kind, first, name, "", "malformed")
    case("a value that was never sealed", kind, first, name, "s3cr3t", "malformed")
case("bytes between the extension and the tag", "signed", first, name, first.signed(name, value, terms + b"1"), "malformed")
case("the value changed", "signed", first, name, "W" + signed[1:], "mismatch")
case("the value cut off", "signed", first, name, signed[signed.rindex(".") :], "mismatch")
case("a sealed one read as signed", "signed", first, name, sealed, "malformed")
case("a signed one read as sealed", "sealed", first, name, signed, "malformed")
case("too short for a nonce, the terms and a tag", "sealed", first, name, "1" + first.id + b64(bytes(37)), "malformed")
# Another library may encode the value in another way. The signature stays valid if the decoded value is the same.
for what, verdict, encode in [
    ("percent-encoded in lower case", "ok", lambda text: "".join(f"%{byte:02x}" if byte in b" %;\r\n" else chr(byte) for byte in text.encode())),
    ("each byte percent-encoded", "ok", lambda text: "".join(f"%{byte:02X}" for byte in text.encode())),
    ("a plus for a space", "mismatch", lambda text: percent_encode(text).replace("%20", "+")),
    ("a percent-encoded byte that is not UTF-8", "malformed", lambda text: percent_encode(text) + "%FF"),
]:
    odd = first.signed(name, VALUES[3], terms, encode)
    case(what, "signed", first, name, odd, verdict, VALUES[3] if verdict == "ok" else None)
# The last base64 character of a signature has two unused bits, which must be zero.
spare = signed[:-1] + chr(ord(signed[-1]) + 1)
case("spare bits that are not zero", "signed", first, name, spare, "malformed")

about = {
    "what": "values in the format of docs/seal.md, written by seal.py and not by hardtack",
    "now": NOW,
    "keys": [
        {"base64": base64.b64encode(key.secret).decode(), "id": key.id, "sign_hex": key.sign_key.hex(), "seal_hex": key.seal_key.hex()}
        for key in KEYS
    ],
    "case": "key is the id of the only key that can read the value. name is the cookie's name. wire is the value in the Cookie header. "
    "verdict is the result at the time `now`: ok, malformed, version, unknown-key, mismatch or expired. value, expiry, idle_expiry, "
    "flags, extension_hex and nonce_hex are the parts that were sealed. Without idle_expiry, the idle expiry is equal to the expiry. "
    "Without flags and extension_hex, the flags are zero and the extension is empty. A signed value without expiry is not the value "
    "that hardtack writes.",
}
print('{"about": ' + json.dumps(about) + ',\n"cases": [')
print(",\n".join(json.dumps(case) for case in cases))
print("]}")
