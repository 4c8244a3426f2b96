"""Rows of entities that are read and written whole, of any kind: the value is one document, and found by its address.

How a value becomes a document is told by its own type: pydantic reads and writes the frozen dataclass.
"""

from typing import Generic, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter

from pierhead.control.scopes import Entity, Scope
from pierhead.kit.paging import Page, PageRequest

from .access_schema import entities
from .errors import RowExistsError
from .queries import in_scope, page, scope_columns, search_text, text_matches, to_change

E = TypeVar("E", bound=Entity)


class Kind(Generic[E]):
    """A kind of entity: ``name`` is what it is called in the table."""

    def __init__(self, name: str, type_: type[E]) -> None:
        self.name = name
        self._adapter: TypeAdapter[E] = TypeAdapter(type_)

    def to_row(self, entity: E) -> dict[str, object]:
        texts = (entity.name, entity.identifier, *entity.tags, *entity.tags.values())
        return {
            **scope_columns(entity.scope),
            "kind": self.name,
            "parent": entity.parent,
            "identifier": entity.identifier,
            "about": entity.about,
            "document": self._adapter.dump_python(entity, mode="json"),
            "created_at": entity.created_at,
            "last_modified_at": entity.last_modified_at,
            "search_text": search_text(texts),
        }

    def from_row(self, row: sa.RowMapping) -> E:
        return self._adapter.validate_python(row["document"])


class SqlEntityRows(Generic[E]):
    def __init__(self, connection: sa.Connection, kind: Kind[E]) -> None:
        self._connection = connection
        self._kind = kind

    def add(self, entity: E) -> bool:
        try:
            with self._connection.begin_nested():
                self._connection.execute(entities.insert(), self._kind.to_row(entity))
        except RowExistsError:
            return False
        return True

    def find(self, scope: Scope, identifier: str, parent: str = "") -> E | None:
        query = to_change(self._connection, sa.select(entities).where(self._is(scope, identifier, parent)))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else self._kind.from_row(row)

    def replace(self, entity: E) -> None:
        where = self._is(entity.scope, entity.identifier, entity.parent)
        self._connection.execute(entities.update().where(where).values(self._kind.to_row(entity)))

    def remove(self, scope: Scope, identifier: str, parent: str = "") -> bool:
        return self._connection.execute(entities.delete().where(self._is(scope, identifier, parent))).rowcount == 1

    def page(self, scope: Scope, search: str, request: PageRequest) -> Page[E]:
        query = (
            sa.select(entities)
            .where(self._in(scope), text_matches(entities.c.search_text, search))
            .order_by(entities.c.last_modified_at.desc(), entities.c.parent, entities.c.identifier)
        )
        return page(self._connection, query, request, self._kind.from_row)

    def list(self, scope: Scope, parent: str | None = None) -> tuple[E, ...]:
        of_parent = sa.true() if parent is None else entities.c.parent == parent
        return self._all(self._in(scope), of_parent)

    def list_below(self, scope: Scope) -> tuple[E, ...]:
        return self._all(self._below(scope))

    def list_about(self, account: str, about: str) -> tuple[E, ...]:
        return self._all(self._own, entities.c.account == account, entities.c.about == about)

    def remove_below(self, scope: Scope) -> int:
        return self._connection.execute(entities.delete().where(self._below(scope))).rowcount

    @property
    def _own(self) -> sa.ColumnElement[bool]:
        return entities.c.kind == self._kind.name

    def _in(self, scope: Scope) -> sa.ColumnElement[bool]:
        return sa.and_(self._own, in_scope(entities, scope))

    def _below(self, scope: Scope) -> sa.ColumnElement[bool]:
        given = {name: value for name, value in scope_columns(scope).items() if value}
        return sa.and_(self._own, *(entities.c[name] == value for name, value in given.items()))

    def _is(self, scope: Scope, identifier: str, parent: str) -> sa.ColumnElement[bool]:
        return sa.and_(self._in(scope), entities.c.parent == parent, entities.c.identifier == identifier)

    def _all(self, *conditions: sa.ColumnElement[bool]) -> tuple[E, ...]:
        query = sa.select(entities).where(*conditions)
        in_order = query.order_by(entities.c.created_at, entities.c.parent, entities.c.identifier)
        return tuple(self._kind.from_row(row) for row in self._connection.execute(in_order).mappings())
