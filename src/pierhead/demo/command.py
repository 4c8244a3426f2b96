"""``pierhead demo``; loads the walk only when called."""

import click

from pierhead.cli.options import has_color
from pierhead.cli.render import Screen


@click.command()
@click.option("--no-color", is_flag=True, help="No colours (also by the variable NO_COLOR).")
@click.option("--delegates", "has_delegates", is_flag=True, help="The walk with PostgreSQL and three delegates.")
@click.option("--mirror", "has_mirror", is_flag=True, help="The walk with a mirror, whose source is switched off.")
def demo(no_color: bool, has_delegates: bool, has_mirror: bool) -> None:
    """Walk through the main job on a throw-away registry.

    Starts two registries and a Pierhead on this machine's loopback, pulls a two-stage pipeline's images, shows one
    failure with its diagnosis, and removes everything. Needs no root, no network and no other program.
    """
    screen = Screen(has_color=has_color(no_color))
    if has_delegates:
        from .delegates_walk import walk_with_delegates

        return walk_with_delegates(screen)
    if has_mirror:
        from .mirror_walk import walk_with_mirror

        return walk_with_mirror(screen)
    from .walk import walk

    return walk(screen)
