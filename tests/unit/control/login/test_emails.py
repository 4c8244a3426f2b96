import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.access import canonical_email


@pytest.mark.parametrize(
    "spelling",
    [
        "ada@example.com",
        "ADA@Example.COM",
        "  ada@example.com \t",
        "ada @ example.com",
        "ada@example.com.",
        "ada@example.com..",
        "\uff41da@example.com",
        "ada@ex\u200bample.com",
        "ada\ufe0f@example.com",
        "\u00adada@example.com",
        "𝐚𝐝𝐚@example.com",
        "ada＠example．com",
        "ada@example.com\u00a0",
    ],
)
def test_every_spelling_of_an_email_is_one(spelling: str) -> None:
    assert canonical_email(spelling) == "ada@example.com"


@given(st.text())
def test_what_is_canonical_stays_as_it_is(text: str) -> None:
    once = canonical_email(text)
    assert canonical_email(once) == once
    once.encode()


@given(st.text())
def test_upper_and_lower_case_make_no_difference(text: str) -> None:
    assert canonical_email(text.upper().lower()) == canonical_email(text.upper())
