"""The audit trail in memory."""

from pierhead.control.audit import (
    AuditFilter,
    Entry,
    Record,
    Subject,
    Tail,
    beginning,
    begun,
    behind_break,
    check_beginning,
    check_end,
    sealed,
)
from pierhead.control.scopes import ResourceType, covered
from pierhead.kit.paging import Page, PageRequest

from .memory_tables import Tables, page


class MemoryAuditRows:
    def __init__(self, tables: Tables, key: bytes | None) -> None:
        self._records = tables.audit_records
        self._tails = tables.audit_tails
        self._properties = tables.properties
        self._key = key
        self._added: list[Entry] = []
        self._passed: set[str] = set()

    def add(self, entry: Entry, *, behind_break: bool = False) -> None:
        if self._key is None:
            raise RuntimeError("this store was given no key for its audit trail")
        self._added.append(entry)
        if behind_break:
            self._passed.add(entry.subject.scope.account)

    def seal(self) -> None:
        for account in dict.fromkeys(entry.subject.scope.account for entry in self._added):
            assert self._key is not None
            tail = self._end_of(account, self._key)
            for entry in (entry for entry in self._added if entry.subject.scope.account == account):
                record, tail = sealed(entry, tail, self._key)
                self._records[account, record.sequence] = record
            self._tails[account] = tail

    def _end_of(self, account: str, key: bytes) -> Tail:
        if account in self._passed:
            return behind_break(account, max((record.sequence for record in self._of(account)), default=0))
        tail = self.tail(account) or beginning(account, key)
        later = self.after(account, tail.sequence - 1, 2)
        check_end(tail, [(record.sequence, record.seal) for record in later], key)
        if tail.sequence == 0:
            check_beginning(account, self._properties.get(begun(account)), self._added)
        return tail

    def spoil(self, account: str, sequence: int, record: Record | None, tail: Tail | None) -> None:
        """As whoever has the tables: another record, or none, in the place of one, and another end."""
        self._records.pop((account, sequence), None)
        if record is not None:
            self._records[account, sequence] = record
        self._tails.pop(account, None)
        if tail is not None:
            self._tails[account] = tail

    def find(self, account: str, audit_id: str) -> Record | None:
        return next((record for record in self._of(account) if record.entry.id == audit_id), None)

    def page(self, account: str, wanted: AuditFilter, request: PageRequest) -> Page[Record]:
        found = [record for record in self._of(account) if _matches(wanted, record.entry)]
        return page(sorted(found, key=lambda record: record.sequence, reverse=True), request)

    def after(self, account: str, sequence: int | None, limit: int) -> tuple[Record, ...]:
        found = (record for record in self._of(account) if sequence is None or record.sequence > sequence)
        later = sorted(found, key=lambda record: record.sequence)
        return tuple(later[:limit])

    def tail(self, account: str) -> Tail | None:
        return self._tails.get(account)

    def _of(self, account: str) -> list[Record]:
        return [record for (owner, _), record in self._records.items() if owner == account]


def _matches(wanted: AuditFilter, entry: Entry) -> bool:
    subject = entry.subject
    return (
        covered(wanted.areas, subject.scope)
        and (not wanted.resources or any(_is(subject, *each) for each in wanted.resources))
        and (not wanted.resource_types or subject.type in wanted.resource_types)
        and (not wanted.identifiers or subject.identifier in wanted.identifiers)
        and (not wanted.actions or entry.action in wanted.actions)
        and (not wanted.principals or entry.by.identifier in wanted.principals)
        and (not wanted.people or not {entry.by.identifier, entry.by.name}.isdisjoint(wanted.people))
        and (wanted.since is None or entry.at >= wanted.since)
        and (wanted.until is None or entry.at <= wanted.until)
        and (not wanted.search or any(wanted.search.casefold() in text.casefold() for text in entry.search_texts))
    )


def _is(subject: Subject, kind: ResourceType, identifier: str) -> bool:
    return subject.type is kind and identifier in ("", subject.identifier)
