"""What the audit trail needs of a store."""

from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.kit.paging import Page, PageRequest

from .model import AuditFilter, Entry, Record, Tail


class AuditRows(Protocol):
    def add(self, entry: Entry, *, behind_break: bool = False) -> None:
        """Sealed and written as the last thing before the commit, in the order of adding. When that fails, so
        does the transaction: with AuditUnavailableError, and with AuditBrokenError where the end of the trail is not
        as it was written. ``behind_break``: it is written all the same, behind a gap that stays.

        Raises RuntimeError on a store that was given no key.
        """

    def find(self, account: str, audit_id: str) -> Record | None: ...

    def page(self, account: str, wanted: AuditFilter, request: PageRequest) -> Page[Record]:
        """Newest first. Raises AuditTamperedError as ``after``."""

    def after(self, account: str, sequence: int | None, limit: int) -> tuple[Record, ...]:
        """The next ``limit`` records, by sequence; None: the first. Raises AuditTamperedError for one that no server
        can have written."""

    def tail(self, account: str) -> Tail | None: ...


class PropertyRows(Protocol):
    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str) -> None: ...


class Auditing(Protocol):
    """A transaction that can be told of a change."""

    @property
    def audit(self) -> AuditRows: ...


class AuditTransaction(Auditing, Protocol):
    @property
    def properties(self) -> PropertyRows: ...


class AuditStore(Protocol):
    def transaction(self) -> AbstractContextManager[AuditTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[AuditTransaction]:
        """One consistent view, for reading only; waits for no writer."""
