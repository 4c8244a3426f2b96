"""Sightings, holdings and runs of mirrors in memory."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pierhead.control.mirroring import Holding, MirrorRun, RunState, Sighting
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .memory_tables import Tables, page


class MemorySightingRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.sightings

    def see(self, account: str, place: str, digests: Iterable[tuple[str, str]], at: datetime) -> None:
        for tag, digest in digests:
            key = (account, place, tag, digest)
            known = self._rows.get(key) or Sighting(*key, first_seen_at=at, last_seen_at=at)
            self._rows[key] = replace(known, last_seen_at=at)

    def of(self, account: str, place: str, tag: str) -> tuple[Sighting, ...]:
        found = [each for each in self._rows.values() if (each.account, each.place, each.tag) == (account, place, tag)]
        return tuple(sorted(found, key=lambda each: (each.first_seen_at, each.digest)))


class MemoryHoldingRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.holdings

    def of(self, scope: Scope, mirror: str) -> tuple[Holding, ...]:
        found = [holding for holding in self._rows.values() if (holding.scope, holding.mirror) == (scope, mirror)]
        return tuple(sorted(found, key=lambda holding: holding.name))

    def put(self, new: Iterable[Holding]) -> None:
        for holding in new:
            self._rows[holding.scope, holding.mirror, *holding.name] = holding

    def clear(self, scope: Scope, mirror: str) -> None:
        for holding in self.of(scope, mirror):
            del self._rows[holding.scope, holding.mirror, *holding.name]


class MemoryMirrorRunRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.mirror_runs

    def add(self, run: MirrorRun) -> bool:
        if run.id in self._rows or (run.state is RunState.RUNNING and self.running(run.scope, run.mirror)):
            return False
        self._rows[run.id] = run
        return True

    def find(self, account: str, run_id: str) -> MirrorRun | None:
        found = self._rows.get(run_id)
        return found if found is not None and found.scope.account == account else None

    def replace(self, run: MirrorRun) -> bool:
        known = self._rows.get(run.id)
        if known is None or known.state.is_final:
            return False
        self._rows[run.id] = run
        return True

    def running(self, scope: Scope, mirror: str) -> MirrorRun | None:
        return next((run for run in self._of(scope, mirror) if run.state is RunState.RUNNING), None)

    def page(self, scope: Scope, mirror: str, request: PageRequest) -> Page[MirrorRun]:
        return page((run.without_items() for run in reversed(self._of(scope, mirror))), request)

    def prune(self, scope: Scope, mirror: str, keep: int) -> None:
        ended = [run for run in self._of(scope, mirror) if run.state.is_final]
        for run in ended[: max(0, len(ended) - keep)]:
            del self._rows[run.id]

    def clear(self, scope: Scope, mirror: str) -> None:
        for run in self._of(scope, mirror):
            del self._rows[run.id]

    def _of(self, scope: Scope, mirror: str) -> list[MirrorRun]:
        return [run for run in self._rows.values() if (run.scope, run.mirror) == (scope, mirror)]
