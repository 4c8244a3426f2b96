"""Rows of mirrors: sightings, holdings, runs."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter

from pierhead.control.mirroring import Holding, MirrorRun, RunState, Sighting
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .errors import RowExistsError
from .mirror_schema import holdings, mirror_runs, sightings
from .queries import in_scope, page, scope_columns, scope_of, to_change, upsert

_put_holding = upsert(holdings)
_run = TypeAdapter(MirrorRun)
_HOLDING = tuple(each.name for each in fields(Holding) if each.name != "scope")


class SqlSightingRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def see(self, account: str, place: str, digests: Iterable[tuple[str, str]], at: datetime) -> None:
        names = ", ".join(column.name for column in sightings.columns)
        values = ", ".join(f":{column.name}" for column in sightings.columns)
        text = (
            f"INSERT INTO sightings ({names}) VALUES ({values}) "  # noqa: S608 - names of the schema only
            "ON CONFLICT (account, place, tag, digest) DO UPDATE SET last_seen_at = excluded.last_seen_at"
        )
        statement = sa.text(text).bindparams(*(sa.bindparam(c.name, type_=c.type) for c in sightings.columns))
        common = {"account": account, "place": place, "first_seen_at": at, "last_seen_at": at}
        rows = [{**common, "tag": tag, "digest": digest} for tag, digest in sorted(set(digests))]
        if rows:
            self._connection.execute(statement, rows)

    def of(self, account: str, place: str, tag: str) -> tuple[Sighting, ...]:
        wanted = (sightings.c.account == account, sightings.c.place == place, sightings.c.tag == tag)
        query = sa.select(sightings).where(*wanted).order_by(sightings.c.first_seen_at, sightings.c.digest)
        return tuple(Sighting(**row) for row in self._connection.execute(query).mappings())


class SqlHoldingRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, scope: Scope, mirror: str) -> tuple[Holding, ...]:
        query = sa.select(holdings).where(_of(holdings, scope, mirror))
        rows = self._connection.execute(query.order_by(holdings.c.repository, holdings.c.tag)).mappings()
        return tuple(Holding(scope_of(row), **{name: row[name] for name in _HOLDING}) for row in rows)

    def put(self, new: Iterable[Holding]) -> None:
        rows = [{**scope_columns(one.scope), **{name: getattr(one, name) for name in _HOLDING}} for one in new]
        if rows:
            self._connection.execute(_put_holding, rows)

    def clear(self, scope: Scope, mirror: str) -> None:
        self._connection.execute(holdings.delete().where(_of(holdings, scope, mirror)))


class SqlMirrorRunRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, run: MirrorRun) -> bool:
        try:
            with self._connection.begin_nested():
                self._connection.execute(mirror_runs.insert(), _to_row(run))
        except RowExistsError:
            return False
        return True

    def find(self, account: str, run_id: str) -> MirrorRun | None:
        return self._first(mirror_runs.c.account == account, mirror_runs.c.id == run_id)

    def replace(self, run: MirrorRun) -> bool:
        change = mirror_runs.update().where(mirror_runs.c.id == run.id, _is_running)
        return self._connection.execute(change.values(_to_row(run))).rowcount == 1

    def running(self, scope: Scope, mirror: str) -> MirrorRun | None:
        return self._first(_of(mirror_runs, scope, mirror), _is_running)

    def page(self, scope: Scope, mirror: str, request: PageRequest) -> Page[MirrorRun]:
        query = sa.select(mirror_runs.c.document).where(_of(mirror_runs, scope, mirror))
        return page(self._connection, query.order_by(mirror_runs.c.sequence.desc()), request, _from_list)

    def prune(self, scope: Scope, mirror: str, keep: int) -> None:
        ended = sa.and_(_of(mirror_runs, scope, mirror), sa.not_(_is_running))
        last = sa.select(mirror_runs.c.sequence).where(ended).order_by(mirror_runs.c.sequence.desc()).limit(keep)
        self._connection.execute(mirror_runs.delete().where(ended, mirror_runs.c.sequence.not_in(last)))

    def clear(self, scope: Scope, mirror: str) -> None:
        self._connection.execute(mirror_runs.delete().where(_of(mirror_runs, scope, mirror)))

    def _first(self, *where: sa.ColumnElement[bool]) -> MirrorRun | None:
        query = to_change(self._connection, sa.select(mirror_runs).where(*where))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)


_is_running = mirror_runs.c.state == RunState.RUNNING.value


def _of(table: sa.Table, scope: Scope, mirror: str) -> sa.ColumnElement[bool]:
    return sa.and_(in_scope(table, scope), table.c.mirror == mirror)


def _to_row(run: MirrorRun) -> dict[str, object]:
    document = _run.dump_python(run, mode="json")
    items = document.pop("items")
    document["listed"] = run.without_items().counted
    place = scope_columns(run.scope)
    columns = {"id": run.id, "mirror": run.mirror, "state": run.state.value, "started_at": run.started_at}
    running = None if run.state.is_final else "/".join((*place.values(), run.mirror))
    return {**place, **columns, "running": running, "document": document, "items": items}


def _from_row(row: sa.RowMapping) -> MirrorRun:
    """``listed`` in the document is for lists alone."""
    document = {name: value for name, value in row["document"].items() if name != "listed"}
    return _run.validate_python({**document, "items": row["items"]})


def _from_list(row: sa.RowMapping) -> MirrorRun:
    """Items are not even read: there may be thousands."""
    document = dict(row["document"])
    return _run.validate_python({**document, "counted": document.pop("listed")})
