"""The store on SQLAlchemy Core: SQLite in the data directory, or PostgreSQL by URL; what is one of them's own stands in
``sqlite`` or ``postgresql``.

Importing this takes most of a second: programs that may not need a store import it late.
"""

from .errors import (
    DatabaseTooNewError,
    DatabaseUnfitError,
    DatabaseUrlError,
    RowExistsError,
    StoreDamagedError,
    StoreUnavailableError,
    UnstorableValueError,
)
from .store import SqlStore, SqlTransaction

__all__ = [
    "DatabaseTooNewError",
    "DatabaseUnfitError",
    "DatabaseUrlError",
    "RowExistsError",
    "SqlStore",
    "SqlTransaction",
    "StoreDamagedError",
    "StoreUnavailableError",
    "UnstorableValueError",
]
