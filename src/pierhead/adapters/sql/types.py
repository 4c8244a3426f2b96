"""Column types whose values come back as they were given, on every database."""

from datetime import UTC, datetime

import sqlalchemy as sa


class UtcDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out. SQLite has no time zones and would give naive values back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time has no place in the store")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_column() -> sa.Text:
    """Sorted by code point. The order of a PostgreSQL database depends on where it was made, SQLite's does not."""
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def json_column() -> sa.JSON:
    """Plain JSON, key order kept; None is NULL, not the JSON text ``null``."""
    return sa.JSON(none_as_null=True)
