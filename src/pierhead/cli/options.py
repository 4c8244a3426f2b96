"""The options that most commands share, and the environment variables behind them (read nowhere else in the CLI)."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click

from pierhead.kit.loading import load
from pierhead.kit.redact import SecretValue

from .complete import completes
from .invocation import Connect, Invocation, Target
from .render import Screen

P = ParamSpec("P")
Command = Callable[Concatenate[Invocation, P], int | None]

_PATH = click.Path(path_type=Path)
_OUTPUT = (
    click.option("--json", "is_json", is_flag=True, help="Print the data as JSON, as the API gives it."),
    click.option("--quiet", "-q", "is_quiet", is_flag=True, help="Print results and errors only."),
    click.option("--no-color", is_flag=True, help="No colours (also by the variable NO_COLOR)."),
    click.option("--verbose", "-v", "is_verbose", is_flag=True, help="Show error codes and HTTP exchanges, redacted."),
)
_TARGET = (
    click.option("--data", type=_PATH, help="Data directory.  [default: $PIERHEAD_DATA or ~/.local/share/pierhead]"),
    click.option("--url", help="Server to talk to.  [default: $PIERHEAD_URL, or the server on the data directory]"),
    click.option("--api-key-file", type=_PATH, help="File with the API key.  [default: $PIERHEAD_API_KEY]"),
    click.option("--org", help="Organization identifier.", shell_complete=completes("organizations")),
    click.option("--project", help="Project identifier (needs --org).", shell_complete=completes("projects")),
)


def data_directory(chosen: Path | None = None) -> Path:
    """``chosen``, else PIERHEAD_DATA, else the user's data home (the same rule as the server's settings)."""
    if chosen is not None:
        return chosen
    if named := os.environ.get("PIERHEAD_DATA"):
        return Path(named)
    home = os.environ.get("XDG_DATA_HOME") or str(Path(os.environ.get("HOME", "/")) / ".local" / "share")
    return Path(home) / "pierhead"


def is_named(chosen: Path | None) -> bool:
    """Whether somebody said which data directory, and may have mistyped it."""
    return chosen is not None or bool(os.environ.get("PIERHEAD_DATA"))


def has_color(no_color: bool) -> bool:
    return not no_color and not os.environ.get("NO_COLOR")


def with_output(command: Callable[Concatenate[Screen, P], int | None]) -> Callable[..., int | None]:
    """Gives the command a Screen, for commands that talk to nobody."""

    @wraps(command)
    def call(*args: Any, is_json: bool, is_quiet: bool, no_color: bool, is_verbose: bool, **kwargs: Any) -> int | None:
        del is_verbose
        return command(Screen(is_json=is_json, is_quiet=is_quiet, has_color=has_color(no_color)), *args, **kwargs)

    return _decorated(call, _OUTPUT)


def with_api(command: Command[P]) -> Callable[..., int | None]:
    """Gives the command an Invocation, and closes what it opened."""

    @wraps(command)
    def call(
        *args: Any, is_json: bool, is_quiet: bool, no_color: bool, is_verbose: bool,
        data: Path | None, url: str | None, api_key_file: Path | None, org: str | None, project: str | None,
        **kwargs: Any,
    ) -> int | None:  # fmt: skip
        key = os.environ.get("PIERHEAD_API_KEY", "").strip()
        target = Target(
            data=data_directory(data),
            url=url or os.environ.get("PIERHEAD_URL") or None,
            api_key=SecretValue(key) if key else None,
            api_key_file=api_key_file,
            org=org,
            project=project,
            makes_data=not is_named(data),
        )
        screen = Screen(is_json=is_json, is_quiet=is_quiet, has_color=has_color(no_color))
        invocation = Invocation(target, screen, _connect(), is_verbose)
        try:
            return command(invocation, *args, **kwargs)
        finally:
            invocation.close()

    return _decorated(call, (*_TARGET, *_OUTPUT))


def _connect() -> Connect:
    """The one the program was started with (tests), else the real one."""
    given: Connect | None = click.get_current_context().find_root().obj
    if given is not None:
        return given
    load("pierhead.cli.connect")
    from .connect import connect

    return connect


def _decorated(call: Callable[..., int | None], options: tuple[Callable[[Any], Any], ...]) -> Callable[..., int | None]:
    for option in reversed(options):
        call = option(call)
    return call
