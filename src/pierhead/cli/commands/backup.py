"""``pierhead backup``: everything that is in the store into one file, and back into an empty place.

Works on the data directory or database itself, with the server's own settings, not through its API.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.options import with_output
from pierhead.cli.render import Screen

if TYPE_CHECKING:
    from pierhead.server.settings import Settings

F = TypeVar("F", bound=Callable[..., object])
_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_existing = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
_data = click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Data directory.  [default: $PIERHEAD_DATA or ~/.local/share/pierhead]",
)


_KEPT = "Keys and delegates that were revoked after the backup was made will be let in again. Go on?"
_REVOKED = "All keys in the backup will be revoked, and its delegates wait for approval. Go on?"


@click.group()
def backup() -> None:
    """Save everything that is stored, and restore it."""


@backup.command("create")
@_file
@_data
@with_output
def create(screen: Screen, file: Path, data: Path | None) -> None:
    """Write a backup to FILE, while servers go on.

    Secrets in it stay encrypted; keep the encryption key elsewhere. Images are not in it.
    """
    from pierhead.server.backups import create_backup

    rows = create_backup(_settings(data), file)
    if screen.is_json:
        return screen.json({"file": str(file), "rows": rows, "bytes": file.stat().st_size})
    return screen.line(f"{file}: {rows} rows, {file.stat().st_size:,} bytes; the encryption key is not in it")


@backup.command("check")
@_existing
@_data
@with_output
def check(screen: Screen, file: Path, data: Path | None) -> None:
    """Read FILE to its end and say whether it is as it was written.

    Needs the encryption key (in the data directory, or by PIERHEAD_ENCRYPTION_KEY or _KEY_FILE), and no database.
    """
    from pierhead.server.backups import check_backup

    rows = check_backup(_settings(data), file)
    if screen.is_json:
        return screen.json({"file": str(file), "rows": rows})
    return screen.line(f"{file}: {rows} rows, as they were written")


@backup.command("restore")
@_existing
@_data
@click.option(
    "--keep-access", is_flag=True, help="Let the keys and delegates of the backup in again, as if nothing had happened."
)
@yes_option
@with_output
def restore(screen: Screen, file: Path, data: Path | None, keep_access: bool, is_sure: bool) -> None:
    """Put the backup in FILE into an empty data directory or database.

    The encryption key has to be there already. Whoever was revoked after the backup was made would be let in again, so
    every key is revoked, a new admin key is shown, and delegates wait for approval; --keep-access leaves all as it was.
    """
    from pierhead.server.backups import restore_backup

    confirm(_KEPT if keep_access else _REVOKED, is_sure=is_sure)
    done = restore_backup(_settings(data), file, keeps_access=keep_access)
    if screen.is_json:
        key = done.key.reveal() if done.key else None
        told = {"rows": done.rows, "madeAt": done.made_at.isoformat(), "epoch": done.epoch, "key": key}
        return screen.json({**told, "auditFault": done.fault or None})
    screen.line(f"{done.rows} rows restored, as of {done.made_at:%Y-%m-%d %H:%M:%S} UTC; epoch {done.epoch}")
    if done.fault:
        screen.line(f"warning: {done.fault}; it was like that in the backup", style="yellow")
    if done.key is not None:
        screen.line("all keys are revoked and delegates wait for approval; a new admin key, shown this once:")
        screen.line(f"  {done.key.reveal()}")
    return None


def _settings(data: Path | None) -> "Settings":
    from pierhead.server.settings import Settings

    settings = Settings.from_environment()
    return settings if data is None else replace(settings, data=data)
