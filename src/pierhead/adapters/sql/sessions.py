"""Rows of browser sessions and of failed logins."""

from datetime import datetime

import sqlalchemy as sa

from pierhead.control.access import LoginFailures, Session

from .access_schema import login_failures, sessions
from .queries import insert_if_absent, to_change, upsert

_SESSION = ("id_hash", "account", "user", "created_at", "last_seen_at", "expires_at", "address")
_FAILURES = ("key", "count", "first_at", "locked_until")


class SqlSessionRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        self._connection.execute(sessions.insert(), {name: getattr(session, name) for name in _SESSION})

    def find(self, id_hash: bytes) -> Session | None:
        row = self._connection.execute(sa.select(sessions).where(sessions.c.id_hash == id_hash)).mappings().first()
        return None if row is None else Session(**row)

    def seen(self, id_hash: bytes, at: datetime) -> None:
        self._connection.execute(sessions.update().where(sessions.c.id_hash == id_hash).values(last_seen_at=at))

    def remove(self, id_hash: bytes) -> bool:
        return self._connection.execute(sessions.delete().where(sessions.c.id_hash == id_hash)).rowcount == 1

    def remove_of(self, account: str, user: str) -> int:
        where = sa.and_(sessions.c.account == account, sessions.c.user == user)
        return self._connection.execute(sessions.delete().where(where)).rowcount

    def keep_newest(self, account: str, user: str, most: int) -> int:
        of_user = sa.and_(sessions.c.account == account, sessions.c.user == user)
        newest_first = (sessions.c.created_at.desc(), sessions.c.id_hash)
        kept = sa.select(sessions.c.id_hash).where(of_user).order_by(*newest_first).limit(most)
        return self._connection.execute(sessions.delete().where(of_user, sessions.c.id_hash.not_in(kept))).rowcount

    def purge(self, before: datetime) -> int:
        return self._connection.execute(sessions.delete().where(sessions.c.expires_at < before)).rowcount


class SqlLoginFailureRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, key: str) -> LoginFailures | None:
        query = to_change(self._connection, sa.select(login_failures).where(login_failures.c.key == key))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else LoginFailures(**row)

    def claim(self, key: str, at: datetime) -> LoginFailures:
        fresh = {"key": key, "count": 0, "first_at": at, "locked_until": None}
        while True:  # once, unless another transaction takes the row away just between the two
            self._connection.execute(insert_if_absent(login_failures), fresh)
            if (found := self.find(key)) is not None:
                return found

    def put(self, failures: LoginFailures) -> None:
        self._connection.execute(upsert(login_failures), {name: getattr(failures, name) for name in _FAILURES})

    def remove(self, key: str) -> None:
        self._connection.execute(login_failures.delete().where(login_failures.c.key == key))

    def purge(self, before: datetime) -> int:
        """Leaves out what somebody is counting at just now: to wait for it could mean to wait in a ring."""
        locked = login_failures.c.locked_until
        over = sa.and_(login_failures.c.first_at < before, sa.or_(locked.is_(None), locked < before))
        free = sa.select(login_failures.c.key).where(over).with_for_update(skip_locked=True)
        return self._connection.execute(login_failures.delete().where(login_failures.c.key.in_(free))).rowcount
