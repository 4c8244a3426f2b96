"""Signatures checked with public keys: ECDSA P-256 and P-384, RSA (PKCS #1 v1.5 and PSS), Ed25519; pure.

Keys come from the task alone, never from what is verified; so does the choice of algorithm, by the kind of key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from pierhead.protocol.inspection import InspectionKey

from .errors import InvalidKeyTextError

_PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
_Check = Callable[[bytes, bytes], None]
_MIN_RSA_BITS = 2048
_PADDINGS = (padding.PKCS1v15(), padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO))


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    public: _PublicKey

    def verifies(self, signature: bytes, data: bytes) -> bool:
        return any(_holds(check, signature, data) for check in self._checks())

    def _checks(self) -> tuple[_Check, ...]:
        key = self.public
        match key:
            case ed25519.Ed25519PublicKey():
                return (key.verify,)
            case ec.EllipticCurvePublicKey():
                return tuple(partial(key.verify, signature_algorithm=ec.ECDSA(each)) for each in _digests(key))
            case rsa.RSAPublicKey():
                return tuple(partial(key.verify, padding=each, algorithm=SHA256()) for each in _PADDINGS)


def load_keys(given: tuple[InspectionKey, ...]) -> tuple[Key, ...]:
    """Raises InvalidKeyTextError."""
    return tuple(_load(each) for each in given)


def _load(given: InspectionKey) -> Key:
    try:
        public = load_pem_public_key(given.pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidKeyTextError(given.id) from None
    is_strong = (
        (isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1 | ec.SECP384R1))
        or (isinstance(public, rsa.RSAPublicKey) and public.key_size >= _MIN_RSA_BITS)
        or isinstance(public, ed25519.Ed25519PublicKey)
    )
    if not is_strong or not isinstance(public, _PublicKey):
        raise InvalidKeyTextError(given.id)
    return Key(given.id, public)


def _digests(key: ec.EllipticCurvePublicKey) -> tuple[HashAlgorithm, ...]:
    """P-384 goes with SHA-384; cosign of before 3 took SHA-256 for every curve."""
    return (SHA384(), SHA256()) if isinstance(key.curve, ec.SECP384R1) else (SHA256(),)


def _holds(check: _Check, signature: bytes, data: bytes) -> bool:
    try:
        check(signature, data)
    except InvalidSignature:
        return False
    return True
