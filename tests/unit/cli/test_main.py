import json
import re
import subprocess
import sys

import click
import pytest

from pierhead.cli.commands.image_pull import main as pull
from pierhead.cli.errors import EXIT_CODES
from pierhead.cli.lazy import LazyCommand
from pierhead.cli.main import COMMANDS, SECTIONS, run
from pierhead.kit import errors as kit_errors
from pierhead.kit.errors import CATEGORIES

HEAVY = {"rich", "pydantic", "sqlalchemy", "fastapi", "starlette", "uvicorn", "ssl", "yaml", "cryptography", "asyncio"}


def imported_by(*argv: str) -> set[str]:
    program = f"import sys; sys.argv = ['pierhead', *{argv!r}]\ntry:\n    from pierhead.__main__ import main; main()\n"
    program += "except SystemExit: pass\nfinally: print('|', *sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stderr.rpartition("|")[2].split())


@pytest.mark.parametrize(
    "argv", [("--help",), ("--version",), ("connector", "--help"), ("init", "--help"), ("up", "--help")]
)
def test_asking_for_help_imports_nothing_heavy(argv: tuple[str, ...]) -> None:
    assert not imported_by(*argv) & HEAVY


def test_a_pull_imports_nothing_that_it_does_not_need() -> None:
    assert not imported_by("image", "pull", "--help") & (HEAVY | {"click", "http.client", "email", "logging"})


def test_the_main_help_loads_no_command() -> None:
    assert not {name for name in imported_by("--help") if name.startswith("pierhead.cli.commands.")}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_says_in_the_table_what_it_says_itself(name: str) -> None:
    command = COMMANDS[name].load()
    assert command.name == name
    assert (command.help or "").partition("\n")[0] == COMMANDS[name].short_help


def test_every_command_and_option_has_a_help() -> None:
    def walk(command: click.Command) -> None:
        assert command.help, command.name
        assert len({parameter.name for parameter in command.params}) == len(command.params), command.name
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), (command.name, parameter)
        for child in command.commands.values() if isinstance(command, click.Group) else ():
            walk(child)

    for entry in COMMANDS.values():
        walk(entry.load())


def test_exit_codes_are_those_drawn_in_the_docstring_of_the_errors() -> None:
    drawn = {
        line.split()[1]: int(line.split()[-1]) for line in (kit_errors.__doc__ or "").splitlines() if " exit " in line
    }
    assert drawn == {category.__name__: EXIT_CODES[category] for category in CATEGORIES}


def test_an_unknown_command_is_a_usage_error(pierhead) -> None:
    outcome = pierhead("nope")
    assert outcome.code == 2
    assert "No such command 'nope'" in outcome.err


def test_an_unreachable_server_is_told_with_a_hint_and_its_exit_code(capsys, monkeypatch) -> None:
    monkeypatch.setenv("PIERHEAD_API_KEY", "pat.a.b.c")
    code = run(["connector", "list", "--url", "http://127.0.0.1:9"])
    err = capsys.readouterr().err
    assert code == 10
    assert err.startswith("error: no answer from http://127.0.0.1:9: ")
    assert "\nhint: " in err


def test_a_refusal_is_told_with_its_code_only_when_asked(pierhead, api) -> None:
    api.refuse("GET", "/ng/api/connectors/x", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "not there", pierheadCode="no-x")
    assert pierhead("connector", "get", "x").err == "error: not there\n"
    verbose = pierhead("connector", "get", "x", "--verbose")
    assert (verbose.code, verbose.err) == (5, "error: not there\ncode: no-x\n")


def test_what_was_opened_is_closed_even_after_an_error(pierhead, api) -> None:
    api.refuse("GET", "/ng/api/connectors/x", 500, "UNKNOWN_ERROR", "oops")
    assert pierhead("connector", "get", "x").code == 1
    assert api.is_closed


