"""Gates joined: policies, exceptions, and the checks that ask registries and advisories."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pierhead.adapters.scanners.osv import OsvScanner
from pierhead.control.connectors import ConnectorService
from pierhead.control.gates import GateExceptionService, GatePolicyService, GateTransaction
from pierhead.control.mirroring import SightingRows
from pierhead.kit.clock import Clock

from .jobs.inspecting import Asking, GateChecks, Ledger

ADVISORIES = "advisories.db"
"""The file in the data directory that advisories are imported into."""


@dataclass(frozen=True, slots=True)
class Gating:
    policies: GatePolicyService
    exceptions: GateExceptionService
    checks: GateChecks


class GatingTransaction(GateTransaction, Protocol):
    @property
    def sightings(self) -> SightingRows: ...


class GatingStore(Protocol):
    def transaction(self) -> AbstractContextManager[GatingTransaction]: ...

    def snapshot(self) -> AbstractContextManager[GatingTransaction]: ...


def gating_on(store: GatingStore, clock: Clock, tasks: Asking, connectors: ConnectorService, directory: Path) -> Gating:
    """``directory``: the data directory."""
    policies = GatePolicyService(store, clock)
    checks = GateChecks(tasks, connectors, policies, OsvScanner(directory / ADVISORIES), _ledger(store))
    return Gating(policies, GateExceptionService(store, clock), checks)


def _ledger(store: GatingStore) -> Ledger:
    def first_seen(account: str, place: str, tag: str, digest: str) -> datetime | None:
        with store.snapshot() as tx:
            seen = tx.sightings.of(account, place, tag)
        return next((one.first_seen_at for one in seen if one.digest == digest), None)

    return first_seen
