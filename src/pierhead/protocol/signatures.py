"""Who said it: Ed25519 keys, and requests signed in the header forms of RFC 9421 and RFC 9530.

Exactly one form is written and exactly that form is read: fixed components, fixed order of parameters. Whether a
signature is recent enough, and whether its nonce was seen before, is for those to judge who know the time.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pierhead.kit.errors import InvalidInputError, UnauthenticatedError

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_LABEL = "pierhead"
_COMPONENTS = '("@method" "@request-target" "content-digest")'
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")
_INPUT = re.compile(
    rf"{_LABEL}=(?P<params>{re.escape(_COMPONENTS)};created=(?P<created>[1-9][0-9]{{0,11}})"
    r';nonce="(?P<nonce>[A-Za-z0-9_-]{16,64})";keyid="(?P<key_id>[0-9a-f]{32})";alg="ed25519")\Z'
)
_SIGNATURE = re.compile(rf"{_LABEL}=:([A-Za-z0-9+/]{{86}}==):\Z")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):\Z")
_FIELDS = ("content-digest", "signature-input", "signature")
# The points of small order and their other spellings: for such a key anybody can make a signature of anything.
_WEAK_KEYS = frozenset(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    )
)


class InvalidSignatureError(UnauthenticatedError):
    """The headers of a signature are missing, doubled or not in the one form."""

    code = "invalid-signature"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the request is not signed as it must be: {reason}", hint="use a delegate of this release")
        self.reason = reason


class InvalidKeyError(InvalidInputError):
    code = "invalid-key"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the key cannot be used: {reason}", hint="let the delegate make a new key")
        self.reason = reason


class SigningKey:
    """An Ed25519 key pair. Never printed; ``to_bytes`` is for whoever keeps it."""

    __slots__ = ("_key", "id", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()
        self.id = fingerprint(self.public)

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> "SigningKey":
        """Raises InvalidKeyError when these are not 32 bytes."""
        if len(raw) != KEY_BYTES:
            raise InvalidKeyError(f"it has {len(raw)} bytes and not {KEY_BYTES}")
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    def to_bytes(self) -> bytes:
        """The private key: 32 bytes."""
        return self._key.private_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


def fingerprint(public: bytes) -> str:
    """32 lower-case hexadecimal digits; the id of a delegate, and what a token names the server by."""
    return hashlib.sha256(public).hexdigest()[:32]


def key_to_text(public: bytes) -> str:
    """A public key as messages carry it."""
    return base64.b64encode(public).decode()


def key_from_text(text: str) -> bytes:
    """The 32 bytes. Raises InvalidKeyError."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidKeyError("it is not base64") from None
    if len(raw) != KEY_BYTES:
        raise InvalidKeyError(f"it has {len(raw)} bytes and not {KEY_BYTES}")
    return raw


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """False for everything that is no good signature, keys that are no keys included."""
    if len(signature) != SIGNATURE_BYTES or len(public) != KEY_BYTES or public in _WEAK_KEYS:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign_request(key: SigningKey, method: str, target: str, body: bytes, *, created: int, nonce: str) -> dict[str, str]:
    """The three headers. ``target`` is path and query as sent; ``created`` Unix seconds; ``nonce`` used once only."""
    if not _NONCE.match(nonce):
        raise ValueError("a nonce is 16 to 64 characters of A-Z, a-z, 0-9, _ and -")
    digest = _content_digest(body)
    params = f'{_COMPONENTS};created={created};nonce="{nonce}";keyid="{key.id}";alg="ed25519"'
    signature = base64.b64encode(key.sign(_signature_base(method, target, digest, params))).decode()
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{_LABEL}={params}",
        "Signature": f"{_LABEL}=:{signature}:",
    }


@dataclass(frozen=True, slots=True)
class RequestSignature:
    """What the headers claim; nothing of it is true before ``verify`` says so."""

    key_id: str
    created: int
    nonce: str
    digest: str
    params: str
    signature: bytes

    @classmethod
    def parse(cls, headers: Mapping[str, str]) -> "RequestSignature":
        """Field names in any case. Raises InvalidSignatureError."""
        fields = _single_fields(headers)
        given = _INPUT.match(fields["signature-input"])
        if given is None:
            raise InvalidSignatureError("Signature-Input has another form")
        if not _canonical(_DIGEST.match(fields["content-digest"])):
            raise InvalidSignatureError("Content-Digest has another form")
        signature = _canonical(_SIGNATURE.match(fields["signature"]))
        if not signature:
            raise InvalidSignatureError("Signature has another form")
        return cls(
            given["key_id"], int(given["created"]), given["nonce"], fields["content-digest"], given["params"], signature
        )

    def verify(self, public: bytes, method: str, target: str, body: bytes) -> bool:
        """Whether the owner of ``public`` signed exactly this request."""
        return self.is_of(body) and self.is_by(public, method, target)

    def is_of(self, body: bytes) -> bool:
        """Whether this is the body whose digest was signed."""
        return hmac.compare_digest(_content_digest(body), self.digest)

    def is_by(self, public: bytes, method: str, target: str) -> bool:
        """Whether the owner of ``public`` signed a request for this with such a digest; needs no body."""
        if fingerprint(public) != self.key_id:
            return False
        return verify(public, _signature_base(method, target, self.digest, self.params), self.signature)


def order_bytes(head: str, sealed: str) -> bytes:
    """What the control plane signs of an order; JSON keeps the parts apart."""
    return json.dumps(["pierhead order 1", head, sealed]).encode()


def enrolment_bytes(delegate_id: str, account: str, server_key: bytes) -> bytes:
    """What the control plane signs of an enrolment: that this delegate is known to it, and in which account."""
    return json.dumps(["pierhead enrolment 1", delegate_id, account, server_key.hex()]).encode()


def session_bytes(delegate_id: str, session: str) -> bytes:
    """What the control plane signs when a session opens: the session's name is random, so this is an answer to it."""
    return json.dumps(["pierhead session 1", delegate_id, session]).encode()


def time_bytes(nonce: str, now: float) -> bytes:
    """What the control plane signs of its time (Unix seconds): an answer to the request that had this nonce."""
    return json.dumps(["pierhead time 1", nonce, float(now).hex()]).encode()


def signature_to_text(signature: bytes) -> str:
    """A signature as messages carry it."""
    return base64.b64encode(signature).decode()


def signature_from_text(text: str) -> bytes:
    """Its bytes; nothing, which verifies as nothing, when it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _content_digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _signature_base(method: str, target: str, digest: str, params: str) -> bytes:
    """RFC 9421 section 2.5. A line break in ``target`` would forge a line; ``surrogatepass`` never raises."""
    if "\n" in target or "\r" in target:
        return b""
    lines = (f'"@method": {method}', f'"@request-target": {target}', f'"content-digest": {digest}')
    return "\n".join((*lines, f'"@signature-params": {params}')).encode("utf-8", "surrogatepass")


def _single_fields(headers: Mapping[str, str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in headers.items():  # a multi-dict gives every line of a field here
        name = name.lower()
        if name in _FIELDS:
            if name in fields:
                raise InvalidSignatureError(f"{name} is there twice")
            fields[name] = value
    for name in _FIELDS:
        if name not in fields:
            raise InvalidSignatureError(f"{name} is missing")
    return fields


def _canonical(match: re.Match[str] | None) -> bytes:
    """The bytes of the base64 text, nothing when it is not the one way to write them."""
    if match is None:
        return b""
    raw = base64.b64decode(match[1])
    return raw if base64.b64encode(raw).decode() == match[1] else b""
