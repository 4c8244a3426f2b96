"""Rows of secrets. A sealed value is bytes here, and stays so: nothing in this room can open it."""

import sqlalchemy as sa

from pierhead.control.scopes import Scope
from pierhead.control.secrets import SealedValue, Secret, SecretExistsError, ValueType
from pierhead.kit.paging import Page, PageRequest

from .errors import RowExistsError
from .queries import entity_is, in_scope, page, scope_columns, scope_of, search_text, text_matches, to_change
from .schema import secrets

_PLAIN = (
    "identifier",
    "name",
    "description",
    "tags",
    "secret_manager",
    "reference",
    "version",
    "created_at",
    "updated_at",
    "reference_version",
)

_ADDRESS = (secrets.c.account, secrets.c.org, secrets.c.project, secrets.c.identifier)


def to_row(secret: Secret) -> dict[str, object]:
    sealed = secret.sealed
    return {
        **scope_columns(secret.scope),
        **{name: getattr(secret, name) for name in _PLAIN},
        "tags": dict(secret.tags),
        "value_type": secret.value_type.value,
        "sealed_key_id": sealed and sealed.key_id,
        "sealed_wrapped_key": sealed and sealed.wrapped_key,
        "sealed_nonce": sealed and sealed.nonce,
        "sealed_ciphertext": sealed and sealed.ciphertext,
        "search_text": search_text((secret.name, secret.identifier)),
    }


def from_row(row: sa.RowMapping) -> Secret:
    return Secret(
        scope=scope_of(row),
        value_type=ValueType(row["value_type"]),
        sealed=_sealed(row),
        **{name: row[name] for name in _PLAIN},
    )


def _sealed(row: sa.RowMapping) -> SealedValue | None:
    if row["sealed_key_id"] is None:
        return None
    return SealedValue(row["sealed_key_id"], row["sealed_wrapped_key"], row["sealed_nonce"], row["sealed_ciphertext"])


class SqlSecretRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, secret: Secret) -> None:
        try:
            self._connection.execute(secrets.insert(), to_row(secret))
        except RowExistsError:
            raise SecretExistsError(secret.identifier) from None

    def find(self, scope: Scope, identifier: str) -> Secret | None:
        query = to_change(self._connection, sa.select(secrets).where(entity_is(secrets, scope, identifier)))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else from_row(row)

    def replace(self, secret: Secret) -> None:
        where = entity_is(secrets, secret.scope, secret.identifier)
        self._connection.execute(secrets.update().where(where).values(to_row(secret)))

    def remove(self, scope: Scope, identifier: str) -> bool:
        where = entity_is(secrets, scope, identifier)
        return self._connection.execute(secrets.delete().where(where)).rowcount == 1

    def page(self, scope: Scope, search: str, request: PageRequest, only: frozenset[str] | None = None) -> Page[Secret]:
        query = (
            sa.select(secrets)
            .where(in_scope(secrets, scope), text_matches(secrets.c.search_text, search))
            .where(sa.true() if only is None else secrets.c.identifier.in_(sorted(only)))
            .order_by(secrets.c.created_at.desc(), secrets.c.identifier)
        )
        return page(self._connection, query, request, from_row)

    def around(self, scope: Scope, search: str, *, above: bool, below: bool) -> tuple[Secret, ...]:
        higher = [Scope(scope.account), Scope(scope.account, scope.org)] if above else []
        places = [in_scope(secrets, each) for each in (scope, *higher)]
        if below:
            given = {name: value for name, value in scope_columns(scope).items() if value}
            places.append(sa.and_(*(secrets.c[name] == value for name, value in given.items())))
        query = sa.select(secrets).where(sa.or_(*places), text_matches(secrets.c.search_text, search))
        in_order = query.order_by(secrets.c.created_at.desc(), *_ADDRESS)
        return tuple(from_row(row) for row in self._connection.execute(in_order).mappings())

    def key_ids(self) -> frozenset[str]:
        column = secrets.c.sealed_key_id
        return frozenset(self._connection.scalars(sa.select(column).distinct().where(column.is_not(None))))

    def count_by_key(self) -> dict[str, int]:
        column = secrets.c.sealed_key_id
        query = sa.select(column, sa.func.count()).where(column.is_not(None)).group_by(column)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def not_under(self, key_id: str, after: tuple[Scope, str] | None, limit: int) -> tuple[Secret, ...]:
        query = sa.select(secrets).where(secrets.c.sealed_key_id != key_id).order_by(*_ADDRESS).limit(limit)
        if after is not None:
            place = scope_columns(after[0])
            query = query.where(sa.tuple_(*_ADDRESS) > (place["account"], place["org"], place["project"], after[1]))
        rows = self._connection.execute(to_change(self._connection, query)).mappings()
        return tuple(from_row(row) for row in rows)
