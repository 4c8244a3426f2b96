"""Rows of the few single values that belong to the store as a whole, such as its epoch."""

import sqlalchemy as sa

from .access_schema import properties
from .queries import to_change, upsert


class SqlPropertyRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        query = to_change(self._connection, sa.select(properties).where(properties.c.name == name))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else str(row["value"])

    def put(self, name: str, value: str) -> None:
        self._connection.execute(upsert(properties), {"name": name, "value": value})
