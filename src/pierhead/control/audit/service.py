"""Use cases of the audit trail: read it, and say whether it is what was written. Permissions are asked by the caller.

Writing is not done here: each use case adds its own entry to its own transaction (``note``).
"""

from collections.abc import Iterator

from pierhead.kit.paging import Page, PageRequest

from .chain import check
from .errors import AuditRecordNotFoundError
from .model import AuditFilter, Record
from .ports import Auditing, AuditStore

_BATCH = 1000


class AuditService:
    """Thread-safe: it holds nothing that changes. ``key`` is the one the store seals with."""

    def __init__(self, store: AuditStore, key: bytes) -> None:
        self._store = store
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

    def verify(self, account: str) -> int:
        """The number of records, all of which are as they were written. Raises AuditTamperedError."""
        with self._store.snapshot() as tx:
            return check(account, _all(tx, account), tx.audit.tail(account), self._key)


def _all(tx: Auditing, account: str) -> Iterator[Record]:
    last = 0
    while batch := tx.audit.after(account, last, _BATCH):
        yield from batch
        last = batch[-1].sequence
