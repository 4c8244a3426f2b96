import base64
import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.protocol.signatures import (
    InvalidKeyError,
    InvalidSignatureError,
    RequestSignature,
    SigningKey,
    enrolment_bytes,
    fingerprint,
    key_from_text,
    key_to_text,
    order_bytes,
    session_bytes,
    sign_request,
    signature_from_text,
    verify,
)

KEY = SigningKey.from_bytes(bytes(range(32)))
NONCE = "abcdefghijklmnop_-0123"
TARGET = "/pierhead/v1/agent/poll?x=1"
BODY = b'{"session":"s"}'


def signed(**changes: object) -> dict[str, str]:
    given = {"method": "POST", "target": TARGET, "body": BODY, "created": 1_800_000_000, "nonce": NONCE} | changes
    return sign_request(KEY, **given)  # type: ignore[arg-type]


def is_good(headers: dict[str, str], *, method: str = "POST", target: str = TARGET, body: bytes = BODY) -> bool:
    return RequestSignature.parse(headers).verify(KEY.public, method, target, body)


def test_the_first_key_of_rfc_8032_signs_as_it_says_there() -> None:
    key = SigningKey.from_bytes(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
        "55141438e7a100b"
    )


def test_a_request_is_signed_in_one_known_form() -> None:
    assert signed() == {
        "Content-Digest": "sha-256=:9TQdVBQnFVZbeO1ScORNLyy+SvG2MSd+U4OJ3XQ3FQs=:",
        "Signature-Input": 'pierhead=("@method" "@request-target" "content-digest");created=1800000000;'
        'nonce="abcdefghijklmnop_-0123";keyid="56475aa75463474c0285df5dbf2bcab7";alg="ed25519"',
        "Signature": "pierhead=:pVJsExAhL2NOh41PMBm0ocg4cdUu62L0S5SOAzZcsG5F"
        "hp2o1QXIs4+svHzC/leWWTFkxvKs2SuMLd2RsKlZDQ==:",
    }


def test_the_signed_bytes_are_those_of_rfc_9421() -> None:
    headers = signed()
    params = headers["Signature-Input"].removeprefix("pierhead=")
    base = (
        f'"@method": POST\n"@request-target": {TARGET}\n"content-digest": {headers["Content-Digest"]}\n'
        f'"@signature-params": {params}'
    )
    raw = base64.b64decode(headers["Signature"].removeprefix("pierhead=:").removesuffix(":"))
    assert verify(KEY.public, base.encode(), raw)


def test_a_signed_request_verifies_whatever_the_case_of_its_field_names() -> None:
    assert is_good(signed())
    assert is_good({name.lower(): value for name, value in signed().items()})
    claimed = RequestSignature.parse(signed())
    assert (claimed.key_id, claimed.created, claimed.nonce) == (KEY.id, 1_800_000_000, NONCE)


@pytest.mark.parametrize(
    "change", [{"method": "PUT"}, {"target": "/pierhead/v1/agent/poll"}, {"target": TARGET + "\n"}, {"body": b"{}"}]
)
def test_any_other_request_does_not_verify(change: dict[str, object]) -> None:
    assert not is_good(signed(), **change)  # type: ignore[arg-type]


def test_another_key_does_not_verify_even_when_it_is_named() -> None:
    other = SigningKey.generate()
    headers = signed()
    assert not RequestSignature.parse(headers).verify(other.public, "POST", TARGET, BODY)
    headers["Signature-Input"] = headers["Signature-Input"].replace(KEY.id, other.id)
    assert not RequestSignature.parse(headers).verify(other.public, "POST", TARGET, BODY)
    assert not RequestSignature.parse(headers).verify(KEY.public, "POST", TARGET, BODY)


@pytest.mark.parametrize(
    ("old", "new"),
    [("created=1800000000", "created=1800000001"), (NONCE, NONCE[::-1]), ("1800000000", "180000000")],
)
def test_changed_parameters_do_not_verify(old: str, new: str) -> None:
    headers = signed()
    headers["Signature-Input"] = headers["Signature-Input"].replace(old, new)
    assert not is_good(headers)


