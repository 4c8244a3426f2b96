"""What a shell is offered for the word that is being typed; quick, and silent when it cannot be had."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete

from pierhead.cli.complete import WITHIN_S
from pierhead.cli.main import build_program


def offered(api: Any, *words: str) -> list[str]:
    program = build_program({})
    *given, incomplete = words
    completer = ShellComplete(program, {"obj": api and api.connect}, "pierhead", "_PIERHEAD_COMPLETE")
    return [item.value for item in completer.get_completions(given, incomplete)]


def page(*items: Any) -> dict[str, Any]:
    return {"content": list(items)}


@pytest.mark.parametrize(
    ("words", "method", "path", "data"),
    [
        (("delegate", "show"), "GET", "/pierhead/v1/delegates", page({"name": "one"}, {"name": "two"})),
        (("delegate", "token", "revoke"), "GET", "/ng/api/delegate-token-ng", [{"name": "one"}, {"name": "two"}]),
        (("run", "get"), "GET", "/pierhead/v1/runs", page({"id": "one"}, {"id": "two"})),
        (("task", "why"), "GET", "/pierhead/v1/tasks", page({"id": "one"}, {"id": "two"})),
        (("image", "pin"), "GET", "/pierhead/v1/images", {"images": [{"field": "one"}, {"field": "two"}]}),
        (
            ("connector", "test"),
            "POST",
            "/ng/api/connectors/listV2",
            page({"connector": {"identifier": "one"}}, {"connector": {"identifier": "two"}}),
        ),
        (
            ("org", "show"),
            "GET",
            "/ng/api/organizations",
            page({"organization": {"identifier": "one"}}, {"organization": {"identifier": "two"}}),
        ),
        (
            ("secret", "list", "--org", "o", "--project"),
            "GET",
            "/ng/api/projects",
            page({"project": {"identifier": "one"}}, {"project": {"identifier": "two"}}),
        ),
        (
            ("secret", "get"),
            "GET",
            "/ng/api/v2/secrets",
            page({"secret": {"identifier": "one"}}, {"secret": {"identifier": "two"}}),
        ),
        (
            ("role", "delete"),
            "GET",
            "/authz/api/roles",
            page({"role": {"identifier": "one"}}, {"role": {"identifier": "two"}}),
        ),
        (
            ("role-assignment", "create", "--role"),
            "GET",
            "/authz/api/roles",
            page({"role": {"identifier": "one"}}, {"role": {"identifier": "two"}}),
        ),
        (
            ("resource-group", "show"),
            "GET",
            "/resourcegroup/api/v2/resourcegroup",
            page({"resourceGroup": {"identifier": "one"}}, {"resourceGroup": {"identifier": "two"}}),
        ),
        (
            ("role-assignment", "delete"),
            "POST",
            "/authz/api/roleassignments/v2/filter",
            page({"identifier": "one"}, {"identifier": "two"}),
        ),
        (("user", "show"), "GET", "/pierhead/v1/users", page({"email": "one"}, {"email": "two"})),
        (
            ("role-assignment", "create", "--service-account"),
            "GET",
            "/ng/api/serviceaccount",
            [{"identifier": "one"}, {"identifier": "two"}],
        ),
    ],
)
def test_identifiers_are_offered_by_their_beginning(
    api: Any, words: tuple[str, ...], method: str, path: str, data: Any
) -> None:
    api.data(method, path, data)
    assert offered(api, *words, "") == ["one", "two"]
    assert offered(api, *words, "t") == ["two"]
    assert api.is_closed


def test_words_that_are_the_same_everywhere_are_offered_without_asking(api: Any) -> None:
    assert offered(api, "role", "create", "r", "--permission", "core_connector_v") == ["core_connector_view"]
    assert offered(api, "access", "check", "core_account_e") == ["core_account_edit"]
    assert offered(api, "resource-group", "create", "g", "--resource", "SEC") == ["SECRET"]
    assert api.asked == []


def test_a_name_that_is_yet_to_be_given_is_not_offered(api: Any) -> None:
    for noun in ("role", "resource-group"):
        assert offered(api, noun, "create", "") == []
    assert api.asked == []


def test_options_typed_before_count(api: Any) -> None:
    api.data("GET", "/pierhead/v1/delegates", page({"name": "x"}))
    assert offered(api, "delegate", "show", "--org", "o", "--project", "p", "") == ["x"]
    assert (api.targets[0].org, api.targets[0].project) == ("o", "p")


def test_commands_are_offered_too(api: Any) -> None:
    assert "token" in offered(api, "delegate", "")
    assert "run" in offered(api, "delegate", "r")


def test_a_name_that_could_drive_the_terminal_is_not_offered(api: Any) -> None:
    api.data("GET", "/pierhead/v1/delegates", page({"name": "a\x1b[2J"}, {"name": "b\nc"}, {"name": "d"}))
    assert offered(api, "delegate", "show", "") == ["d"]


def test_a_refusal_a_broken_answer_and_no_answer_offer_nothing_and_say_nothing(
    api: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    api.refuse("GET", "/pierhead/v1/delegates", 500, "UNKNOWN_ERROR", "oops")
    assert offered(api, "delegate", "show", "") == []
    api.raw("GET", "/pierhead/v1/tasks", 200, b"<html>")
    assert offered(api, "task", "show", "") == []
    api.data("GET", "/pierhead/v1/runs", {"content": [{"no": "id"}]})
    assert offered(api, "run", "get", "") == []
    assert capsys.readouterr() == ("", "")


def test_a_data_directory_without_a_server_is_neither_opened_nor_made(tmp_path: Path) -> None:
    data = tmp_path / "none"
    assert offered(None, "delegate", "show", "--data", str(data), "") == []
    assert not data.exists()


def test_a_server_that_says_nothing_is_given_up_within_a_blink() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = {**os.environ, "PIERHEAD_API_KEY": "pat.acc.key.secret", "PIERHEAD_URL": url}
        script = (
            "import sys, time; from pierhead.cli.main import build_program;"
            "from click.shell_completion import ShellComplete;"
            "s = ShellComplete(build_program({}), {}, 'pierhead', '_C'); t = time.monotonic();"
            "found = s.get_completions(['delegate', 'show'], ''); print(found, time.monotonic() - t)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, env=environment
        )
    found, seconds = done.stdout.split(" ")
    assert (found, done.stderr) == ("[]", "")
    assert float(seconds) < WITHIN_S + 1.0


def test_a_key_is_not_sent_in_the_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIERHEAD_API_KEY", "pat.acc.key.secret")
    monkeypatch.setattr("http.client.HTTPConnection.connect", lambda _: pytest.fail("it was about to be sent"))
    assert offered(None, "delegate", "show", "--url", "http://pier.example.com", "") == []


@pytest.mark.parametrize(
    ("shell", "environment"),
    [
        ("bash", {"COMP_WORDS": "pierhead delegate to", "COMP_CWORD": "2"}),
        ("zsh", {"COMP_WORDS": "pierhead delegate to", "COMP_CWORD": "2"}),
        ("fish", {"COMP_WORDS": "pierhead delegate", "COMP_CWORD": "to"}),
    ],
)
def test_each_shell_is_answered_by_the_program_itself(shell: str, environment: dict[str, str]) -> None:
    asked = {**os.environ, **environment, "_PIERHEAD_COMPLETE": f"{shell}_complete"}
    program = [sys.executable, "-m", "pierhead"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False, env=asked)
    assert "token" in done.stdout
    assert done.stderr == ""
