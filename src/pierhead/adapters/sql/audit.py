"""Rows of the audit trail. Entries are kept back and sealed when the transaction ends: whoever holds the end of the
chain waits for nothing else any more, so two transactions cannot wait for each other."""

from collections.abc import Mapping

import sqlalchemy as sa

from pierhead.control.audit import Action, Actor, AuditFilter, Entry, PrincipalType, Record, Subject, Tail, sealed
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.paging import Page, PageRequest

from .access_schema import audit_records, audit_tails
from .queries import page, scope_columns, to_change, upsert


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
        "before": None if entry.before is None else dict(entry.before),
        "after": None if entry.after is None else dict(entry.after),
        "previous": record.previous,
        "seal": record.seal,
    }


def from_row(row: sa.RowMapping) -> Record:
    by = Actor(
        PrincipalType(row["principal_type"]),
        *(row[name] for name in ("principal", "principal_name", "credential", "address", "request_id")),
    )
    scope = Scope(row["account"], row["org"] or None, row["project"] or None)
    subject = Subject(scope, ResourceType(row["resource_type"]), row["resource"], row["resource_name"])
    entry = Entry(row["id"], row["at"], by, Action(row["action"]), subject, row["before"], row["after"])
    return Record(entry, row["sequence"], row["previous"], row["seal"])


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
        """Writes what was added. Called once, at the end of the transaction."""
        for entry in self._added:
            assert self._key is not None
            record, tail = sealed(entry, self.tail(entry.subject.scope.account), self._key)
            self._connection.execute(audit_records.insert(), to_row(record))
            self._connection.execute(upsert(audit_tails), _tail_row(tail))

    def find(self, account: str, audit_id: str) -> Record | None:
        query = sa.select(audit_records).where(audit_records.c.account == account, audit_records.c.id == audit_id)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else from_row(row)

    def page(self, account: str, wanted: AuditFilter, request: PageRequest) -> Page[Record]:
        query = sa.select(audit_records).where(audit_records.c.account == account, *_conditions(wanted))
        return page(self._connection, query.order_by(audit_records.c.sequence.desc()), request, from_row)

    def after(self, account: str, sequence: int, limit: int) -> tuple[Record, ...]:
        query = sa.select(audit_records).where(audit_records.c.account == account, audit_records.c.sequence > sequence)
        rows = self._connection.execute(query.order_by(audit_records.c.sequence).limit(limit)).mappings()
        return tuple(from_row(row) for row in rows)

    def tail(self, account: str) -> Tail | None:
        query = to_change(self._connection, sa.select(audit_tails).where(audit_tails.c.account == account))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else Tail(**row)


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
    if wanted.scopes:
        found.append(sa.or_(*(_below(scope) for scope in wanted.scopes)))
    if wanted.since is not None:
        found.append(columns.at >= wanted.since)
    if wanted.until is not None:
        found.append(columns.at <= wanted.until)
    if wanted.search:
        names = (columns.resource, columns.resource_name, columns.principal_name)
        found.append(sa.or_(*(name.contains(wanted.search, autoescape=True) for name in names)))
    return found


def _below(scope: Scope) -> sa.ColumnElement[bool]:
    given = {name: value for name, value in scope_columns(scope).items() if value}
    return sa.and_(*(audit_records.c[name] == value for name, value in given.items()))
