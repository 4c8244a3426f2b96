"""Rows of the audit trail. Entries are kept back and sealed when the transaction ends: whoever holds the end of the
chain waits for nothing else any more, so two transactions cannot wait for each other."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from pierhead.control.audit import (
    Action,
    Actor,
    AuditFilter,
    AuditTamperedError,
    AuditUnavailableError,
    Entry,
    PrincipalType,
    Record,
    Subject,
    Tail,
    beginning,
    document_of,
    sealed,
    text_of,
)
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.errors import AppError
from pierhead.kit.paging import Page, PageRequest

from .access_schema import audit_records, audit_tails
from .queries import in_areas, insert_if_absent, page, scope_columns, search_text, text_matches, to_change, upsert

_UNREADABLE = (ValueError, TypeError)


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
    except (*_UNREADABLE, AppError):
        raise _unreadable(row["account"], row["sequence"]) from None
    if row["search_text"] != search_text(record.entry.search_texts):
        raise _unreadable(row["account"], row["sequence"])
    return record


def _unreadable(account: str, sequence: int) -> AuditTamperedError:
    return AuditTamperedError(account, sequence, "what stands there was not written by the server")


def _record(row: sa.RowMapping) -> Record:
    by = Actor(
        PrincipalType(row["principal_type"]),
        *(row[name] for name in ("principal", "principal_name", "credential", "address", "request_id")),
    )
    scope = Scope(row["account"], row["org"] or None, row["project"] or None)
    subject = Subject(scope, ResourceType(row["resource_type"]), row["resource"], row["resource_name"])
    documents = document_of(row["before"]), document_of(row["after"])
    entry = Entry(row["id"], row["at"], by, Action(row["action"]), subject, *documents)
    return Record(entry, row["sequence"], _bytes(row["previous"]), _bytes(row["seal"]))


def _bytes(value: object) -> bytes:
    """SQLite keeps a text in any column. Raises TypeError."""
    if not isinstance(value, bytes):
        raise TypeError("not bytes")
    return value


class SqlAuditRows:
    def __init__(self, connection: sa.Connection, key: bytes | None) -> None:
        self._connection = connection
        self._key = key
        self._added: list[Entry] = []

    def add(self, entry: Entry) -> None:
        if self._key is None:
            raise RuntimeError("this store was given no key for its audit trail")
        self._added.append(entry)

    def seal(self) -> None:
        """Writes what was added. Called once, at the end of the transaction. Raises AuditUnavailableError."""
        try:
            # In one order of accounts, or two transactions could wait for each other's; the sort keeps that of entries.
            for entry in sorted(self._added, key=lambda entry: entry.subject.scope.account):
                self._seal(entry)
        except (AppError, sa.exc.SQLAlchemyError) as error:
            reason = error.message if isinstance(error, AppError) else "the database refuses the record"
            raise AuditUnavailableError(reason) from error

    def _seal(self, entry: Entry) -> None:
        assert self._key is not None
        record, tail = sealed(entry, self._end_of(entry.subject.scope.account, self._key), self._key)
        self._connection.execute(audit_records.insert(), to_row(record))
        self._connection.execute(upsert(audit_tails), _tail_row(tail))

    def _end_of(self, account: str, key: bytes) -> Tail | None:
        """Held until the transaction ends: also where there is none yet, two that write the first record meet here."""
        found = self.tail(account)
        if found is None:
            self._connection.execute(insert_if_absent(audit_tails), _tail_row(beginning(account, key)))
            found = self.tail(account)
        return found

    def find(self, account: str, audit_id: str) -> Record | None:
        query = sa.select(audit_records).where(audit_records.c.account == account, audit_records.c.id == audit_id)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else from_row(row)

    def page(self, account: str, wanted: AuditFilter, request: PageRequest) -> Page[Record]:
        query = sa.select(audit_records).where(audit_records.c.account == account, *_conditions(wanted))
        return page(self._connection, query.order_by(audit_records.c.sequence.desc()), request, from_row)

    def after(self, account: str, sequence: int, limit: int) -> tuple[Record, ...]:
        query = sa.select(audit_records).where(audit_records.c.account == account, audit_records.c.sequence > sequence)
        found = query.order_by(audit_records.c.sequence)
        try:
            return self._read(found.limit(limit))
        except (*_UNREADABLE, AuditTamperedError):
            return (self._first(account, sequence, found),)

    def _first(self, account: str, sequence: int, query: sa.Select[*tuple[Any, ...]]) -> Record:
        """One by one, so that it is the first bad one that is named."""
        try:
            return self._read(query.limit(1))[0]
        except AuditTamperedError:
            raise
        except _UNREADABLE:
            raise _unreadable(account, sequence + 1) from None

    def _read(self, query: sa.Select[*tuple[Any, ...]]) -> tuple[Record, ...]:
        return tuple(from_row(row) for row in self._connection.execute(query).mappings())

    def tail(self, account: str) -> Tail | None:
        query = to_change(self._connection, sa.select(audit_tails).where(audit_tails.c.account == account))
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return None
        last, seal = (value if isinstance(value, bytes) else b"" for value in (row["last"], row["seal"]))
        return Tail(row["account"], row["sequence"], last, seal)


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
