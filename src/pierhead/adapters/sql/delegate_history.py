"""Rows of what delegates met with: origins reached or not, the selection log of tasks, nonces that were used."""

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa

from pierhead.control.delegates import Experience, LoggedLine

from .delegate_records import experience_from_row, experience_to_row, line_from_row, line_to_row
from .queries import batches, insert_if_absent, upsert
from .schema import experiences, nonces, selection_log

_MOST_LINES = 10_000
_put_experience = upsert(experiences, if_newer="at")
_use_nonce = insert_if_absent(nonces)


class SqlExperienceRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, experiences: Iterable[Experience]) -> None:
        in_order = sorted(experiences, key=lambda experience: (experience.delegate_id, experience.origin))
        if in_order:
            self._connection.execute(_put_experience, [experience_to_row(experience) for experience in in_order])

    def list(self, delegate_ids: Collection[str], origins: Collection[str]) -> tuple[Experience, ...]:
        found: list[Experience] = []
        for some in batches(delegate_ids):
            for places in batches(origins):
                query = sa.select(experiences).where(
                    experiences.c.delegate_id.in_(some), experiences.c.origin.in_(places)
                )
                found += [experience_from_row(row) for row in self._connection.execute(query).mappings()]
        return tuple(sorted(found, key=lambda experience: (experience.delegate_id, experience.origin)))

    def list_of(self, delegate_id: str) -> tuple[Experience, ...]:
        query = sa.select(experiences).where(experiences.c.delegate_id == delegate_id).order_by(experiences.c.origin)
        return tuple(experience_from_row(row) for row in self._connection.execute(query).mappings())


class SqlSelectionLogRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, lines: Iterable[LoggedLine]) -> None:
        rows = [line_to_row(line) for line in lines]
        if rows:
            self._connection.execute(selection_log.insert(), rows)

    def list(self, task_id: str) -> tuple[LoggedLine, ...]:
        of_task = sa.select(selection_log).where(selection_log.c.task_id == task_id)
        query = of_task.order_by(selection_log.c.sequence).limit(_MOST_LINES)
        return tuple(line_from_row(row) for row in self._connection.execute(query).mappings())


class SqlNonceRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def use(self, delegate_id: str, nonce: str, expires_at: datetime) -> bool:
        row = {"delegate_id": delegate_id, "nonce": nonce, "expires_at": expires_at}
        return self._connection.execute(_use_nonce, row).rowcount == 1

    def purge(self, expired_before: datetime) -> int:
        return self._connection.execute(nonces.delete().where(nonces.c.expires_at < expired_before)).rowcount
