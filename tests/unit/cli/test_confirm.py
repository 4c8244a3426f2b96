"""One rule for what cannot be taken back, whatever the command."""

from collections.abc import Iterator
from typing import Any

import click
import pytest

from pierhead.cli.main import COMMANDS

ASKING = {"delete", "revoke", "restore", "restore-default"}


def commands(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands((*path, name), inner)


ALL = [each for name, entry in COMMANDS.items() for each in commands((name,), entry.load())]
THOSE_THAT_ASK = [(path, command) for path, command in ALL if path[-1] in ASKING]


@pytest.mark.parametrize(("path", "command"), THOSE_THAT_ASK, ids=[" ".join(path) for path, _ in THOSE_THAT_ASK])
def test_what_deletes_revokes_or_restores_asks_and_takes_yes(path: tuple[str, ...], command: click.Command) -> None:
    [option] = [each for each in command.params if "--yes" in each.opts]
    assert isinstance(option, click.Option)
    assert (set(option.opts), option.is_flag, option.help) == ({"--yes", "-y"}, True, "Do not ask.")


@pytest.mark.parametrize(
    "words",
    [
        ("connector", "delete", "mirror"),
        ("connector", "restore-default"),
        ("secret", "delete", "hub"),
        ("org", "delete", "eng"),
        ("project", "delete", "web", "--org", "eng"),
        ("role", "delete", "r"),
        ("resource-group", "delete", "g"),
        ("role-assignment", "delete", "a"),
        ("delegate", "token", "delete", "t"),
        ("delegate", "token", "revoke", "t"),
        ("service-account", "delete", "ci"),
    ],
)
def test_without_a_terminal_and_without_yes_nothing_is_done(pierhead: Any, api: Any, words: tuple[str, ...]) -> None:
    refused = pierhead(*words)
    assert (refused.code, refused.out) == (2, "")
    assert "There is no terminal to ask on\nhint: say --yes\n" in refused.err
    assert api.asked == []


@pytest.mark.parametrize(("answer", "code", "asked"), [(True, 0, 1), (False, 130, 0)])
def test_on_a_terminal_the_answer_decides(
    pierhead: Any, api: Any, monkeypatch: pytest.MonkeyPatch, answer: bool, code: int, asked: int
) -> None:
    def confirm(_: str, **given: Any) -> None:
        assert given == {"abort": True, "err": True}
        if not answer:
            raise click.Abort

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", confirm)
    api.data("DELETE", "/ng/api/v2/secrets/hub", True)
    assert pierhead("secret", "delete", "hub").code == code
    assert len(api.asked) == asked
