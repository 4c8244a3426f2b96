"""A question before something that cannot be taken back."""

import sys

import click

from .errors import UsageError


def confirm(question: str) -> None:
    """Goes on only after a yes. Raises UsageError where there is nobody to ask, click.Abort after a no."""
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask on", hint="say --yes")
    click.confirm(question, abort=True, err=True)
