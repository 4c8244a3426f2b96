"""A command group that imports a command's module only when that command is called.

The one-line helps stand in the table, so that ``--help`` imports nothing either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click

from pierhead.kit.loading import load

COMMANDS = "Commands"


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """``target`` is ``module:attribute``; ``section`` is the heading that ``--help`` lists it under."""

    target: str
    short_help: str
    section: str = COMMANDS

    def load(self) -> click.Command:
        module, _, attribute = self.target.partition(":")
        load(module)
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.target} is not a command")
        return command


class LazyGroup(click.Group):
    """Commands of the table, after those that were added in the usual way."""

    def __init__(self, name: str, table: Mapping[str, LazyCommand], *, help: str) -> None:  # noqa: A002 - click's word
        super().__init__(name, help=help)
        self.table = dict(table)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [*self.commands, *self.table]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.table.get(cmd_name)
        return super().get_command(ctx, cmd_name) if entry is None else entry.load()

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = {name: (COMMANDS, command.get_short_help_str(limit=80)) for name, command in self.commands.items()}
        rows |= {name: (entry.section, entry.short_help) for name, entry in self.table.items()}
        width = max(map(len, rows))
        for title in dict.fromkeys(section for section, _ in rows.values()):
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", text) for name, (at, text) in rows.items() if at == title])
