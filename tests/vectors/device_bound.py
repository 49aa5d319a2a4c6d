"""Writes device_bound.json: requests to the two endpoints of device-bound cookies, with the expected responses.

This is a second implementation of the sealed texts, the challenges and the proofs. It uses Python's hashlib and hmac, and
OpenSSL's AES-256-GCM-SIV and ECDSA. It does not use the code of hardtack. It needs the package `cryptography` with OpenSSL
3.2 or later.

    python3 tests/vectors/device_bound.py > tests/vectors/device_bound.json

The proofs in `CHROMIUM` were recorded in Chromium. `device_bound.py challenge` prints the challenge of the registration, and
`device_bound.py session X Y` prints the session identifier and the challenge of the refresh for Chromium's public key.
"""

import base64
import hashlib
import hmac
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

# The proofs that Chromium 156.0.8078.108 made for the challenges of this file.
CHROMIUM = {
    "registration": (
        "eyJhbGciOiJFUzI1NiIsImp3ayI6eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImJ5ekNQN2IzODJGaDBDX2lzUXhrMVBDMVhscXlSNl"
        "9QOEctdjJfQkZudGsiLCJ5IjoiV3BVOVlfZkZ1RFV4eHJSSnBuc0F2TGV3Y25FODhVY2cxR09lNFJ2VlF0SSJ9LCJ0eXAiOiJkYnNjK2p3dCJ9"
        ".eyJqdGkiOiIxUFpLQU1LRFNaOHRKcGdSenhUd21KMHhHN3FEOVFDUWJFY0hzUjZGYVBWZDZQMVN1MlVnN3pSMXczLWluY0REcDloVXlKRVpye"
        "Eo1UDdHZThkRnp4cHdaU3lmMDNEaDI0a0hxc29oNGZZcWJ0YkJ6WGZpYVRQSTFKIn0.KRXVd02VFSk32Vg25N9BFjNyvPqONFy5ptGFsnCvjWv"
        "0WDZkllYz0SG2oXZslkH7ar3OnDTdkLu8EeCN1dHpZA"
    ),
    "refresh": (
        "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRic2Mrand0In0.eyJqdGkiOiJwWHlBMFNJMVF1elZZM28xeHhXTjJQVFBMbV9IZU1uQnRFS3Zyb01RMG"
        "hvIn0.jhJCE0Y-Wi3WDADiawTjKXQlNcGb0g-f4X-Z6qUkdjNUY2YYSxbdGTAJhblASeGmsXF2_xjppWu8vnuV6zBWuQ"
    ),
}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Key:
    """A key of the keyring, as in seal.py."""

    def __init__(self, secret):
        expand = lambda label: hmac.digest(secret, label + b"\x01", hashlib.sha256)
        self.secret = secret
        self.id = b64(expand(b"hardtack 1 id")[:3])
        self.sign_key = expand(b"hardtack 1 sign")
        self.seal_key = expand(b"hardtack 1 seal")

    def sealed(self, name, message, expiry, extension=b""):
        terms = expiry.to_bytes(4, "big") * 2 + bytes([0, len(extension)]) + extension
        nonce = hashlib.sha256(name.encode() + message + terms).digest()[:12]
        associated_data = b"1" + self.id.encode() + name.encode()
        return "1" + self.id + b64(nonce + AESGCMSIV(self.seal_key).encrypt(nonce, terms + message, associated_data))

    def challenge(self, identifier, now):
        """The challenge of a refresh: a MAC of the identifier and a window of five minutes."""
        message = b"device-bound refresh\x00" + (now // 300).to_bytes(8, "big") + identifier.encode()
        return b64(hmac.digest(self.sign_key, message, hashlib.sha256))


KEYS = [Key(bytes(range(32))), Key(hashlib.sha256(b"hardtack: a second key for vectors").digest())]
FIRST, SECOND = KEYS
NOW = 1_800_000_010
EXPIRY = NOW + 86_400
COOKIE, COMPANION = "__Host-Http-session", "__Host-session-key"
MARK, OTHER_MARK = bytes(range(16)), bytes(range(16, 32))


def session(mark=MARK, same_site=1, every=600):
    return bytes([same_site]) + every.to_bytes(4, "big") + mark + COOKIE.encode()


def registration(expiry=NOW + 60, renewed_until=0, key=FIRST, purpose="device-bound registration", mark=MARK, same_site=1):
    """The challenge of a registration."""
    message = b"\x01" + expiry.to_bytes(4, "big") + renewed_until.to_bytes(4, "big") + session(mark, same_site)
    return key.sealed(purpose, message, expiry)


def identifier(point, expiry=EXPIRY, key=FIRST):
    return key.sealed("device-bound identifier", b"\x01" + point + session(), expiry)


def cookie(mark=MARK, state=0, expiry=EXPIRY, key=FIRST):
    """The session cookie. The state is 0 after the sign-in, and 1 after the registration."""
    return COOKIE + "=" + key.sealed(COOKIE, b"ada", expiry, bytes([1, state]) + mark)


class Device:
    def __init__(self, secret):
        self.key = ec.derive_private_key(secret, ec.SECP256R1())
        numbers = self.key.public_key().public_numbers()
        self.x, self.y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        self.point = b"\x04" + self.x + self.y
        self.jwk = {"crv": "P-256", "kty": "EC", "x": b64(self.x), "y": b64(self.y)}

    def token(self, header, claims):
        text = lambda value: b64(json.dumps(value, separators=(",", ":")).encode())
        signed = text(header) + "." + text(claims)
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self.key.sign(signed.encode(), algorithm))
        return signed + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def registration(self, challenge, **more):
        return self.token({"alg": "ES256", "jwk": self.jwk, "typ": "dbsc+jwt"} | more, {"jti": challenge})

    def refresh(self, challenge, **more):
        return self.token({"alg": "ES256", "typ": "dbsc+jwt"} | more, {"jti": challenge})


