"""``pierhead version``."""

import click

from pierhead import __version__
from pierhead.cli.options import with_output
from pierhead.cli.render import Screen


@click.command()
@with_output
def version(screen: Screen) -> None:
    """Print the version."""
    if screen.is_json:
        screen.json({"version": __version__})
    else:
        screen.line(__version__)