@pytest.mark.parametrize("name", ["Content-Digest", "Signature-Input", "Signature"])
def test_every_single_character_counts(name: str) -> None:
    """Each is either refused at once or does not verify."""
    headers = signed()
    for position in range(len(headers[name])):
        text = headers[name]
        other = "B" if text[position] != "B" else "C"
        changed = headers | {name: text[:position] + other + text[position + 1 :]}
        with contextlib.suppress(InvalidSignatureError):
            assert not is_good(changed), f"{name} at {position}"


@pytest.mark.parametrize("name", ["Content-Digest", "Signature-Input", "Signature"])
@pytest.mark.parametrize("value", [None, "", " ", "x", "pierhead=", "pierhead=::", "sha-256=:AAAA:"])
def test_headers_that_are_missing_or_of_another_form_are_refused(name: str, value: str | None) -> None:
    headers = signed()
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    with pytest.raises(InvalidSignatureError):
        RequestSignature.parse(headers)


@pytest.mark.parametrize("tail", ["\n", " ", ", other=:AAAA:", ";tag=x", "\r\nX: y", ", sha-512=:AAAA:"])
@pytest.mark.parametrize("name", ["Content-Digest", "Signature-Input", "Signature"])
def test_nothing_may_follow_what_belongs_there(name: str, tail: str) -> None:
    headers = signed()
    headers[name] += tail
    with pytest.raises(InvalidSignatureError):
        RequestSignature.parse(headers)


def test_a_doubled_header_is_refused() -> None:
    class Lines(dict[str, str]):
        def items(self):  # type: ignore[no-untyped-def,override]
            return [*super().items(), ("signature", self["Signature"])]

    with pytest.raises(InvalidSignatureError, match="twice"):
        RequestSignature.parse(Lines(signed()))


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    headers = signed()
    text = headers["Content-Digest"]  # the last character before '=' has two bits that say nothing
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = text[-3]
    headers["Content-Digest"] = text[:-3] + alphabet[alphabet.index(last) ^ 1] + text[-2:]
    with pytest.raises(InvalidSignatureError):
        RequestSignature.parse(headers)


@settings(max_examples=500)
@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_no_text_makes_the_parser_fail_otherwise(digest: str, given_input: str, signature: str) -> None:
    headers = {"Content-Digest": digest, "Signature-Input": given_input, "Signature": signature}
    with pytest.raises(InvalidSignatureError):
        RequestSignature.parse(headers)


@given(st.binary(max_size=100), st.binary(max_size=100), st.binary(max_size=80))
def test_verify_says_no_to_bytes_that_are_no_key_or_no_signature(public: bytes, message: bytes, signed: bytes) -> None:
    assert not verify(public, message, signed)


def test_keys_for_which_anybody_could_sign_verify_nothing() -> None:
    for public in (bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"):
        for signature in (bytes(64), b"\x01" + bytes(63), public + bytes(32)):
            assert not verify(public, b"anything", signature)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_two_orders_have_the_same_signed_bytes(a: str, b: str, c: str, d: str) -> None:
    assert (order_bytes(a, b) == order_bytes(c, d)) == ((a, b) == (c, d))


def test_what_was_signed_for_one_purpose_counts_for_no_other() -> None:
    assert len({order_bytes("a", "b"), session_bytes("a", "b"), enrolment_bytes("a", "b", b"")}) == 3


def test_keys_travel_as_base64_of_32_bytes() -> None:
    assert key_from_text(key_to_text(KEY.public)) == KEY.public
    assert key_from_text(key_to_text(KEY.public).rstrip("=")) == KEY.public
    for text in ("", "AAAA", "é" * 43, key_to_text(KEY.public + b"x"), "not base64 at all, nor anything like it!!!!"):
        with pytest.raises(InvalidKeyError):
            key_from_text(text)
    assert SigningKey.from_bytes(KEY.to_bytes()).id == KEY.id == fingerprint(KEY.public)
    assert re.fullmatch("[0-9a-f]{32}", KEY.id)
    with pytest.raises(InvalidKeyError):
        SigningKey.from_bytes(b"short")


def test_a_signature_that_is_not_base64_is_none() -> None:
    assert signature_from_text("%%%") == b""
    assert signature_from_text("é") == b""


def test_a_nonce_that_could_not_be_read_again_is_not_written() -> None:
    for nonce in ("", "short", "x" * 65, 'with"quote-and-more', "with\nline-break-in-it"):
        with pytest.raises(ValueError):
            signed(nonce=nonce)
