"""Rows of connectors. Their spec is one JSON document: it is read and written whole, never queried by field."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from pierhead.control.access import Identifiers
from pierhead.control.connectors import (
    Connector,
    ConnectorExistsError,
    ConnectorFilter,
    ConnectorStatus,
    Order,
    SortColumn,
)
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .connector_spec import spec_from_json, spec_to_json, status_from_json, status_to_json
from .errors import RowExistsError
from .queries import batches, entity_is, in_scope, page, scope_columns, scope_of, search_text, text_matches, to_change
from .schema import connectors

_MOST_NAMED = 10_000
"""More identifiers than these are not put into a query; what databases take has an end."""
_PLAIN = ("id", "identifier", "name", "description", "tags", "version", "created_at", "last_modified_at")


def to_row(connector: Connector) -> dict[str, object]:
    return {
        **scope_columns(connector.scope),
        **{name: getattr(connector, name) for name in _PLAIN},
        "type": connector.type,
        "tags": dict(connector.tags),
        "spec": spec_to_json(connector.spec),
        "status": connector.status and status_to_json(connector.status),
        "search_text": search_text((connector.name, connector.identifier, *connector.tags, *connector.tags.values())),
    }


def from_row(row: sa.RowMapping) -> Connector:
    return Connector(
        scope=scope_of(row),
        spec=spec_from_json(row["spec"]),
        status=row["status"] and status_from_json(row["status"]),
        **{name: row[name] for name in _PLAIN},
    )


class SqlConnectorRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, connector: Connector) -> None:
        try:
            self._connection.execute(connectors.insert(), to_row(connector))
        except RowExistsError:
            raise ConnectorExistsError(connector.name, connector.identifier) from None

    def find(self, scope: Scope, identifier: str) -> Connector | None:
        query = to_change(self._connection, sa.select(connectors).where(entity_is(connectors, scope, identifier)))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else from_row(row)

    def replace(self, connector: Connector) -> None:
        where = entity_is(connectors, connector.scope, connector.identifier)
        self._connection.execute(connectors.update().where(where).values(to_row(connector)))

    def remove(self, scope: Scope, identifier: str) -> bool:
        where = entity_is(connectors, scope, identifier)
        return self._connection.execute(connectors.delete().where(where)).rowcount == 1

    def page(self, scope: Scope, wanted: ConnectorFilter, request: PageRequest) -> Page[Connector]:
        places = wanted.places(scope)
        are_few = sum(len(named or ()) for _, named in places) <= _MOST_NAMED
        query = (
            sa.select(connectors)
            .where(
                _is_in(places if are_few else tuple((place, None) for place, _ in places)),
                text_matches(connectors.c.search_text, wanted.search),
            )
            .order_by(*_in_order(wanted.order))
        )
        if are_few and _is_search_only(wanted):
            return page(self._connection, query, request, from_row)
        # The other conditions are rare and look into the spec; the rule itself is asked instead of saying it twice.
        rows = self._connection.execute(query).mappings()
        everything = map(from_row, rows)
        found = [connector for connector in everything if wanted.shows(connector) and wanted.matches(connector)]
        return Page(tuple(found[request.offset : request.offset + request.size]), len(found), request)

    def set_status(self, scope: Scope, identifier: str, status: ConnectorStatus) -> bool:
        change = connectors.update().where(entity_is(connectors, scope, identifier))
        return self._connection.execute(change.values(status=status_to_json(status))).rowcount == 1

    def claim_due_tests(self, now: datetime, next_at: datetime, limit: int) -> tuple[tuple[Scope, str], ...]:
        wanted = (connectors.c[name] for name in ("id", "account", "org", "project", "identifier"))
        due = sa.select(*wanted).where(connectors.c.next_test_at <= now).limit(limit)
        in_order = due.order_by(connectors.c.next_test_at, connectors.c.id).with_for_update(skip_locked=True)
        rows = self._connection.execute(in_order).mappings().all()
        for some in batches(row["id"] for row in rows):
            change = connectors.update().where(connectors.c.id.in_(some)).values(next_test_at=next_at)
            self._connection.execute(change)
        return tuple((scope_of(row), row["identifier"]) for row in rows)

    def set_next_test(self, scope: Scope, identifier: str, at: datetime | None) -> bool:
        change = connectors.update().where(entity_is(connectors, scope, identifier))
        return self._connection.execute(change.values(next_test_at=at)).rowcount == 1

    def referring_to(self, scope: Scope, identifier: str) -> tuple[Connector, ...]:
        mentions = sa.cast(connectors.c.spec, sa.Text).contains(identifier, autoescape=True)
        query = sa.select(connectors).where(connectors.c.account == scope.account, mentions)
        candidates = (from_row(row) for row in self._connection.execute(query).mappings())
        return tuple(found for found in candidates if (scope, identifier) in found.secrets())


def _is_in(places: tuple[tuple[Scope, Identifiers], ...]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(sa.and_(in_scope(connectors, scope), _is_one_of(named)) for scope, named in places))


def _is_one_of(named: Identifiers) -> sa.ColumnElement[bool]:
    return sa.true() if named is None else connectors.c.identifier.in_(sorted(named))


def _is_search_only(wanted: ConnectorFilter) -> bool:
    plain = ConnectorFilter(search=wanted.search, include_scopes_above=wanted.include_scopes_above)
    return replace(wanted, visible=None, order=()) == plain


def _in_order(asked: tuple[Order, ...]) -> list[sa.ColumnElement[object]]:
    order = asked or (Order(SortColumn.LAST_MODIFIED_AT, is_descending=True),)
    columns = [(connectors.c[each.column.attribute], each.is_descending) for each in order]
    return [*(column.desc() if is_descending else column for column, is_descending in columns), connectors.c.id]
