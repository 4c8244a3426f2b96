"""A question before something that cannot be taken back.

One rule for every command that deletes, revokes or restores: it asks on a terminal, and needs --yes where there is
none, so that a script says that it means it.
"""

import sys

import click

from .errors import UsageError

yes_option = click.option("--yes", "-y", "is_sure", is_flag=True, help="Do not ask.")


def confirm(question: str, *, is_sure: bool) -> None:
    """Goes on only after a yes. Raises UsageError where there is nobody to ask, click.Abort after a no."""
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask on", hint="say --yes")
    click.confirm(question, abort=True, err=True)
