"""Rows of the audit trail. Entries are kept back and sealed when the transaction ends: whoever holds the end of the
chain waits for nothing else any more, so two transactions cannot wait for each other."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, TypeVar

import sqlalchemy as sa

from pierhead.control.audit import (
    Action,
    Actor,
    AuditBrokenError,
    AuditFilter,
    AuditTamperedError,
    AuditUnavailableError,
    Entry,
    PrincipalType,
    Record,
    Subject,
    Tail,
    beginning,
    begun,
    behind_break,
    check_beginning,
    check_end,
    document_of,
    sealed,
    text_of,
)
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.errors import AppError
from pierhead.kit.paging import Page, PageRequest

from .access_schema import audit_records, audit_tails, properties
from .queries import in_areas, insert_if_absent, page, scope_columns, search_text, text_matches, to_change, upsert

_UNREADABLE = (ValueError, TypeError)
_FAR_OFF = 2**62
_NO_TEXT = "Could not decode"  # SQLite's driver, of a text that is no UTF-8
T = TypeVar("T")


def to_row(record: Record) -> dict[str, object]:
    entry, by, subject = record.entry, record.entry.by, record.entry.subject
    return {
        **scope_columns(subject.scope),
        "sequence": record.sequence,
        "id": entry.id,
        "at": entry.at,
        "principal_type": by.type.value,
        "principal": by.identifier,
        "principal_name": by.name,
        "credential": by.credential,
        "address": by.address,
        "request_id": by.request_id,
        "action": entry.action.value,
        "resource_type": subject.type.value,
        "resource": subject.identifier,
        "resource_name": subject.name,
        "before": text_of(entry.before),
        "after": text_of(entry.after),
        "search_text": search_text(entry.search_texts),
        "previous": record.previous,
        "seal": record.seal,
    }


def from_row(row: sa.RowMapping) -> Record:
    """Raises AuditTamperedError for what ``to_row`` cannot have written."""
    try:
        record = _record(row)
        if row["search_text"] != search_text(record.entry.search_texts):
            raise ValueError("found by other words than its own")
    except (*_UNREADABLE, AppError):
        raise _unreadable(row["account"], row["sequence"]) from None
    return record


def _unreadable(account: str, sequence: object) -> AuditTamperedError:
    number = sequence if isinstance(sequence, int) else 0
    return AuditTamperedError(account, number, "what stands there was not written by the server")


def _record(row: sa.RowMapping) -> Record:
    texts = ("principal", "principal_name", "credential", "address", "request_id")
    by = Actor(PrincipalType(row["principal_type"]), *(_is_a(str, row[name]) for name in texts))
    org, project = (_is_a(str, row[name]) or None for name in ("org", "project"))
    named = (_is_a(str, row[name]) for name in ("resource", "resource_name"))
    subject = Subject(Scope(row["account"], org, project), ResourceType(row["resource_type"]), *named)
    documents = document_of(row["before"]), document_of(row["after"])
    entry = Entry(_is_a(str, row["id"]), row["at"], by, Action(row["action"]), subject, *documents)
    seals = (_is_a(bytes, row[name]) for name in ("previous", "seal"))
    return Record(entry, _is_a(int, row["sequence"]), *seals)


@contextmanager
def _readable(account: str, sequence: int = 0) -> Iterator[None]:
    """Raises AuditTamperedError for what no server has written."""
    try:
        yield
    except _UNREADABLE:
        raise _unreadable(account, sequence) from None
    except sa.exc.OperationalError as error:
        if _NO_TEXT not in str(error.orig):
            raise
        raise _unreadable(account, sequence) from None


def _is_a(kind: type[T], value: object) -> T:
    """SQLite keeps anything in any column. Raises TypeError."""
    if not isinstance(value, kind):
        raise TypeError("of another type")
    return value


def _account(entry: Entry) -> str:
    return entry.subject.scope.account


class SqlAuditRows:
    def __init__(self, connection: sa.Connection, key: bytes | None) -> None:
        self._connection = connection
        self._key = key
        self._added: list[Entry] = []
        self._passed: set[str] = set()

    def add(self, entry: Entry, *, behind_break: bool = False) -> None:
        if self._key is None:
            raise RuntimeError("this store was given no key for its audit trail")
        self._added.append(entry)
        if behind_break:
            self._passed.add(_account(entry))

    def seal(self) -> None:
        """Writes what was added. Called once, at the end of the transaction. Raises AuditUnavailableError, and
        AuditBrokenError where nothing may follow what is there."""
        try:
            # In one order of accounts, or two transactions could wait for each other's; the sort keeps that of entries.
            for account, entries in groupby(sorted(self._added, key=_account), _account):
                self._seal(account, tuple(entries))
        except AuditBrokenError:
            raise
        except AuditTamperedError as error:
            raise AuditBrokenError(error.account, error.problem) from error
        except (AppError, sa.exc.SQLAlchemyError) as error:
            reason = error.message if isinstance(error, AppError) else "the database refuses the record"
            raise AuditUnavailableError(reason) from error

    def _seal(self, account: str, entries: Sequence[Entry]) -> None:
        assert self._key is not None
        tail, rows = self._end_of(account, self._key), []
        for entry in entries:
            record, tail = sealed(entry, tail, self._key)
            rows.append(to_row(record))
        self._connection.execute(audit_records.insert(), rows)
        self._connection.execute(upsert(audit_tails), _tail_row(tail))

    def _end_of(self, account: str, key: bytes) -> Tail:
        """Held until the transaction ends: also where there is none yet, two that write the first record meet here.
        Raises AuditBrokenError."""
        if account in self._passed:
            return behind_break(account, self._highest(account))
        tail = self.tail(account)
        if tail is None:
            self._connection.execute(insert_if_absent(audit_tails), _tail_row(beginning(account, key)))
            tail = self.tail(account)
            assert tail is not None
        check_end(tail, self._from(account, tail.sequence), key)
        if tail.sequence == 0:
            query = sa.select(properties.c.value).where(properties.c.name == begun(account))
            check_beginning(account, self._connection.execute(query).scalar(), self._added)
        return tail

    def _from(self, account: str, sequence: int) -> list[tuple[int, bytes]]:
        """Number and seal of that record and of the next, as far as they are there."""
        own = audit_records.c
        query = sa.select(own.sequence, own.seal).where(own.account == account, own.sequence >= sequence)
        with _readable(account, sequence):
            found = self._connection.execute(query.order_by(own.sequence).limit(2)).all()
        return [(row.sequence, row.seal) for row in found]

    def _highest(self, account: str) -> int:
        own = audit_records.c
        query = sa.select(sa.func.max(own.sequence)).where(own.account == account, own.sequence < _FAR_OFF)
        return max(self._connection.execute(query).scalar() or 0, 0)

    def find(self, account: str, audit_id: str) -> Record | None:
        query = sa.select(audit_records).where(audit_records.c.account == account, audit_records.c.id == audit_id)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else from_row(row)

    def page(self, account: str, wanted: AuditFilter, request: PageRequest) -> Page[Record]:
        query = sa.select(audit_records).where(audit_records.c.account == account, *_conditions(wanted))
        with _readable(account):
            return page(self._connection, query.order_by(audit_records.c.sequence.desc()), request, from_row)

    def after(self, account: str, sequence: int | None, limit: int) -> tuple[Record, ...]:
        query = sa.select(audit_records).where(audit_records.c.account == account)
        if sequence is not None:
            query = query.where(audit_records.c.sequence > sequence)
        query = query.order_by(audit_records.c.sequence)
        try:
            return self._read(account, query.limit(limit))
        except AuditTamperedError:
            return self._first(account, sequence or 0, query)

    def _first(self, account: str, sequence: int, query: sa.Select[*tuple[Any, ...]]) -> tuple[Record, ...]:
        """One by one, so that it is the first bad one that is named."""
        try:
            return self._read(account, query.limit(1))
        except AuditTamperedError:
            raise _unreadable(account, sequence + 1) from None

    def _read(self, account: str, query: sa.Select[*tuple[Any, ...]]) -> tuple[Record, ...]:
        with _readable(account):
            return tuple(from_row(row) for row in self._connection.execute(query).mappings())

    def tail(self, account: str) -> Tail | None:
        query = to_change(self._connection, sa.select(audit_tails).where(audit_tails.c.account == account))
        try:
            with _readable(account):
                row = self._connection.execute(query).mappings().first()
                if row is None:
                    return None
                last, seal = (_is_a(bytes, row[name]) for name in ("last", "seal"))
                return Tail(account, _is_a(int, row["sequence"]), last, seal)
        except AuditTamperedError:
            return Tail(account, 0, b"", b"")  # nobody's seal


def _tail_row(tail: Tail) -> dict[str, object]:
    return {"account": tail.account, "sequence": tail.sequence, "last": tail.last, "seal": tail.seal}


def _conditions(wanted: AuditFilter) -> list[sa.ColumnElement[bool]]:
    columns = audit_records.c
    lists: Mapping[str, tuple[str, ...]] = {
        "resource_type": wanted.resource_types,
        "resource": wanted.identifiers,
        "action": wanted.actions,
        "principal": wanted.principals,
    }
    found: list[sa.ColumnElement[bool]] = [columns[name].in_(values) for name, values in lists.items() if values]
    found.append(in_areas(audit_records, wanted.areas))
    if wanted.resources:
        found.append(sa.or_(*(_is(kind, identifier) for kind, identifier in wanted.resources)))
    if wanted.people:
        found.append(sa.or_(columns.principal.in_(wanted.people), columns.principal_name.in_(wanted.people)))
    if wanted.since is not None:
        found.append(columns.at >= wanted.since)
    if wanted.until is not None:
        found.append(columns.at <= wanted.until)
    if wanted.search:
        found.append(text_matches(columns.search_text, wanted.search))
    return found


def _is(kind: ResourceType, identifier: str) -> sa.ColumnElement[bool]:
    named = audit_records.c.resource == identifier if identifier else sa.true()
    return sa.and_(audit_records.c.resource_type == kind.value, named)
