import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.kit.redact import SecretValue
from pierhead.registry.exchange import Exchange, show_body, show_url


def test_values_of_unknown_parameters_are_masked() -> None:
    shown = show_url("https://s3.test/b?X-Amz-Signature=abc&n=5&last=x%2Fy&flag&scope=a:b:pull")
    assert shown == "https://s3.test/b?X-Amz-Signature=***&n=5&last=x%2Fy&flag&scope=a:b:pull"


def test_a_body_is_redacted_before_it_is_cut() -> None:
    secret = "s3cret-password"
    body = b"x" * 505 + secret.encode()
    shown = show_body(body, [SecretValue(secret)])
    assert "s3cret" not in shown
    assert len(shown) <= 512


@settings(deadline=None)
@given(st.binary(max_size=2000), st.text(min_size=4, alphabet="abcdefgh0123"), st.integers(0, 600))
def test_no_body_shows_a_secret_or_a_control_character(body: bytes, secret: str, at: int) -> None:
    encoded = base64.b64encode(secret.encode())
    for form in (secret.encode(), encoded):
        shown = show_body(body[:at] + form + body[at:], [SecretValue(secret)])
        assert form.decode() not in shown
        assert shown.isprintable()
        assert len(shown) <= 512


@settings(deadline=None)
@given(st.text())
def test_any_url_can_be_shown(url: str) -> None:
    shown = show_url(url)
    assert shown.isprintable()
    assert len(shown) <= 1024


def test_an_exchange_reads_like_one() -> None:
    assert str(Exchange.of("GET", "https://x/v2/", 200)) == "GET https://x/v2/ -> 200"
    assert str(Exchange.of("GET", "https://x/v2/", None)) == "GET https://x/v2/ -> no answer"
