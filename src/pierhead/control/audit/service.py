"""Use cases of the audit trail: read it, and say whether it is what was written. Permissions are asked by the caller.

Writing is not done here: each use case adds its own entry to its own transaction (``note``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.ids import new_id
from pierhead.kit.paging import Page, PageRequest

from .chain import begun, check
from .errors import AuditRecordNotFoundError, AuditTamperedError
from .model import SYSTEM, Action, AuditFilter, Entry, Record, Subject
from .ports import Auditing, AuditStore

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """All ``records`` are as they were written. ``seal`` is that of the last one: who keeps it elsewhere can tell later
    that nobody has put an older state of the whole database in the place of this one."""

    records: int
    seal: str


class AuditService:
    """Thread-safe: it holds nothing that changes. ``key`` is the one the store seals with."""

    def __init__(self, store: AuditStore, clock: Clock, key: bytes) -> None:
        self._store = store
        self._clock = clock
        self._key = key

    def list(self, account: str, wanted: AuditFilter, request: PageRequest) -> Page[Record]:
        """Newest first."""
        with self._store.snapshot() as tx:
            return tx.audit.page(account, wanted, request)

    def get(self, account: str, audit_id: str) -> Record:
        """Raises AuditRecordNotFoundError."""
        with self._store.snapshot() as tx:
            found = tx.audit.find(account, audit_id)
        if found is None:
            raise AuditRecordNotFoundError(audit_id)
        return found

    def begin(self, account: str) -> None:
        """Notes once that the trail of an account has begun, outside of it too: one that is wiped out is missed."""
        with self._store.transaction() as tx:
            if tx.properties.get(begun(account)) is None:
                entry = Entry(new_id(), self._clock.now(), SYSTEM, Action.START, _trail_of(account))
                tx.audit.add(entry)
                tx.properties.put(begun(account), entry.id)

    def verify(self, account: str) -> Verdict:
        """Raises AuditTamperedError at the first record that is not as it was written."""
        with self._store.snapshot() as tx:
            count, last = check(account, _all(tx, account), tx.audit.tail(account), self._key)
            first = tx.properties.get(begun(account))
            if first is not None and tx.audit.find(account, first) is None:
                raise AuditTamperedError(account, 1, "the trail does not begin as it began")
        return Verdict(count, last.hex())


def _trail_of(account: str) -> Subject:
    return Subject(Scope(account), ResourceType.AUDIT, account, "audit trail")


def _all(tx: Auditing, account: str) -> Iterator[Record]:
    last: int | None = None
    while batch := tx.audit.after(account, last, _BATCH):
        yield from batch
        last = batch[-1].sequence
