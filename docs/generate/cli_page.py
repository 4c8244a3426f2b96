"""Reference page of the command line, from Click's own tree, and from argparse for the one command that uses it."""

import argparse
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import click
from markdown import code, page, table

from pierhead.__main__ import main
from pierhead.cli.commands import image_pull
from pierhead.cli.errors import EXIT_CODES, FAILED, INTERRUPTED
from pierhead.cli.invocation import Invocation
from pierhead.cli.lazy import LazyCommand
from pierhead.cli.main import build_program
from pierhead.cli.options import with_api

INTRODUCTION = """\
Commands work on a running server: the one of `--url`, else the one that holds the data directory. With none running
they work on the data directory itself. `pierhead COMMAND --help` prints what stands here.
"""
EXIT_CODES_TEXT = """\
The category of an error decides, wherever the error comes from: what exists already is 6, whether a server says so with
whatever HTTP status, or the command finds it out on the data directory. [Errors](errors.md) has the code and category
of each.
"""
AS_JSON = """\
With `--json` an error is one line of JSON, the last one on standard error; otherwise it is told in words, and its code
only with `--verbose`. Warnings and notes may stand before it. Standard output holds what was done until then, if
anything.

```json
{"error": {"code": "access-denied", "category": "denied", "message": "...", "hint": "...", "correlationId": "..."}}
```

`category` is one of those above. `correlationId` is there when a server answered: its log has the same. `details` holds
what more there is to say: `errors` (fields that are wrong), `failedPermissionChecks`, `problems` (of a plan), and with
`--verbose` the `exchange` with a registry, redacted.
"""
ASKING = """\
What deletes, revokes or restores asks first on a terminal. Where there is none, as in a script, it does nothing and
ends with 2, unless `--yes` is given.
"""
DATA = """\
A data directory that is named by `--data` or `PIERHEAD_DATA`, and is not there, is made only by what sets up a place:
`up`, `init`, `demo`, `backup restore`, and `apply` in its three forms. To any other command it was mistyped: it ends
with 5. The default one is made by whoever comes first.
"""
COMMON = """\
Every command that talks to Pierhead has these. They are left out below.
"""


def build() -> str:
    program = build_program({"demo": LazyCommand(_demo(), "Walk through the main job on a throw-away registry.")})
    common = _common_options()
    parts = [part for path, command in walk(program, ()) for part in _command(path, command, common)]
    return page(
        "Command line",
        INTRODUCTION,
        "## Common options",
        COMMON,
        table(("Option", "Meaning"), map(_option, common.values())),
        "## Exit codes",
        EXIT_CODES_TEXT,
        table(("Code", "Meaning"), _exit_codes()),
        "## Errors as JSON",
        AS_JSON,
        "## What cannot be taken back",
        ASKING,
        "## Data directory",
        DATA,
        *parts,
    )


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its words."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from walk(inner, (*path, name))


def _demo() -> str:
    """Where the program's entry point says its demo is."""
    found: list[str] = re.findall(r'LazyCommand\("(pierhead\.demo[^"]+)"', inspect.getsource(main))
    return found[0]


def _common_options() -> dict[str, click.Option]:
    @click.command()
    @with_api
    def nothing(_: Invocation) -> None:
        """Only its options are looked at."""

    return {name: option for option in nothing.params if isinstance(option, click.Option) for name in [option.opts[0]]}


def _exit_codes() -> Iterator[tuple[str, str]]:
    yield "0", "done"
    yield str(FAILED), "a run, a plan or a connection test failed"
    for category, number in EXIT_CODES.items():
        if number != FAILED:
            yield str(number), f"[{category.code}](errors.md#{category.code})"
    yield str(INTERRUPTED), "interrupted"


def _command(path: tuple[str, ...], command: click.Command, common: dict[str, click.Option]) -> Iterator[str]:
    yield f"## pierhead {' '.join(path)}"
    if path == ("image", "pull"):
        yield from _argparse_command(image_pull._parser())
        return
    own = [each for each in command.params if isinstance(each, click.Option) and each.opts[0] not in common]
    shared = any(each.opts[0] in common for each in command.params) and path not in (("up",), ("demo",))
    usage = [part for part in command.collect_usage_pieces(click.Context(command)) if part != "[OPTIONS]"]
    options = ["[OPTIONS]"] if own or shared else []
    yield _block(" ".join(["pierhead", *path, *options, *usage]))
    yield _help(command.help or "")
    own = own if shared else [each for each in command.params if isinstance(each, click.Option)]
    if own:
        yield table(("Option", "Meaning"), map(_option, own))


def _help(text: str) -> str:
    """Paragraphs as they are; what Click keeps as it stands (after a backspace), and examples, as blocks of code."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(_block(part.lstrip("\b\n")) if _is_verbatim(part) else part for part in paragraphs)


def _is_verbatim(paragraph: str) -> bool:
    return paragraph.startswith(("\b", "pierhead "))


def _block(text: str) -> str:
    return f"```text\n{text}\n```"


def _option(option: click.Option) -> tuple[str, str]:
    names = ", ".join([*sorted(option.opts, key=len, reverse=True), *option.secondary_opts])
    value = "" if option.is_flag else f" {option.metavar or _values(option.type)}"
    extra = "" if not option.show_default or option.default is None else f"  [default: {option.default}]"
    required = "  [required]" if option.required else ""
    return code(names + value), (option.help or "").replace("  [", " [") + extra + required


def _values(kind: "click.ParamType[Any]") -> str:
    if isinstance(kind, click.Choice):
        return "|".join(kind.choices)
    return {"integer range": "N", "path": "PATH"}.get(kind.name, "TEXT")


def _argparse_command(parser: argparse.ArgumentParser) -> Iterator[str]:
    usage = re.sub(r"\s+", " ", parser.format_usage().removeprefix("usage: ")).strip()
    yield _block(usage)
    yield re.sub(r"\s+", " ", parser.description or "")
    yield table(("Option", "Meaning"), _actions(parser._actions))


def _actions(actions: Iterable[argparse.Action]) -> Iterator[tuple[str, str]]:
    for action in actions:
        names = ", ".join(sorted(action.option_strings, key=len, reverse=True)) or str(action.metavar)
        value = f" {action.metavar}" if action.option_strings and action.metavar else ""
        if action.dest != "help":
            yield code(names + value), action.help or ""
