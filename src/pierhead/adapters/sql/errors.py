"""What a database can refuse, as our own errors; and the one listener that translates.

Rows that know better (an identifier that is taken) catch ``RowExistsError`` and raise their feature's own.
"""

import sqlite3

import sqlalchemy as sa
from sqlalchemy import event

from pierhead.kit.errors import (
    AppError,
    ConflictError,
    IntegrityError,
    InvalidInputError,
    UnavailableError,
    UnsupportedError,
)

_UNIQUE = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
# Classes of SQLSTATE (PostgreSQL, "Error Codes"): connection, authorization, catalog, roll-back, resources, operator,
# system.
_UNAVAILABLE_CLASSES = frozenset({"08", "28", "3D", "40", "53", "57", "58"})
_UNAVAILABLE_STATES = frozenset(
    {
        "25006",  # read_only_sql_transaction
        "25P03",  # idle_in_transaction_session_timeout
        "42501",  # insufficient_privilege
        "55P03",  # lock_not_available
    }
)


class RowExistsError(ConflictError):
    code = "row-exists"

    def __init__(self) -> None:
        super().__init__("a row with this key is already in the store")


class UnstorableValueError(InvalidInputError):
    """Text that is no Unicode, or a number beyond 64 bits."""

    code = "unstorable-value"

    def __init__(self, reason: str) -> None:
        super().__init__(f"a value cannot be stored: {reason}")
        self.reason = reason


class StoreUnavailableError(UnavailableError):
    """``detail`` is what a server said of a connection: names of machines and users, for its operator alone."""

    code = "store-unavailable"

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(
            f"the database does not answer: {reason}",
            hint="look whether it runs and can be reached, and whether its disk is full, read-only or used by another "
            "program",
        )
        self.reason = reason
        self.detail = detail


class DatabaseUrlError(InvalidInputError):
    """Does not repeat the URL: there may be a password in it."""

    code = "database-url"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the database URL is not one of ours: {problem}", hint="write it as postgresql://USER@HOST/DATABASE"
        )
        self.problem = problem


class DatabaseUnfitError(UnsupportedError):
    code = "database-unfit"

    def __init__(self, problem: str, wanted: str) -> None:
        super().__init__(f"the database {problem}", hint=f"make a database with {wanted}")
        self.problem = problem


class StoreDamagedError(IntegrityError):
    code = "store-damaged"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the database is damaged or is not one of ours: {reason}", hint="restore the data directory from a backup"
        )
        self.reason = reason


class DatabaseTooNewError(UnsupportedError):
    code = "database-too-new"

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"the database is at revision {found}, which this version of Pierhead does not know (it knows {known})",
            hint="start the newer version again, or restore a backup made before the upgrade",
        )
        self.found = found
        self.known = known


class DatabaseTooOldError(UnsupportedError):
    code = "database-too-old"

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"the database is at revision {found}, and this version of Pierhead works at {known}",
            hint="start the server once with this version, which brings it up to date, or use the older version",
        )


def translate_errors(engine: sa.Engine) -> None:
    """Lets every failed statement, commit and connection of ``engine`` come out as one of these."""

    def translated(context: sa.ExceptionContext) -> BaseException | None:
        return translate(context.original_exception)

    event.listen(engine, "handle_error", translated)


def translate(error: BaseException) -> AppError | None:
    """None for what is a defect of the program, and has to stay itself."""
    if isinstance(error, UnicodeEncodeError):
        return UnstorableValueError("the text holds half of a surrogate pair")
    if isinstance(error, OverflowError):
        return UnstorableValueError("the number does not fit into 64 bits")
    if type(error).__name__ == "DataError":  # every DBAPI has it
        return UnstorableValueError(said(error))
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    return _of_sqlstate(error) if hasattr(error, "sqlstate") else None


def _of_sqlite(error: sqlite3.Error) -> AppError | None:
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _UNIQUE:
        return RowExistsError()
    primary = code & 0xFF  # the rest tells kinds of the same thing apart (SQLite, "Result and Error Codes")
    if primary in _DAMAGED:
        return StoreDamagedError(str(error))
    return StoreUnavailableError(str(error)) if primary in _UNAVAILABLE else None


def _of_sqlstate(error: BaseException) -> AppError | None:
    state: str | None = getattr(error, "sqlstate", None)
    if state == "23505":  # unique_violation
        return RowExistsError()
    if state is None:  # the driver's own: no connection was made, or it broke
        is_connection = type(error).__name__ == "OperationalError"
        return StoreUnavailableError("there is no connection", detail=said(error)) if is_connection else None
    is_unavailable = state in _UNAVAILABLE_STATES or state[:2] in _UNAVAILABLE_CLASSES
    return StoreUnavailableError(said(error)) if is_unavailable else None


def said(error: BaseException) -> str:
    """Without the lines that follow: a server repeats values and statements there."""
    diagnostic = getattr(error, "diag", None)
    text = getattr(diagnostic, "message_primary", None) or str(error)
    return str(text).partition("\n")[0]
