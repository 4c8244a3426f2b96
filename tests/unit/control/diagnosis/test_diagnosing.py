"""Rules of reading error texts: bounded, without secrets, the telling cause first, and nothing put into a shell."""

import re
import shlex
import time
from importlib import import_module
from typing import Any

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.cli.main import COMMANDS
from pierhead.control.diagnosis import (
    MAX_TEXT,
    DiagnosisTextTooLongError,
    Found,
    cause_table,
    diagnose,
    found_in_text,
    masked,
)

ABSENT = 'failed to resolve reference "ghcr.io/acme/app:9": ghcr.io/acme/app:9: not found'
SIGNS = [" ".join(sign) for cause in cause_table().causes for sign in cause.signs]
PIECES = st.one_of(
    st.sampled_from(SIGNS),
    st.sampled_from(
        ["\n", "\r\n", "\x1b[31m", '\\"', '"', "{", "}", "https://", "/v2/a/manifests/1", "ghcr.io/a/b:1", " "]
    ),
    st.text(max_size=30),
)


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=80, deadline=None)
def test_any_text_is_read_to_the_end_and_always_the_same(text: str) -> None:
    told = diagnose(text)
    assert told == diagnose(text)
    assert len(told) <= 5
    for one in told:
        assert 1 <= one.line <= text.count("\n") + text.count("\r") + 1
        assert len(one.quote) <= 500
        assert not re.search(r"[\x00-\x08\x1b\n]", one.quote)


@pytest.mark.parametrize(
    "piece",
    ["a", "/", " ", "\n", "https://a",
     '"', "\\", "manifest ", "denied: ", "image \"", "{\"a\":", "\x1b[", "a.b-c/",
     "not found\n", "failed to resolve reference ", "reading manifest a in ", "password=",
     " ".join(SIGNS)[:4000] + "\n", "\n".join(SIGNS) + "\n"],
    ids=lambda piece: repr(piece)[:20],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * (MAX_TEXT // len(piece) + 1))[:MAX_TEXT]
    begun = time.process_time()
    diagnose(text)
    found_in_text(text)
    assert time.process_time() - begun < 3.0


def test_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(DiagnosisTextTooLongError, match="262,145 characters"):
        diagnose("x" * (MAX_TEXT + 1))


@pytest.mark.parametrize(
    "command", [step.command for cause in cause_table().causes for step in cause.steps if step.command]
)
def test_every_pierhead_command_in_a_remedy_can_be_typed(command: str) -> None:
    for part in command.split(" | "):
        words = shlex.split(re.sub(r"\{\w+\}", "x", part))
        if words[0] == "pierhead":
            _parse(words[1:])


def _parse(words: list[str]) -> None:
    entry: Any = COMMANDS[words[0]]
    command, rest = entry.load(), words[1:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, words
        command, rest = found, rest[1:]
    command.make_context(words[0], rest)


def test_codes_are_stable_words_and_every_sign_is_in_lower_case() -> None:
    causes = cause_table().causes
    assert len({cause.code for cause in causes}) == len(causes) >= 40
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cause.code) for cause in causes)
    parts = [part for cause in causes for sign in cause.signs for part in (*sign, *cause.unless)]
    assert [part for part in parts if part != part.lower() or not part] == []


def test_every_code_of_ours_that_a_cause_names_is_one() -> None:
    known = {code for module in _ERRORS for code in _codes(module)}
    named = {code for cause in cause_table().causes for code in cause.codes}
    assert named - known == set()


_ERRORS = (
    "pierhead.registry.errors", "pierhead.registry.push_errors", "pierhead.worker.errors", "pierhead.oci.errors",
    "pierhead.control.connectors.errors", "pierhead.control.delegates.errors", "pierhead.control.delegates.task_errors",
    "pierhead.worker.pull_errors", "pierhead.worker.runtimes.oci_layout",
)  # fmt: skip


def _codes(module: str) -> list[str]:
    return [
        str(value.code)
        for value in vars(import_module(module)).values()
        if isinstance(value, type) and hasattr(value, "code")
    ]


def test_a_line_tells_one_cause_and_the_one_that_explains_most_comes_first() -> None:
    told = diagnose(f"{ABSENT}\nError response from daemon: toomanyrequests: You have reached your pull rate limit.")
    assert [one.cause.code for one in told] == ["hub-pull-limit", "tag-absent"]


def test_what_only_follows_is_not_told_beside_a_cause() -> None:
    told = diagnose(
        f"{ABSENT}\nError: ErrImagePull\nError: ImagePullBackOff\ncontext deadline exceeded while pulling image"
    )
    assert [one.cause.code for one in told] == ["tag-absent"]


def test_of_two_images_both_are_told() -> None:
    told = diagnose(f"{ABSENT}\n{ABSENT.replace('app', 'web')}")
    assert [one.found.image for one in told] == ["ghcr.io/acme/app:9", "ghcr.io/acme/web:9"]


def test_what_is_known_besides_fills_in_where_the_text_is_silent() -> None:
    (one,) = diagnose(
        "Error response from daemon: manifest unknown", Found(image="r.example/a:1", registry="r.example")
    )
    assert (one.found.image, one.found.registry) == ("r.example/a:1", "r.example")


def test_an_image_that_a_text_names_is_found_without_any_cause() -> None:
    assert found_in_text("Pulling image ghcr.io/acme/app:9 takes so long").image == "ghcr.io/acme/app:9"


@pytest.mark.parametrize(
    "text",
    [
        "Get https://joe:hunter2hunter2@r.example.com/v2/: denied",
        "Authorization: Bearer hunter2hunter2",
        "Authorization: Basic am9lOmh1bnRlcjJodW50ZXIy",
        "https://s3.example.com/blob?X-Amz-Signature=hunter2hunter2&X-Amz-Credential=hunter2hunter2",
        "docker login -u joe -p hunter2hunter2 r.example.com",
        "--password=hunter2hunter2",
        'password: "hunter2hunter2"',
        "token eyJhbGciOiJSUzI1NiJ9.eyJodW50ZXIyIjoxfQ.c2ln",
        "ghp_hunter2hunter2hunter2",
        '{"auths":{"r":{"auth":"hunter2hunter2"}}}',
    ],
)
def test_secrets_are_not_quoted(text: str) -> None:
    hidden = masked(text)
    assert [word for word in ("hunter2", "am9lOmh1", "eyJhbGci") if word in hidden] == []
    told = diagnose(f"manifest unknown for image {text}")
    assert "hunter2" not in str([one.quote for one in told])


@pytest.mark.parametrize(
    "text",
    [
        "denied: requested access to the resource is denied",
        "Requesting bearer token: received unexpected HTTP status: 403 Forbidden",
        "unauthorized: authentication required",
    ],
)
def test_ordinary_words_are_left(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize("name", ["$(reboot)", "a;reboot", "`reboot`", "a b", "a'b", "--help", "a\nb"])
def test_only_names_come_into_commands(name: str) -> None:
    text = f'Failed to pull image "r.example/{name}:1": manifest unknown\nfor platform linux/{name} connector {name}'
    for one in diagnose(text):
        for step in one.steps:
            assert "reboot" not in step.command
            assert "a b" not in step.command
