"""Rows of accounts and their API keys."""

from datetime import datetime

import sqlalchemy as sa

from pierhead.control.access import Account, ApiKey

from .schema import accounts, api_keys


def account_to_row(account: Account) -> dict[str, object]:
    return {"id": account.id, "name": account.name, "created_at": account.created_at}


def account_from_row(row: sa.RowMapping) -> Account:
    return Account(**row)


def key_to_row(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "account": key.account,
        "name": key.name,
        "secret_hash": key.secret_hash,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def key_from_row(row: sa.RowMapping) -> ApiKey:
    return ApiKey(**row)


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


class SqlKeyRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, key: ApiKey) -> None:
        self._connection.execute(api_keys.insert(), key_to_row(key))

    def find(self, key_id: str) -> ApiKey | None:
        row = self._connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).mappings().first()
        return None if row is None else key_from_row(row)

    def list(self, account: str) -> tuple[ApiKey, ...]:
        query = sa.select(api_keys).where(api_keys.c.account == account).order_by(api_keys.c.created_at, api_keys.c.id)
        return tuple(key_from_row(row) for row in self._connection.execute(query).mappings())

    def revoke(self, key_id: str, at: datetime) -> bool:
        change = api_keys.update().where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        return self._connection.execute(change.values(revoked_at=at)).rowcount == 1
