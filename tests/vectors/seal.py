"""Writes seal.json: signed and sealed values as docs/seal.md describes them, by Python's hashlib and hmac and by OpenSSL's
AES-256-GCM-SIV, and not by hardtack. Needs the package `cryptography` over OpenSSL 3.2 or later.

    python3 tests/vectors/seal.py > tests/vectors/seal.json
"""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

SAFE = "!#$&'()*+-./:<=>?@[]^_`{|}~"


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def percent(text):
    """A value as it stands in a line: what is no cookie-octet, and `%`, as `%XX`."""
    plain = lambda octet: chr(octet).isascii() and (chr(octet).isalnum() or chr(octet) in SAFE)
    return "".join(chr(octet) if plain(octet) else f"%{octet:02X}" for octet in text.encode())


class Key:
    def __init__(self, secret):
        # HKDF-Expand, one block (RFC 5869 2.3).
        expand = lambda label: hmac.digest(secret, label + b"\x01", hashlib.sha256)
        self.secret = secret
        self.id = b64(expand(b"hardtack 1 id")[:3])
        self.sign_key = expand(b"hardtack 1 sign")
        self.seal_key = expand(b"hardtack 1 seal")

    def signed(self, name, value, expiry):
        value = percent(value)
        ends = expiry.to_bytes(4, "big")
        text = b"1" + self.id.encode() + ends + len(name).to_bytes(2, "big") + name.encode() + value.encode()
        tag = hmac.digest(self.sign_key, text, hashlib.sha256)[:16]
        return value + ".1" + self.id + b64(ends + tag)

    def sealed(self, name, value, expiry, nonce):
        beside = b"1" + self.id.encode() + name.encode()
        text = AESGCMSIV(self.seal_key).encrypt(nonce, expiry.to_bytes(4, "big") + value.encode(), beside)
        return "1" + self.id + b64(nonce + text)


KEYS = [
    Key(bytes(range(32))),
    Key(hashlib.sha256(b"hardtack: a second key for vectors").digest()),
]
NOW = 1_800_000_000
HOUR = NOW + 3_600
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


def flipped(text, at):
    """Another character of the alphabet at that place."""
    return text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]


for key in KEYS:
    for name in NAMES:
        for value in VALUES:
            nonce = hashlib.sha256(f"{key.id} {name} {value}".encode()).digest()[:12]
            signed, sealed = key.signed(name, value, HOUR), key.sealed(name, value, HOUR, nonce)
            case("signed", "signed", key, name, signed, "ok", value, expiry=HOUR)
            case("sealed", "sealed", key, name, sealed, "ok", value, expiry=HOUR, nonce_hex=nonce.hex())

first, second = KEYS
nonce = bytes(range(12))
name, value = NAMES[0], VALUES[5]
signed, sealed = first.signed(name, value, HOUR), first.sealed(name, value, HOUR, nonce)
for kind, wire in [("signed", signed), ("sealed", sealed)]:
    make = lambda name, ends: first.signed(name, value, ends) if kind == "signed" else first.sealed(name, value, ends, nonce)
    header = wire.rindex(".") + 1 if kind == "signed" else 0
    case("made for another name", kind, first, "a", wire, "mismatch")
    case("its keyring has another key", kind, second, name, wire, "unknown-key")
    case("one minute past its expiry", kind, first, name, make(name, NOW - 60), "ok", value, expiry=NOW - 60)
    case("61 seconds past its expiry", kind, first, name, make(name, NOW - 61), "expired", expiry=NOW - 61)
    case("the last instant that can be written", kind, first, name, make(name, 2**32 - 1), "ok", value, expiry=2**32 - 1)
    case("the last character changed", kind, first, name, flipped(wire, len(wire) - 2), "mismatch")
    case("the tag cut by four characters", kind, first, name, wire[:-4], "malformed" if kind == "signed" else "mismatch")
    case("another version", kind, first, name, wire[:header] + "2" + wire[header + 1 :], "version")
    case("no version", kind, first, name, wire[:header] + "x" + wire[header + 1 :], "malformed")
    case("padded", kind, first, name, wire + "=", "malformed")
    case("not base64url", kind, first, name, wire[:-3] + "+" + wire[-2:], "malformed")
    case("empty", kind, first, name, "", "malformed")
    case("a value that was never sealed", kind, first, name, "s3cr3t", "malformed")
case("the value changed", "signed", first, name, "W" + signed[1:], "mismatch")
case("the value cut off", "signed", first, name, signed[signed.rindex(".") :], "mismatch")
case("a sealed one read as signed", "signed", first, name, sealed, "malformed")
case("a signed one read as sealed", "sealed", first, name, signed, "malformed")
case("too short for a nonce, an expiry and a tag", "sealed", first, name, "1" + first.id + b64(bytes(31)), "malformed")
# The last group of a signature has two bits to spare, which must be zero.
spare = signed[:-1] + chr(ord(signed[-1]) + 1)
case("spare bits that are not zero", "signed", first, name, spare, "malformed")

about = {
    "what": "values as docs/seal.md describes them, written by seal.py and not by hardtack",
    "now": NOW,
    "keys": [
        {"base64": base64.b64encode(key.secret).decode(), "id": key.id, "sign_hex": key.sign_key.hex(), "seal_hex": key.seal_key.hex()}
        for key in KEYS
    ],
    "case": "key: the id of the one key that reads; name: the cookie's; wire: the value as it stands in the Cookie field; verdict: "
    "ok, malformed, version, unknown-key, mismatch or expired, at `now`; value, expiry, nonce_hex: what was sealed",
}
print('{"about": ' + json.dumps(about) + ',\n"cases": [')
print(",\n".join(json.dumps(case) for case in cases))
print("]}")