def test_ctrl_c_is_130(pierhead, api) -> None:
    api._add("GET", "/ng/api/connectors/x", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    assert pierhead("connector", "get", "x").code == 130


def test_a_reader_that_leaves_is_no_error_worth_a_traceback() -> None:
    script = f"{sys.executable} -m pierhead completion bash | head -n 0; echo done"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script(pierhead, shell: str) -> None:
    outcome = pierhead("completion", shell)
    assert outcome.code == 0
    assert "_PIERHEAD_COMPLETE" in outcome.out


def test_the_version_is_json_when_asked(pierhead) -> None:
    assert pierhead("version", "--json").json == {"version": "0.1.0"}
    assert pierhead("version").out == "0.1.0\n"


def test_the_help_lists_every_command_once_under_its_heading(pierhead) -> None:
    text = pierhead("--help").out
    headings = re.findall(r"^([A-Z][^:\n]+):$", text, re.MULTILINE)
    assert headings == ["Options", *SECTIONS]
    listed = re.findall(r"^  ([a-z][a-z-]+)  ", text, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


def test_what_other_rooms_add_stands_with_the_programs(capsys) -> None:
    assert run(["--help"], {"demo": LazyCommand("nowhere:demo", "Walk through it.")}) == 0
    assert capsys.readouterr().out.rpartition("Programs:")[2].split()[-4:] == ["demo", "Walk", "through", "it."]


DENIED = {"failedPermissionChecks": [{"permission": "core_connector_view"}]}


def test_with_json_a_refusal_is_json_with_all_that_the_api_said(pierhead, api) -> None:
    more = {"pierheadCode": "access-denied", "hint": "ask somebody", "correlationId": "c-1", **DENIED}
    api.refuse("GET", "/ng/api/connectors/x", 403, "NG_ACCESS_DENIED", "you may not", **more)
    outcome = pierhead("connector", "get", "x", "--json")
    assert (outcome.code, outcome.out) == (4, "")
    assert json.loads(outcome.err) == {
        "error": {
            "code": "access-denied",
            "category": "denied",
            "message": "you may not",
            "hint": "ask somebody",
            "correlationId": "c-1",
            "details": DENIED,
        }
    }


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("connector", "get", "--json"), 2),
        (("nope", "--json"), 2),
        (("connector", "list", "--json", "--page", "x"), 2),
        (("secret", "delete", "hub", "--json"), 2),
        (("apply", "-f", "/nowhere", "--json"), 2),
    ],
)
def test_with_json_wrong_words_are_told_in_json_too(pierhead, words: tuple[str, ...], code: int) -> None:
    outcome = pierhead(*words)
    error = json.loads(outcome.err.splitlines()[-1])["error"]
    assert (outcome.code, error["category"]) == (code, "invalid-input")
    assert set(error) == {"code", "category", "message", "hint"}
    assert error["message"]


def test_json_that_is_the_value_of_something_else_asks_for_nothing(pierhead, api) -> None:
    api.refuse("GET", "/ng/api/connectors/--json", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "not there")
    assert pierhead("connector", "get", "--", "--json").err == "error: not there\n"


def test_with_json_an_interruption_is_json(pierhead, api) -> None:
    api._add("GET", "/ng/api/connectors/x", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    outcome = pierhead("connector", "get", "x", "--json")
    assert (outcome.code, json.loads(outcome.err)["error"]["code"]) == (130, "interrupted")


def test_with_json_a_pull_tells_its_errors_in_json(capsys) -> None:
    for words, code in (
        (["--json"], "usage"),
        (["x:y:z", "--output", "/nowhere", "--json"], "invalid-image-reference"),
    ):
        assert pull(words) == 2
        told = capsys.readouterr()
        assert (told.out, json.loads(told.err)["error"]["code"]) == ("", code)


def test_the_correlation_id_of_a_crash_is_told_for_the_operator(pierhead, api) -> None:
    api.refuse("GET", "/ng/api/connectors/x", 500, "UNKNOWN_ERROR", "oops", correlationId="c-7")
    assert pierhead("connector", "get", "x").err == "error: oops\ncorrelation: c-7\n"
