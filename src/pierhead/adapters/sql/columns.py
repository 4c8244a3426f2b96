"""The metadata of every table, and the kinds of columns there are; which tables have them is not known here."""

from datetime import datetime

import sqlalchemy as sa

from .types import UtcDateTime, json_column, text_column

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, text_column(), primary_key=primary_key, nullable=False)


def optional(name: str) -> sa.Column[str | None]:
    return sa.Column(name, text_column(), nullable=True)


def moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=False)


def optional_moment(name: str) -> sa.Column[datetime | None]:
    return sa.Column(name, UtcDateTime, nullable=True)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def truth(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def binary(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def document(name: str) -> sa.Column[object]:
    return sa.Column(name, json_column(), nullable=False)


def optional_document(name: str) -> sa.Column[object]:
    """None is NULL, never the JSON text ``null``: statements ask for it."""
    return sa.Column(name, json_column(), nullable=True)


def sequence() -> sa.Column[int]:
    """The order of insertion. SQLite counts on its own only in a column of exactly type INTEGER."""
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("sequence", kind, primary_key=True, autoincrement=True)
