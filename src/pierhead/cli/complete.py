"""Identifiers that a shell offers while a command line is typed.

Asks only a server that is running, within a blink, and says nothing at all when that does not work out. Imported with
every command, so it imports nothing itself.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

Complete = Callable[["click.Context", "click.Parameter", str], list[str]]
WITHIN_S = 0.25


def completes(kind: str) -> Complete:
    """A ``shell_complete`` for one of the kinds that ``completion`` knows."""

    def complete(context: "click.Context", _: "click.Parameter", incomplete: str) -> list[str]:
        try:
            from .completion import names_of

            given: dict[str, Any] = context.params
            return [name for name in names_of(kind, given, context.find_root().obj) if name.startswith(incomplete)]
        except Exception:  # a shell that is completing has no use for any error, whatever it is
            return []

    return complete
