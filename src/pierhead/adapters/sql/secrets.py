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
)


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

    def page(self, scope: Scope, search: str, request: PageRequest) -> Page[Secret]:
        query = (
            sa.select(secrets)
            .where(in_scope(secrets, scope), text_matches(secrets.c.search_text, search))
            .order_by(secrets.c.created_at.desc(), secrets.c.identifier)
        )
        return page(self._connection, query, request, from_row)

    def key_ids(self) -> frozenset[str]:
        column = secrets.c.sealed_key_id
        return frozenset(self._connection.scalars(sa.select(column).distinct().where(column.is_not(None))))
