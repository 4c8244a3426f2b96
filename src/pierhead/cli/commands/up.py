"""``pierhead up``: the server, in the foreground."""

from dataclasses import replace
from pathlib import Path

import click

from pierhead.kit.loading import load


@click.command()
@click.option("--host", help="Address to listen on.  [default: $PIERHEAD_HOST or 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 for any free one.  [default: $PIERHEAD_PORT or 8411]"
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Data directory.  [default: $PIERHEAD_DATA or ~/.local/share/pierhead]",
)
def up(host: str | None, port: int | None, data: Path | None) -> None:
    """Run the server in the foreground.

    The first start creates the account, an admin key (printed once, kept in DIR/admin-key) and the image connector
    harnessImage. Where it listens is printed, and written to DIR/server.json for the other commands.
    """
    load("pierhead.server.main")
    from pierhead.server.main import serve
    from pierhead.server.settings import Settings

    settings = Settings.from_environment()
    serve(
        replace(
            settings,
            host=settings.host if host is None else host,
            port=settings.port if port is None else port,
            data=settings.data if data is None else data,
        )
    )
