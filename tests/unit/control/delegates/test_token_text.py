import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.delegates import TokenText
from pierhead.kit.redact import SecretValue
from pierhead.protocol.token_text import TokenText as DelegatesTokenText

FINGERPRINT = "0123456789abcdef" * 2
parts = st.text("abcXYZ019_-", min_size=1, max_size=64)


def encoded(plain: str) -> str:
    return base64.b64encode(plain.encode()).decode()


@given(parts, parts, st.text("0123456789abcdef", min_size=32, max_size=32))
def test_both_sides_read_what_the_other_writes(identifier: str, secret: str, server: str) -> None:
    text = TokenText(identifier, SecretValue(secret), server).render()
    assert text == DelegatesTokenText(identifier, SecretValue(secret), server).render()
    for reader in (TokenText, DelegatesTokenText):
        read = reader.parse(text.reveal())
        assert read is not None
        assert (read.id, read.secret, read.server) == (identifier, SecretValue(secret), server)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pdt.a.b." + FINGERPRINT,
        encoded(f"pat.a.b.{FINGERPRINT}"),
        encoded(f"pdt.a.{FINGERPRINT}"),
        encoded(f"pdt..b.{FINGERPRINT}"),
        encoded(f"pdt.a.b.{FINGERPRINT.upper()}"),
        encoded(f"pdt.a.b.{FINGERPRINT}\n"),
        encoded(f"pdt.a/b.c.{FINGERPRINT}"),
        encoded(f"pdt.{'a' * 65}.b.{FINGERPRINT}"),
        encoded(f"pdt.a.b.{FINGERPRINT}") + "\n",
        encoded(f"pdt.a.b.{FINGERPRINT}")[:-1],
        "é" * 60,
        "A" * 10_000,
    ],
)
def test_anything_else_is_no_token(text: str) -> None:
    assert TokenText.parse(text) is None


@given(st.text(max_size=100) | st.binary(max_size=100).map(lambda some: base64.b64encode(some).decode()))
def test_no_text_breaks_the_reader(text: str) -> None:
    TokenText.parse(text)


def test_a_token_shows_its_secret_nowhere() -> None:
    text = TokenText("id", SecretValue("very-secret"), FINGERPRINT)
    assert "very-secret" not in f"{text} {text!r} {text.render()}"
