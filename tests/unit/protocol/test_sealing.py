import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.protocol.sealing import SealBrokenError, SealingKey, seal
from pierhead.protocol.signatures import InvalidKeyError

KEY = SealingKey.from_bytes(bytes(range(1, 33)))


@given(st.binary(max_size=500), st.binary(max_size=100))
def test_what_was_sealed_opens_for_its_owner(plain: bytes, bound_to: bytes) -> None:
    assert KEY.open(seal(KEY.public, plain, bound_to), bound_to) == plain


def test_it_is_hpke_as_rfc_9180_says() -> None:
    """Opened here step by step, from the primitives: base mode, DHKEM(X25519, HKDF-SHA256), ChaCha20-Poly1305."""
    import hashlib
    import hmac

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    raw = base64.b64decode(seal(KEY.public, b"the task", b"the head"))
    enc, sealed = raw[:32], raw[32:]

    def extract(salt: bytes, label: bytes, ikm: bytes, suite: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")

    def expand(prk: bytes, label: bytes, info: bytes, length: int, suite: bytes) -> bytes:
        text = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
        return hmac.digest(prk, text + b"\x01", "sha256")[:length]

    kem = b"KEM" + bytes.fromhex("0020")
    suite = b"HPKE" + bytes.fromhex("0020") + bytes.fromhex("0001") + bytes.fromhex("0003")
    shared = X25519PrivateKey.from_private_bytes(KEY.to_bytes()).exchange(X25519PublicKey.from_public_bytes(enc))
    secret = expand(extract(b"", b"eae_prk", shared, kem), b"shared_secret", enc + KEY.public, 32, kem)
    info = b"pierhead task 1\nthe head"
    context = b"\x00" + extract(b"", b"psk_id_hash", b"", suite) + extract(b"", b"info_hash", info, suite)
    prk = extract(secret, b"secret", b"", suite)
    key, nonce = expand(prk, b"key", context, 32, suite), expand(prk, b"base_nonce", context, 12, suite)
    assert ChaCha20Poly1305(key).decrypt(nonce, sealed, b"") == b"the task"
    assert hashlib.sha256(enc).digest() != hashlib.sha256(base64.b64decode(seal(KEY.public, b"", b""))[:32]).digest()


def test_another_binding_another_key_or_another_byte_opens_nothing() -> None:
    sealed = seal(KEY.public, b"secret", b"head")
    raw = base64.b64decode(sealed)
    with pytest.raises(SealBrokenError):
        KEY.open(sealed, b"other head")
    with pytest.raises(SealBrokenError):
        SealingKey.generate().open(sealed, b"head")
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        with pytest.raises(SealBrokenError):
            KEY.open(base64.b64encode(changed).decode(), b"head")


@given(st.text(max_size=200))
def test_no_text_opens_or_fails_otherwise(text: str) -> None:
    with pytest.raises(SealBrokenError):
        KEY.open(text, b"")


@pytest.mark.parametrize("public", [b"", b"short", bytes(32), b"\x01" + bytes(31), bytes(33)])
def test_nothing_is_sealed_for_what_is_no_key(public: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        seal(public, b"secret", b"")


def test_the_same_is_never_sealed_twice_alike() -> None:
    assert seal(KEY.public, b"x", b"") != seal(KEY.public, b"x", b"")


def test_a_key_comes_back_from_its_bytes() -> None:
    assert SealingKey.from_bytes(KEY.to_bytes()).public == KEY.public
    with pytest.raises(InvalidKeyError):
        SealingKey.from_bytes(b"x")
