import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.kit.redact import SecretValue
from pierhead.registry.auth.tokens import Token, TokenCache, parse_token
from pierhead.registry.errors import BadResponseError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def parse(raw: bytes) -> Token:
    return parse_token(raw, "auth.test", ("x",), monotonic=1000.0)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_token_or_a_bad_response(raw: bytes) -> None:
    try:
        token = parse(raw)
    except BadResponseError:
        return
    assert token.value.reveal().isascii()


@settings(deadline=None)
@given(JSON, JSON, JSON, JSON)
def test_any_values_are_a_token_of_sane_life_or_a_bad_response(
    token: object, access: object, expires: object, issued: object
) -> None:
    answer = {"token": token, "access_token": access, "expires_in": expires, "issued_at": issued}
    try:
        found = parse(json.dumps(answer).encode())
    except BadResponseError:
        return
    assert 1030.0 <= found.ends_at <= 1000.0 + 3600.0


def test_a_token_is_forgotten_when_it_ends_and_the_oldest_when_there_are_too_many() -> None:
    cache = TokenCache()
    for number in range(5000):
        cache.put(("e", str(number)), Token(SecretValue("t"), 0, 100))
    assert cache.find(("e", "0"), 50) is None
    assert cache.find(("e", "4999"), 50) is not None
    assert cache.find(("e", "4999"), 100) is None


def test_only_the_token_that_failed_is_dropped() -> None:
    cache = TokenCache()
    old, new = Token(SecretValue("old"), 0, 100), Token(SecretValue("new"), 0, 100)
    cache.put(("e", "s"), new)
    cache.drop(("e", "s"), old)
    assert cache.find(("e", "s"), 1) is new
    cache.drop(("e", "s"), new)
    assert cache.find(("e", "s"), 1) is None


@pytest.mark.parametrize("raw", [b'{"token":"a","token":"b"}', b'{"token":"a","expires_in":NaN}'])
def test_json_that_two_readers_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(BadResponseError):
        parse(raw)
