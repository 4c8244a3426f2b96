import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.control.gates.globs import fault_of_glob, matches


@pytest.mark.parametrize(
    ("glob", "text", "fits"),
    [
        ("**", "a/b/c", True),
        ("*", "a/b", False),
        ("a/**", "a/", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/*/z", "a/b/c/z", False),
        ("1.16.?", "1.16.3", True),
        ("1.16.?", "1.16.", False),
        ("a.b", "axb", False),
        ("A", "a", False),
    ],
)
def test_globs_fit_whole_texts(glob, text, fits) -> None:
    assert matches(glob, text) is fits


@settings(max_examples=300, deadline=None)
@given(st.text("ab/*?", min_size=1, max_size=8), st.text("ab/", max_size=8))
def test_globs_agree_with_the_regular_expression_they_stand_for(glob, text) -> None:
    parts = re.findall(r"\*\*|\*|\?|[^*?]", glob)
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    assert matches(glob, text) is bool(re.fullmatch("".join(words.get(part, re.escape(part)) for part in parts), text))


def test_a_pattern_made_to_backtrack_does_not() -> None:
    started = time.perf_counter()
    assert not matches("*a" * 100 + "b", "a" * 300)
    assert time.perf_counter() - started < 0.5


def test_odd_patterns_are_refused() -> None:
    assert all(fault_of_glob(odd) for odd in ("", "a b", "a\n", "a" * 301))
    assert fault_of_glob("ghcr.io/**/a-*?") is None