if sys.argv[1:] == ["challenge"]:
    print(registration())
    sys.exit()
if sys.argv[1:2] == ["session"]:
    point = b"\x04" + unb64(sys.argv[2]) + unb64(sys.argv[3])
    print(json.dumps({"identifier": identifier(point), "challenge": FIRST.challenge(identifier(point), NOW)}))
    sys.exit()

device, stranger = Device(7), Device(9)
cases = []


def case(what, endpoint, status, now=NOW, keys=(FIRST,), **more):
    cases.append(
        {"id": len(cases) + 1, "what": what, "endpoint": endpoint, "now": now, "keys": [key.id for key in keys]}
        | {name: value for name, value in more.items() if value is not None}
        | {"status": status}
    )


# ---- Registrations.

CREDENTIAL = {"type": "cookie", "name": COMPANION, "attributes": "Path=/; Secure; HttpOnly; SameSite=Lax"}


def instructions(same_site="Lax"):
    """The body of the response. The test replaces the identifier, which contains random bytes, by `ID`."""
    credential = CREDENTIAL | {"attributes": f"Path=/; Secure; HttpOnly; SameSite={same_site}"}
    body = {"session_identifier": "ID", "refresh_url": "/.well-known/hardtack/device-bound/refresh"}
    body |= {"scope": {"include_site": False}, "credentials": [credential]}
    body |= {} if same_site == "Strict" else {"allowed_refresh_initiators": ["*"]}
    return json.dumps(body, separators=(",", ":"))


def register(what, status, proof, cookie=cookie(), **more):
    case(what, "register", status, proof=proof, cookie=cookie, **more)


OK = {"body": instructions(), "sets": [COMPANION, COOKIE]}
challenge = registration()
good = device.registration(challenge)
register("Chromium's proof", 200, CHROMIUM["registration"], **OK)
register("Chromium's proof in quotes, as in the specification", 200, '"' + CHROMIUM["registration"] + '"', **OK)
register("a proof of this script", 200, good, **OK)
register("unknown claims", 200, device.token({"alg": "ES256", "jwk": device.jwk, "typ": "dbsc+jwt"}, {"jti": challenge, "aud": "https://shop.test/a", "iat": 1}), **OK)
register("in the last second of the challenge", 200, good, now=NOW + 60, **OK)
register("a second after the challenge", 401, good, now=NOW + 61, refusal="has expired")
register("SameSite=Strict", 200, device.registration(registration(same_site=0)), body=instructions("Strict"), sets=[COMPANION, COOKIE])
register("no proof", 401, None, refusal="contains no proof")
register("no key in the proof", 401, device.refresh(challenge), refusal="signature of the proof")
register("the key of another device", 401, stranger.registration(challenge, jwk=device.jwk), refusal="signature of the proof")
for what, header in [
    ("the algorithm none", {"alg": "none"}),
    ("the algorithm RS256", {"alg": "RS256"}),
    ("the algorithm HS256", {"alg": "HS256"}),
    ("another type", {"typ": "JWT"}),
    ("a key of another curve", {"jwk": device.jwk | {"crv": "P-384"}}),
    ("a key of another type", {"jwk": device.jwk | {"kty": "OKP"}}),
    ("a point that is not on the curve", {"jwk": device.jwk | {"y": b64(bytes(32))}}),
]:
    register(what, 401, device.registration(challenge, **header), refusal="malformed")
