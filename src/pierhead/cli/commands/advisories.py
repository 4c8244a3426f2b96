"""``pierhead advisories``: what is known of vulnerabilities, imported from OSV's files; nothing is fetched.

Works on the data directory itself, while servers go on: they use what was imported from the next check on.
"""

from dataclasses import replace
from pathlib import Path

import click

from pierhead.cli.options import with_output
from pierhead.cli.render import Screen

_data = click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Data directory.  [default: $PIERHEAD_DATA or ~/.local/share/pierhead]",
)


@click.group()
def advisories() -> None:
    """What is known of vulnerabilities, for the gate of that name."""


@advisories.command("import")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@_data
@with_output
def import_from(screen: Screen, source: Path, data: Path | None) -> None:
    """Replace all advisories by those in SOURCE: a directory of OSV's JSON files or zips, or one of these."""
    from pierhead.adapters.scanners.osv import import_advisories
    from pierhead.kit.clock import SystemClock
    from pierhead.server.gating import ADVISORIES
    from pierhead.server.settings import Settings

    settings = Settings.from_environment()
    directory = (settings if data is None else replace(settings, data=data)).data
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    report = import_advisories(source, directory / ADVISORIES, SystemClock().now())
    if screen.is_json:
        return screen.json({"imported": report.imported, "skipped": report.skipped, "broken": report.broken})
    return screen.line(f"{report.imported:,} advisories imported; {report.skipped:,} skipped, {report.broken:,} broken")
