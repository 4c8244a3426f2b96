"""Whatever goes in, a DNS label comes out, and different things stay apart."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.pipelines.dns_names import dns_label

LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


@given(st.lists(st.text(max_size=80), min_size=1, max_size=3))
def test_anything_becomes_a_label(parts: list[str]) -> None:
    label = dns_label(*parts)
    assert LABEL.match(label)
    assert label == dns_label(*parts)


@given(st.text("abAB_.$-", min_size=1, max_size=70), st.text("abAB_.$-", min_size=1, max_size=70))
def test_different_names_become_different_labels(first: str, second: str) -> None:
    assert (dns_label(first) == dns_label(second)) == (first == second)


@pytest.mark.parametrize("name", ["build", "step-t1", "a" * 63])
def test_a_label_stays_as_it_is(name: str) -> None:
    assert dns_label(name) == name


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("Build", "build-"), ("go_test", "go-test-"), ("a" * 64, "a" * 54 + "-"), ("$", "x-"), ("", "x-")],
)
def test_the_rest_keeps_its_beginning(name: str, beginning: str) -> None:
    assert dns_label(name).startswith(beginning)
