"""Tests that need a program skip with the reason where it is absent, and fail in CI."""

import pytest

from pierhead.testing.peers import require_program

ABSENT = "no-such-program-anywhere"


def test_an_absent_program_fails_in_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"apt-get install {ABSENT}"):
        require_program(ABSENT)


def test_an_absent_program_skips_elsewhere(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"{ABSENT} is not installed"):
        require_program(ABSENT)


def test_a_program_that_is_there_is_found():
    assert require_program("sh").endswith("/sh")
