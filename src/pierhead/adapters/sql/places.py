"""What is in a place, across all tables: what keeps it from being deleted, and what goes along when it is."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from pierhead.control.access import ResourceGroup, take_out_of_groups
from pierhead.control.audit import PrincipalType
from pierhead.control.delegates import DelegateState, TokenStatus
from pierhead.control.mirroring import RunState as MirrorRunState
from pierhead.control.organizations import ChangedByDeletion
from pierhead.control.pipelines import RunState
from pierhead.control.scopes import Scope

from .access import SqlAccountRows
from .access_schema import entities, tokens
from .catalogue_schema import pins
from .delegate_schema import delegate_groups, delegate_tokens, delegates
from .entities import Kind, SqlEntityRows
from .mirror_schema import holdings, mirror_runs
from .notice_schema import deliveries, notices
from .queries import scope_columns
from .schema import connectors, runs, secrets
from .watch_schema import WATCH_TABLES

_ASSIGNMENTS = "role-assignment"
_GROUPS = Kind("resource-group", ResourceGroup)


class SqlPlaceContents:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def held(self, place: Scope) -> Mapping[str, int]:
        counts = {
            "connectors": self._count(connectors, place),
            "secrets": self._count(secrets, place),
            "active delegate tokens": self._count(
                delegate_tokens, place, delegate_tokens.c.status == TokenStatus.ACTIVE
            ),
            "delegates": self._count(delegates, place, delegates.c.state != DelegateState.DELETED),
            "delegate groups": self._count(delegate_groups, place),
            "running runs": self._count(runs, place, runs.c.state == RunState.RUNNING),
            "running mirrors": self._count(mirror_runs, place, mirror_runs.c.state == MirrorRunState.RUNNING),
        }
        return {what: count for what, count in counts.items() if count}

    def clear(self, place: Scope) -> None:
        SqlAccountRows(self._connection).hold(place.account)  # roles and assignments go along
        self._connection.execute(entities.delete().where(_below(entities, place)))
        for table in (runs, mirror_runs, holdings, *WATCH_TABLES, notices, deliveries):
            self._connection.execute(table.delete().where(_below(table, place)))
        self._connection.execute(pins.delete().where(_below(pins, place)))
        self._connection.execute(delegate_tokens.delete().where(_below(delegate_tokens, place)))
        owners = [tokens.c.owner_type == PrincipalType.SERVICE_ACCOUNT, tokens.c.account == place.account]
        owners.append(tokens.c.owner_org == (place.org or ""))
        if place.project is not None:
            owners.append(tokens.c.owner_project == place.project)
        self._connection.execute(tokens.delete().where(*owners))
        theirs = entities.c.about.startswith(service_accounts_of(place), autoescape=True)
        assignments = sa.and_(entities.c.kind == _ASSIGNMENTS, entities.c.account == place.account, theirs)
        self._connection.execute(entities.delete().where(assignments))

    def take_out_of_groups(self, place: Scope, at: datetime) -> tuple[ChangedByDeletion, ...]:
        return take_out_of_groups(SqlEntityRows(self._connection, _GROUPS), place, at)

    def _count(self, table: sa.Table, place: Scope, *more: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(_below(table, place), *more)
        return int(self._connection.execute(query).scalar_one())


def service_accounts_of(place: Scope) -> str:
    """What the ``PrincipalRef.key`` of every service account in that place begins with."""
    project = "" if place.project is None else f"{place.project}/"
    return f"{PrincipalType.SERVICE_ACCOUNT}:{place.org}/{project}"


def _below(table: sa.Table, place: Scope) -> sa.ColumnElement[bool]:
    given = {name: value for name, value in scope_columns(place).items() if value}
    return sa.and_(*(table.c[name] == value for name, value in given.items()))
