"""What is in a place, in memory."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pierhead.control.access import ResourceGroup, take_out_of_groups
from pierhead.control.audit import PrincipalType
from pierhead.control.delegates import DelegateState, TokenStatus
from pierhead.control.mirroring import RunState as MirrorRunState
from pierhead.control.organizations import ChangedByDeletion
from pierhead.control.pipelines import RunState
from pierhead.control.scopes import Scope

from .memory_access import MemoryEntityRows
from .memory_tables import Tables


class MemoryPlaceContents:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def held(self, place: Scope) -> Mapping[str, int]:
        tables = self._tables
        found: dict[str, Iterable[Scope]] = {
            "connectors": [scope for scope, _ in tables.connectors],
            "secrets": [scope for scope, _ in tables.secrets],
            "active delegate tokens": [
                token.scope for token in tables.delegate_tokens.values() if token.status is TokenStatus.ACTIVE
            ],
            "delegates": [each.scope for each in tables.delegates.values() if each.state is not DelegateState.DELETED],
            "delegate groups": [group.scope for group in tables.delegate_groups.values()],
            "running runs": [
                Scope(run.account, run.org, run.project)
                for run in tables.runs.values()
                if run.state is RunState.RUNNING
            ],
        }
        found["running mirrors"] = [
            run.scope for run in tables.mirror_runs.values() if run.state is MirrorRunState.RUNNING
        ]
        counts = {what: sum(place.contains(scope) for scope in scopes) for what, scopes in found.items()}
        return {what: count for what, count in counts.items() if count}

    def clear(self, place: Scope) -> None:
        tables = self._tables
        _drop(
            tables.entities, [key for key in tables.entities if place.contains(key[1]) or _is_about(key, tables, place)]
        )
        _drop(
            tables.runs,
            [run.id for run in tables.runs.values() if place.contains(Scope(run.account, run.org, run.project))],
        )
        _drop(tables.pins, [key for key, pin in tables.pins.items() if place.contains(pin.scope)])
        _drop(tables.mirror_runs, [run.id for run in tables.mirror_runs.values() if place.contains(run.scope)])
        for watched in (tables.watch_states, tables.watch_tags, tables.watch_events):
            _drop(watched, [key for key in watched if place.contains(key[0])])
        _drop(tables.notices, [key for key, row in tables.notices.items() if place.contains(row.scope)])
        _drop(tables.deliveries, [key for key, row in tables.deliveries.items() if place.contains(row.scope)])
        _drop(tables.holdings, [key for key in tables.holdings if place.contains(key[0])])
        _drop(
            tables.delegate_tokens,
            [token.id for token in tables.delegate_tokens.values() if place.contains(token.scope)],
        )
        _drop(tables.tokens, [token.id for token in tables.tokens.values() if _is_of(token.owner, place)])

    def take_out_of_groups(self, place: Scope, at: datetime) -> tuple[ChangedByDeletion, ...]:
        return take_out_of_groups(MemoryEntityRows[ResourceGroup](self._tables, "resource-group"), place, at)


def _is_about(key: tuple[str, Scope, str, str], tables: Tables, place: Scope) -> bool:
    """Is it the assignment of a service account in the place?"""
    kind, scope, _, _ = key
    return (
        kind == "role-assignment" and scope.account == place.account and _is_of(tables.entities[key].principal, place)
    )


def _is_of(owner: Any, place: Scope) -> bool:
    return owner.type is PrincipalType.SERVICE_ACCOUNT and place.contains(owner.scope)


def _drop(table: dict[Any, Any], keys: Iterable[Any]) -> None:
    for key in keys:
        del table[key]