register("another purpose: the challenge of a refresh", 401, device.registration(FIRST.challenge(identifier(device.point), NOW)), refusal="has expired")
register("another purpose: a session identifier", 401, device.registration(identifier(device.point)), refusal="has expired")
register("another purpose: a cookie", 401, device.registration(cookie().split("=")[1]), refusal="has expired")
register("a challenge under another key", 401, device.registration(registration(key=SECOND)), refusal="has expired")
register("no session cookie", 401, good, cookie=None, refusal="no session cookie")
register("the session cookie of another sign-in", 401, good, cookie=cookie(OTHER_MARK), refusal="no session cookie")
register("a session that is already registered", 401, good, cookie=cookie(state=1), refusal="already bound")
register("a renewal needs no session cookie", 200, device.registration(registration(renewed_until=EXPIRY)), cookie=None, body=instructions(), sets=[COMPANION])

# ---- Refreshes.


def refresh(what, status, proof, text, now=NOW, **more):
    """The response contains the present challenge, if it does not end the session."""
    if status in (200, 403) and "body" not in more:
        more |= {"challenge": FIRST.challenge(text, now), "body": ""}
    case(what, "refresh", status, now=now, identifier=text, proof=proof, **more)


OK = {"sets": [COMPANION]}
text = identifier(device.point)
fresh = lambda now: FIRST.challenge(text, now)
good = device.refresh(fresh(NOW))
jwk = json.loads(unb64(CHROMIUM["registration"].split(".")[0]))["jwk"]
chromium = identifier(b"\x04" + unb64(jwk["x"]) + unb64(jwk["y"]))
refresh("Chromium's proof", 200, CHROMIUM["refresh"], chromium, **OK)
refresh("Chromium's proof in quotes, as in the specification", 200, '"' + CHROMIUM["refresh"] + '"', chromium, **OK)
refresh("Chromium's proof for another session", 403, CHROMIUM["refresh"], text)
refresh("the proof of Chromium's registration", 403, CHROMIUM["registration"], chromium)
refresh("a proof of this script", 200, good, text, **OK)
refresh("no proof", 403, None, text)
for windows, status in [(2, 403), (1, 200), (0, 200), (-1, 403)]:
    proof = device.refresh(fresh(NOW - 300 * windows))
    refresh(f"a challenge that is {windows} windows old", status, proof, text, **(OK if status == 200 else {}))
refresh("a key in the proof", 403, device.registration(fresh(NOW)), text, refusal="registered key")
refresh("the key of another device", 403, stranger.refresh(fresh(NOW)), text, refusal="registered key")
refresh("the algorithm none", 403, device.refresh(fresh(NOW), alg="none"), text, refusal="malformed")
refresh("the algorithm RS256", 403, device.refresh(fresh(NOW), alg="RS256"), text, refusal="malformed")
refresh("another purpose: the challenge of a registration", 403, device.refresh(challenge), text)
refresh("another purpose: the MAC of another label", 403, device.refresh(b64(hmac.digest(FIRST.sign_key, text.encode(), hashlib.sha256))), text)
refresh("an identifier that has expired", 401, good, identifier(device.point, NOW - 61), refusal="has expired")
refresh("an identifier under a key that is not in the keyring", 401, good, identifier(device.point, key=SECOND), refusal="has expired")
refresh("no identifier", 401, good, None, refusal="no session identifier")
refresh("the challenge of a registration as the identifier", 401, good, challenge, refusal="has expired")
refresh("an unregistered cookie of the session is set again", 200, good, text, cookie=cookie(), sets=[COMPANION, COOKIE])
refresh("a registered cookie of the session stays", 200, good, text, cookie=cookie(state=1), **OK)
ended = json.dumps({"session_identifier": text, "continue": False}, separators=(",", ":"))
refresh("another sign-in ends the session", 200, good, text, cookie=cookie(OTHER_MARK), body=ended, sets=[])
refresh("an old key is renewed", 200, good, text, keys=[SECOND, FIRST], body=ended, sets=[COMPANION], offers=True)

about = {
    "format": "requests to the endpoints of device-bound cookies; see device_bound.py",
    "cookie": f"{COOKIE}, sealed, the value `ada`",
    "keys": [{"id": key.id, "base64": base64.b64encode(key.secret).decode()} for key in KEYS],
    "fields": {
        "keys": "the ids of the keyring's keys, the first one writes",
        "now": "the time of the request in Unix seconds",
        "sets": "the names of the cookies that the response sets; absent: none",
        "challenge": "the text in Secure-Session-Challenge",
        "body": "the body of the response; `ID` stands for a new session identifier; absent: empty",
        "refusal": "a part of the reason in the event; absent: the event is not checked",
    },
}
lines = ",\n".join(json.dumps(case) for case in cases)
print('{"about": ' + json.dumps(about) + ',\n"cases": [\n' + lines + "\n]}")
