"""Rows of accounts, users and tokens."""

from collections.abc import Iterable

import sqlalchemy as sa

from pierhead.control.access import Account, PrincipalRef, Token, User
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .access_schema import tokens, users
from .errors import RowExistsError
from .queries import page, search_text, text_matches, to_change
from .schema import accounts

_USER = (
    *("account", "id", "email", "name", "created_at", "last_modified_at", "password_hash", "subject", "is_disabled"),
    "password_by",
)
_TOKEN = (
    *("id", "account", "api_key", "identifier", "name", "secret_hash", "created_at", "valid_from", "expires_at"),
    *("revoked_at", "old_hash", "old_until", "description", "tags", "made_by", "old_made_by"),
)


def account_to_row(account: Account) -> dict[str, object]:
    return {"id": account.id, "name": account.name, "created_at": account.created_at}


def account_from_row(row: sa.RowMapping) -> Account:
    return Account(**row)


def user_to_row(user: User) -> dict[str, object]:
    row = {name: getattr(user, name) for name in _USER}
    return {**row, "search_text": search_text((user.email, user.name))}


def user_from_row(row: sa.RowMapping) -> User:
    return User(**{name: row[name] for name in _USER})


def token_to_row(token: Token) -> dict[str, object]:
    return {**{name: getattr(token, name) for name in _TOKEN}, "tags": dict(token.tags), **_owner_columns(token.owner)}


def token_from_row(row: sa.RowMapping) -> Token:
    scope = Scope(row["account"], row["owner_org"] or None, row["owner_project"] or None)
    owner = PrincipalRef(PrincipalType(row["owner_type"]), scope, row["owner"])
    return Token(owner=owner, **{name: row[name] for name in _TOKEN})


class SqlAccountRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, account: Account) -> None:
        self._connection.execute(accounts.insert(), account_to_row(account))

    def find(self, account: str) -> Account | None:
        row = self._connection.execute(sa.select(accounts).where(accounts.c.id == account)).mappings().first()
        return None if row is None else account_from_row(row)

    def list(self) -> tuple[Account, ...]:
        query = sa.select(accounts).order_by(accounts.c.created_at, accounts.c.id)
        return tuple(account_from_row(row) for row in self._connection.execute(query).mappings())

    def hold(self, account: str) -> None:
        self._connection.execute(sa.select(accounts.c.id).where(accounts.c.id == account).with_for_update())


class SqlUserRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, user: User) -> bool:
        try:
            with self._connection.begin_nested():
                self._connection.execute(users.insert(), user_to_row(user))
        except RowExistsError:
            return False
        return True

    def find(self, account: str, user_id: str) -> User | None:
        return self._find(users.c.account == account, users.c.id == user_id)

    def find_by_email(self, account: str, email: str) -> User | None:
        return self._find(users.c.account == account, users.c.email == email)

    def find_by_subject(self, account: str, subject: str) -> User | None:
        return self._find(users.c.account == account, users.c.subject == subject)

    def replace(self, user: User) -> None:
        where = sa.and_(users.c.account == user.account, users.c.id == user.id)
        self._connection.execute(users.update().where(where).values(user_to_row(user)))

    def remove(self, account: str, user_id: str) -> bool:
        where = sa.and_(users.c.account == account, users.c.id == user_id)
        return self._connection.execute(users.delete().where(where)).rowcount == 1

    def page(self, account: str, search: str, request: PageRequest) -> Page[User]:
        query = sa.select(users).where(users.c.account == account, text_matches(users.c.search_text, search))
        return page(self._connection, query.order_by(users.c.email), request, user_from_row)

    def _find(self, *conditions: sa.ColumnElement[bool]) -> User | None:
        query = to_change(self._connection, sa.select(users).where(*conditions))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else user_from_row(row)


class SqlTokenRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, token: Token) -> bool:
        try:
            with self._connection.begin_nested():
                self._connection.execute(tokens.insert(), token_to_row(token))
        except RowExistsError:
            return False
        return True

    def find(self, token_id: str) -> Token | None:
        return self._find(tokens.c.id == token_id)

    def find_named(self, account: str, owner: PrincipalRef, api_key: str, identifier: str) -> Token | None:
        named = (tokens.c.api_key == api_key, tokens.c.identifier == identifier)
        return self._find(tokens.c.account == account, _owned_by(owner), *named)

    def replace(self, token: Token) -> None:
        self._connection.execute(tokens.update().where(tokens.c.id == token.id).values(token_to_row(token)))

    def remove(self, token_id: str) -> bool:
        return self._connection.execute(tokens.delete().where(tokens.c.id == token_id)).rowcount == 1

    def list(self, account: str, owner: PrincipalRef | None = None, api_key: str | None = None) -> tuple[Token, ...]:
        query = sa.select(tokens).where(
            tokens.c.account == account,
            sa.true() if owner is None else _owned_by(owner),
            sa.true() if api_key is None else tokens.c.api_key == api_key,
        )
        in_order = query.order_by(tokens.c.created_at, tokens.c.id)
        return tuple(token_from_row(row) for row in self._connection.execute(in_order).mappings())

    def remove_of(self, account: str, owners: Iterable[PrincipalRef]) -> int:
        statements = [tokens.delete().where(tokens.c.account == account, _owned_by(owner)) for owner in owners]
        return sum(self._connection.execute(statement).rowcount for statement in statements)

    def _find(self, *conditions: sa.ColumnElement[bool]) -> Token | None:
        query = to_change(self._connection, sa.select(tokens).where(*conditions))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else token_from_row(row)


def _owner_columns(owner: PrincipalRef) -> dict[str, str]:
    scope = owner.scope
    place = {"owner_org": scope.org or "", "owner_project": scope.project or ""}
    return {"owner_type": owner.type.value, "owner": owner.identifier, **place}


def _owned_by(owner: PrincipalRef) -> sa.ColumnElement[bool]:
    return sa.and_(*(tokens.c[name] == value for name, value in _owner_columns(owner).items()))
