import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.registry.auth.challenge import MAX_CHALLENGES, MAX_PARAMETERS, Challenge, parse_challenges

BEARER = Challenge("bearer", (("realm", "https://a/token"), ("service", "s"), ("scope", "repository:x:pull,push")))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ()),
        ([""], ()),
        ([" , ,, "], ()),
        (["Basic"], (Challenge("basic"),)),
        (["Basic, Negotiate"], (Challenge("basic"), Challenge("negotiate"))),
        (['Bearer realm="https://a/token",service="s",scope="repository:x:pull,push"'], (BEARER,)),
        (['BEARER REALM="https://a/token" , Service=s,scope = "repository:x:pull,push"'], (BEARER,)),
        (['Bearer realm="https://a/token" service="s" scope="repository:x:pull,push"'], (BEARER,)),
        (['Basic realm="a, b=\\"c\\""'], (Challenge("basic", (("realm", 'a, b="c"'),)),)),
        (['Basic realm="a=b"'], (Challenge("basic", (("realm", "a=b"),)),)),
        (["Basic realm="], (Challenge("basic", (("realm", ""),)),)),
        (['Basic realm="never closed'], (Challenge("basic", (("realm", "never closed"),)),)),
        (["Negotiate YII=="], (Challenge("negotiate"),)),
        (["Negotiate YII==, Basic realm=x"], (Challenge("negotiate"), Challenge("basic", (("realm", "x"),)))),
        (
            ["Basic realm=x", "Bearer realm=y"],
            (Challenge("basic", (("realm", "x"),)), Challenge("bearer", (("realm", "y"),))),
        ),
        (
            ["Basic realm=x, Bearer realm=y"],
            (Challenge("basic", (("realm", "x"),)), Challenge("bearer", (("realm", "y"),))),
        ),
        (["=, Basic realm=x"], (Challenge("basic", (("realm", "x"),)),)),
        (['"quoted", Basic realm=x'], (Challenge("basic", (("realm", "x"),)),)),
    ],
)
def test_challenges_are_read_as_they_are_sent(values: list[str], expected: tuple[Challenge, ...]) -> None:
    assert parse_challenges(values) == expected


def test_scopes_are_collected_from_all_parameters_each_once() -> None:
    (challenge,) = parse_challenges(['Bearer scope="b:c:pull  a:x:pull",scope="a:x:pull",scope=""'])
    assert challenge.scopes == ("b:c:pull", "a:x:pull")


def test_the_first_of_two_equal_names_counts() -> None:
    (challenge,) = parse_challenges(['Bearer realm="https://good/",realm="https://evil/"'])
    assert challenge.get("realm") == "https://good/"


def test_a_flood_of_challenges_is_cut() -> None:
    many = parse_challenges(["Basic, " * 10_000, *["Basic " + "a=b," * 10_000] * 20])
    assert len(many) <= MAX_CHALLENGES
    assert all(len(challenge.parameters) <= MAX_PARAMETERS for challenge in many)


@settings(deadline=None)
@given(st.lists(st.text(), max_size=5))
def test_any_text_gives_some_challenges(values: list[str]) -> None:
    for challenge in parse_challenges(values):
        assert challenge.scheme == challenge.scheme.lower()
        assert challenge.scheme


@settings(deadline=None)
@given(st.text(alphabet='Bearsic =",\\\t;x', max_size=60))
def test_any_text_like_a_challenge_gives_some_challenges(text: str) -> None:
    parse_challenges([text])


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)), st.text(alphabet="abc", min_size=1))
def test_any_value_survives_being_quoted(value: str, scheme: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    (challenge,) = parse_challenges([f'{scheme} realm="{quoted}"'])
    assert challenge == Challenge(scheme, (("realm", value),))


@pytest.mark.parametrize("piece", ['a="\\', '"', "a=", 'x y="', "\\", "a,", "Basic ", ' a="b\\"'])
def test_a_hostile_line_of_32_kib_takes_no_time(piece: str) -> None:
    parse_challenges([piece * (32_000 // len(piece))])
