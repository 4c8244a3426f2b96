import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.kit.redact import SecretValue
from pierhead.protocol.token_text import TokenText

_PART = st.text("ABCxyz019_-", min_size=1, max_size=64)
SERVER = "0123456789abcdef" * 2


@given(_PART, _PART)
def test_a_token_comes_back_from_its_text(identifier: str, secret: str) -> None:
    token = TokenText(identifier, SecretValue(secret), SERVER)
    assert TokenText.parse(token.render().reveal()) == token


def test_the_text_is_base64_of_four_parts() -> None:
    text = TokenText("id", SecretValue("se-cret"), SERVER).render().reveal()
    assert base64.b64decode(text) == f"pdt.id.se-cret.{SERVER}".encode()


def encoded(plain: str) -> str:
    return base64.b64encode(plain.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        encoded(""),
        encoded("pdt.id.secret"),
        encoded(f"pdt.id..{SERVER}"),
        encoded(f"pdt..secret.{SERVER}"),
        encoded(f"pdt.id.secret.{SERVER}\n"),
        encoded(f"pdt.id.secret.{SERVER.upper()}"),
        encoded(f"pdt.id.secret.{SERVER}0"),
        encoded(f"pdt.i d.secret.{SERVER}"),
        encoded(f"pdt.{'i' * 65}.secret.{SERVER}"),
        encoded(f"pdx.id.secret.{SERVER}"),
        encoded(f"pdt.id.secret.{SERVER}") + "\n",
        " " + encoded(f"pdt.id.secret.{SERVER}"),
        encoded(f"pdt.id.sec.ret.{SERVER}"),
        encoded("x" * 600),
        "é" * 20,
    ],
)
def test_what_render_would_not_have_written_is_no_token(text: str) -> None:
    assert TokenText.parse(text) is None


@given(st.text(max_size=600) | st.binary(max_size=300).map(lambda raw: base64.b64encode(raw).decode()))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    found = TokenText.parse(text)
    assert found is None or found.render().reveal() == text


@pytest.mark.parametrize(("identifier", "secret"), [("a.b", "s"), ("a", "s.t"), ("", "s"), ("a", ""), ("é", "s")])
def test_parts_that_cannot_be_in_a_token_are_refused(identifier: str, secret: str) -> None:
    with pytest.raises(ValueError):
        TokenText(identifier, SecretValue(secret), SERVER).render()


def test_printing_a_token_shows_no_secret() -> None:
    assert "hush" not in repr(TokenText("id", SecretValue("hush"), SERVER))
