"""Opens the application on a data directory that no server holds. Importing this is cheap; calling it is not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pierhead.kit.errors import NotFoundError
from pierhead.kit.loading import load

from .local_wire import LocalWire

if TYPE_CHECKING:
    from pierhead.server.bootstrap import Application


class DataMissingError(NotFoundError):
    """Only ``up``, ``init``, ``demo``, ``backup restore`` and what applies documents make one that was named; to other
    commands it was mistyped."""

    code = "data-directory-missing"

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"there is no data directory of Pierhead at {data}",
            hint="check --data and PIERHEAD_DATA, or make one there with `pierhead up` or `pierhead init`",
        )
        self.data = data


def check_data(data: Path) -> None:
    """Raises DataMissingError, unless the store is not in the directory but in a database elsewhere."""
    from pierhead.adapters.data_directory import DataDirectory
    from pierhead.server.settings import Settings

    if not DataDirectory(data).database.is_file() and Settings.from_environment().database_url is None:
        raise DataMissingError(data)


def open_data(data: Path, images: Path | None = None) -> "Application":
    """``images``: where pulled images go instead of the directory's own place. Raises AppError when it is in use."""
    load("pierhead.server.bootstrap")
    from pierhead.kit import log
    from pierhead.server.bootstrap import open_application
    from pierhead.server.settings import Settings

    log.set_up("ERROR")  # what goes wrong is told by the command; the server's running account is not wanted here
    settings = replace(Settings.from_environment(), data=data)
    with _own_umask():
        return open_application(replace(settings, images=images) if images else settings, serves=False)


@contextmanager
def _own_umask() -> Iterator[None]:
    """The directory closes itself to others and with it all that is made in it; what is asked for with --output is the
    user's, with the user's own modes."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def open_wire(data: Path, images: Path | None = None) -> "tuple[LocalWire, Application]":
    """The API of the application on ``data``; closing the wire closes the application."""
    load("pierhead.server.bootstrap", "pierhead.server.app")
    from pierhead.server.app import create_app

    application = open_data(data, images)
    return LocalWire(create_app(application), f"data directory {data}", application), application
