import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.kit.errors import IntegrityError
from pierhead.oci.digest import Digest
from pierhead.oci.errors import DigestMismatchError, InvalidDigestError, SizeMismatchError

HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "sha256",
        "sha256:",
        "a" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        "SHA256:" + "a" * 64,
        "sha256:" + "g" * 64,
        "sha256:" + "a" * 128,
        "sha512:" + "a" * 64,
        "sha384:" + "a" * 96,
        "md5:" + "a" * 32,
        "sha256-" + "a" * 64,
        "sha256+b64:" + "a" * 64,
        "sha256:../../x",
        "sha256:" + "%2e%2e%2f" + "a" * 55,
        "sha256:" + "a" * 64 + "\n",
        " sha256:" + "a" * 64,
        "sha256:" + "a" * 63 + "\x00",
        "sha256:" + "а" * 64,  # Cyrillic
        "sha256:" + "１" * 64,  # full-width digits
        "sha256:" + "a" * 64 + ":",
    ],
)
def test_refuses_what_is_not_a_digest(text: str) -> None:
    with pytest.raises(InvalidDigestError) as caught:
        Digest.parse(text)
    assert caught.value.message.isascii()
    assert "\n" not in caught.value.message


def test_refuses_an_overlong_text_without_repeating_all_of_it() -> None:
    with pytest.raises(InvalidDigestError) as caught:
        Digest.parse("sha256:" + "a" * 1_000_000)
    assert len(caught.value.message) < 400


def test_refuses_to_compute_an_unknown_algorithm() -> None:
    with pytest.raises(InvalidDigestError, match="algorithm"):
        Digest.of(b"", "md5")


def test_refuses_invalid_parts_in_the_constructor() -> None:
    with pytest.raises(InvalidDigestError):
        Digest("sha256", "../" * 21 + "a")


@pytest.mark.parametrize(("algorithm", "length"), [("sha256", 64), ("sha512", 128)])
def test_names_bytes_in_both_algorithms(algorithm: str, length: int) -> None:
    digest = Digest.of(b"hello", algorithm)
    assert str(digest) == f"{algorithm}:{hashlib.new(algorithm, b'hello').hexdigest()}"
    assert len(digest.encoded) == length
    assert Digest.parse(str(digest)) == digest


def test_a_changed_byte_is_a_mismatch_that_names_both_digests() -> None:
    verifier = Digest.parse(HELLO).verifier()
    verifier.update(b"hellO")
    assert not verifier.matches()
    with pytest.raises(DigestMismatchError) as caught:
        verifier.check("layer 1", 5)
    assert isinstance(caught.value, IntegrityError)
    assert HELLO in caught.value.message
    assert str(Digest.of(b"hellO")) in caught.value.message


@pytest.mark.parametrize("expected_bytes", [0, 4, 6])
def test_a_wrong_size_is_told_before_the_digest(expected_bytes: int) -> None:
    verifier = Digest.parse(HELLO).verifier()
    verifier.update(b"hello")
    with pytest.raises(SizeMismatchError, match=f"layer 1 has 5 bytes, not {expected_bytes}"):
        verifier.check("layer 1", expected_bytes)


def test_nothing_read_does_not_match() -> None:
    assert not Digest.parse(HELLO).verifier().matches()
    assert Digest.of(b"").verifier().matches()


def test_memoryviews_are_counted_in_bytes() -> None:
    data = bytes(range(256))
    verifier = Digest.of(data).verifier()
    verifier.update(memoryview(data).cast("Q"))
    verifier.check("words", 256)
    assert verifier.size == 256


@given(st.lists(st.binary(max_size=50)), st.sampled_from(["sha256", "sha512"]))
def test_chunks_verify_like_the_whole(chunks: list[bytes], algorithm: str) -> None:
    whole = b"".join(chunks)
    verifier = Digest.of(whole, algorithm).verifier()
    for position, chunk in enumerate(chunks):
        kinds: tuple[bytes | bytearray | memoryview, ...] = (chunk, bytearray(chunk), memoryview(chunk))
        verifier.update(kinds[position % 3])
    verifier.check("chunks", len(whole))


@given(st.text() | st.from_regex(r"sha(256|512|384):[0-9a-fA-F]{60,130}"))
def test_any_text_is_a_digest_or_refused(text: str) -> None:
    try:
        digest = Digest.parse(text)
    except InvalidDigestError:
        return
    assert str(digest) == text
    assert Digest.parse(str(digest)) == digest
