"""The reference pages say what the program is: made from it, or compared with it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import pierhead
from pierhead.cli.lazy import LazyCommand
from pierhead.cli.main import build_program
from pierhead.control.connectors import image_name, normalise_url
from pierhead.control.pipelines import parse_pipeline
from pierhead.server.app import create_app
from pierhead.testing.application import memory_application

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs/reference"
SOURCES = sorted(Path(pierhead.__file__).parent.rglob("*.py"))
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


def test_the_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs/generate"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"`make docs` would change:\n{done.stdout}{done.stderr}"


def error_codes() -> Iterator[tuple[str, str]]:
    """(file, code) of every class attribute, argument and JSON member that is an error's code."""
    for path in SOURCES:
        if "testing" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                    yield path.name, code
                case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                    yield path.name, code
                case ast.Dict(keys=keys, values=values):
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant):
                            yield path.name, str(value.value)


def test_every_error_code_is_in_the_reference() -> None:
    page = (REFERENCE / "errors.md").read_text()
    told = {*re.findall(r"^###? (\S+)$", page, re.MULTILINE), *re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)}
    found = {(file, code) for file, code in error_codes() if _CODE.match(code)}
    assert len(found) > 100
    assert [pair for pair in sorted(found) if pair[1] not in told] == []


def commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(words), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*words, name))


def test_every_command_and_every_option_says_what_it_does() -> None:
    demo = LazyCommand("pierhead.demo.command:demo", "Walk through the main job.")
    silent = []
    for name, command in commands(build_program({"demo": demo}), ("pierhead",)):
        options = [each for each in command.params if isinstance(each, click.Option)]
        silent += [name] if not (command.help or "").strip() else []
        silent += [f"{name} {option.opts[0]}" for option in options if not option.help]
    assert silent == []


def test_every_command_is_in_the_reference() -> None:
    page = (REFERENCE / "cli.md").read_text()
    demo = LazyCommand("pierhead.demo.command:demo", "Walk through the main job.")
    names = [
        name
        for name, command in commands(build_program({"demo": demo}), ("pierhead",))
        if not isinstance(command, click.Group)
    ]
    assert len(names) > 20
    assert [name for name in names if f"\n## {name}\n" not in page] == []


def test_every_environment_variable_is_in_the_settings() -> None:
    page = (REFERENCE / "settings.md").read_text()
    told = set(re.findall(r"`([A-Z_]+)`", page))
    variable = re.compile(r"[\"' $](_?PIERHEAD_[A-Z_]+|XDG_[A-Z_]+|NO_COLOR)")
    read = {name for path in SOURCES for name in variable.findall(path.read_text())}
    assert {"PIERHEAD_DATA", "PIERHEAD_URL", "NO_COLOR"} <= read
    assert read <= told
    assert {name for name in told if "PIERHEAD" in name} <= read


def test_the_table_of_compatibility_knows_every_call_of_the_platform_that_is_there(tmp_path: Path) -> None:
    page = (REFERENCE / "compatibility.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z]+ \S+)` \| ([a-z ]+) \|", page, re.MULTILINE))
    document = create_app(memory_application(tmp_path)).openapi()
    there = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
    of_the_platform = {call for call in there if not re.search(r" /(pierhead/|health|ready|metrics)", call)}
    assert {call for call, state in rows.items() if state != "not there"} == of_the_platform
    assert not {call for call, state in rows.items() if state == "not there"} & there


def test_the_table_of_image_names_is_what_the_rules_say() -> None:
    page = (ROOT / "docs/concepts/how-an-image-is-chosen.md").read_text()
    section = page[page.index("## Which full name") :]
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", section, re.MULTILINE)
    assert len(rows) >= 8
    for url, image, name in rows:
        assert str(image_name(normalise_url(url), image).reference) == name


@pytest.mark.parametrize("example", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_an_example_pipeline_is_read_without_an_error(example: Path) -> None:
    assert parse_pipeline(example.read_bytes()).stages
