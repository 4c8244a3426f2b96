"""Public keys of signature gates: what may be one, and the name it goes by; pure."""

from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from .errors import InvalidGateError

MAX_PEM_CHARS = 20_000
MIN_RSA_BITS = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1)
_HINT = "give the public key as PEM, as `cosign public-key` prints it"


@lru_cache(maxsize=256)
def key_id(pem: str) -> str:
    """``sha256:`` and the digest of the key's SubjectPublicKeyInfo. Raises InvalidGateError for what is no such key."""
    if len(pem) > MAX_PEM_CHARS or "PRIVATE" in pem:
        raise InvalidGateError(
            "signature", "a private key, or no key at all, stands where a public one must", hint=_HINT
        )
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidGateError("signature", "a key cannot be read as PEM", hint=_HINT) from None
    usable = (
        (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES))
        or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS)
        or isinstance(key, ed25519.Ed25519PublicKey)
    )
    if not usable:
        raise InvalidGateError("signature", "keys are ECDSA P-256 or P-384, RSA from 2,048 bits on, or Ed25519")
    return f"sha256:{sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()}"
