"""The store on SQLAlchemy Core: SQLite in the data directory; nothing but ``sqlite`` knows that it is SQLite.

Importing this takes most of a second: programs that may not need a store import it late.
"""

from .errors import (
    DatabaseTooNewError,
    RowExistsError,
    StoreDamagedError,
    StoreUnavailableError,
    UnstorableValueError,
)
from .store import SqlStore, SqlTransaction

__all__ = [
    "DatabaseTooNewError",
    "RowExistsError",
    "SqlStore",
    "SqlTransaction",
    "StoreDamagedError",
    "StoreUnavailableError",
    "UnstorableValueError",
]
