"""Random edits, deletions, swaps, insertions and truncations of the audit tables, by plain SQL, as somebody who has the
database and not the key would make them; and an ordinary change after each, which must not make the trail whole."""

import random
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pierhead.adapters.sql import SqlStore
from pierhead.control.audit import (
    SYSTEM,
    Action,
    AuditBrokenError,
    AuditService,
    AuditTamperedError,
    AuditUnavailableError,
    Subject,
    note,
)
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import SystemClock

from .memory import AUDIT_KEY

AT = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)

RECORDS = "audit_records"
TAILS = "audit_tails"
_BYTES = ("previous", "seal", "last")
_KEY = ("account", "sequence")
_NO_TEXT = "CAST(X'ff41' AS TEXT)"
_PROPERTY = "changed"


class Tamperer:
    """Works on the SQLite file behind ``connection``."""

    def __init__(self, connection: sqlite3.Connection, rng: random.Random) -> None:
        self._db = connection
        self._db.text_factory = lambda value: value.decode(errors="replace")
        self._rng = rng
        self._columns = {table: self._names(table) for table in (RECORDS, TAILS)}
        self._kinds: Sequence[Callable[[], str]] = (
            self._edit,
            self._edit,
            self._edit,
            self._edit_tail,
            self._delete,
            self._swap,
            self._insert,
            self._truncate,
            self._move_tail,
        )

    def tamper(self) -> str:
        """Changes something and says what; nothing more where hardly anything is left."""
        while len(self._sequences()) > 2 and self._db.execute(f"SELECT 1 FROM {TAILS}").fetchone():  # noqa: S608
            try:
                said = self._rng.choice(self._kinds)()
            except sqlite3.IntegrityError:  # an earlier change stands in the way
                continue
            if said:
                return said
        return "too little is left"

    def _edit(self) -> str:
        column = self._rng.choice(self._columns[RECORDS])
        sequence = self._rng.choice(self._sequences())
        return self._change(RECORDS, column, f"sequence = {sequence}")

    def _edit_tail(self) -> str:
        return self._change(TAILS, self._rng.choice(self._columns[TAILS]), "1 = 1")

    def _change(self, table: str, column: str, where: str) -> str:
        (old,) = self._db.execute(f'SELECT "{column}" FROM {table} WHERE {where}').fetchone()  # noqa: S608
        new = _NO_TEXT if self._rng.random() < 0.1 else self._other(column, old)
        value, given = (new, ()) if new is _NO_TEXT else ("?", (new,))
        try:
            self._db.execute(f'UPDATE {table} SET "{column}" = {value} WHERE {where}', given)  # noqa: S608
        except sqlite3.IntegrityError:
            return ""
        return f"{table}.{column} where {where}: {old!r} -> {new!r}"

    def _other(self, column: str, old: object) -> object:
        if old == b"":
            return b"x"
        if isinstance(old, bytes):
            at = self._rng.randrange(len(old))
            flipped = bytearray(old)
            flipped[at] ^= 1 << self._rng.randrange(8)
            return self._rng.choice([bytes(flipped), old[:-1], b"", "text"])
        if isinstance(old, int):
            return self._rng.choice([old - 1, old + 1, old + 1000, "text", b"\xff"])
        if old is None:
            return self._rng.choice(["{}", "[]", "x", '{"a":1}'])
        text = str(old)
        if self._rng.random() < 0.1:
            return text.encode() + b"\xff"
        if column == "at" and text[-1:].isdigit():
            return self._rng.choice(["2020-01-01 00:00:00.000000", "soon", text[:-1] + str((int(text[-1]) + 1) % 10)])
        if column in ("before", "after"):
            changed = [None, "{}", text.replace(":", ": ", 1), text + " ", text.replace("1", "2"), "x"]
            return self._rng.choice([each for each in changed if each != text])
        at = self._rng.randrange(len(text) + 1)
        changed = [text[:at] + self._rng.choice("xyzé ") + text[at:], text[:-1], text.swapcase(), "", "other"]
        return self._rng.choice([each for each in changed if each != text])

    def _delete(self) -> str:
        sequence = self._rng.choice(self._sequences())
        self._db.execute(f"DELETE FROM {RECORDS} WHERE sequence = ?", (sequence,))  # noqa: S608 - our own names
        if self._rng.random() < 0.5:
            self._db.execute(f"UPDATE {RECORDS} SET sequence = -sequence WHERE sequence > ?", (sequence,))  # noqa: S608
            self._db.execute(f"UPDATE {RECORDS} SET sequence = -sequence - 1 WHERE sequence < 0")  # noqa: S608
            return f"deleted {sequence} and closed the gap"
        return f"deleted {sequence}"

    def _swap(self) -> str:
        one, other = self._rng.sample(self._sequences(), 2)
        for before, after in ((one, -1), (other, one), (-1, other)):
            self._db.execute(f"UPDATE {RECORDS} SET sequence = ? WHERE sequence = ?", (after, before))  # noqa: S608
        return f"swapped {one} and {other}"

    def _insert(self) -> str:
        sequences = self._sequences()
        copied, at = self._rng.choice(sequences), self._rng.choice([max(sequences) + 1, 0, -7])
        names = [name for name in self._columns[RECORDS] if name not in ("sequence", "id")]
        listed = ", ".join(f'"{name}"' for name in names)
        self._db.execute(
            f"INSERT INTO {RECORDS} (sequence, id, {listed}) SELECT ?, ?, {listed} FROM {RECORDS} "  # noqa: S608
            "WHERE sequence = ?",
            (at, f"forged{at}", copied),
        )
        return f"inserted a copy of {copied} as {at}"

    def _truncate(self) -> str:
        kept = self._rng.choice([0, *self._sequences()[:-1]])
        self._db.execute(f"DELETE FROM {RECORDS} WHERE sequence > ?", (kept,))  # noqa: S608 - our own names
        how = self._rng.randrange(3)
        if how == 1:
            self._db.execute(f"DELETE FROM {TAILS}")  # noqa: S608 - our own names
        elif how == 2 and kept:
            last = f"(SELECT seal FROM {RECORDS} WHERE sequence = {kept})"  # noqa: S608 - our own names
            self._db.execute(f"UPDATE {TAILS} SET sequence = {kept}, last = {last}")  # noqa: S608
        return f"cut off after {kept}, way {how}"

    def _move_tail(self) -> str:
        self._db.execute(f"DELETE FROM {TAILS}")  # noqa: S608 - our own names
        return "the tail is gone"

    def _sequences(self) -> list[int]:
        query = f"SELECT sequence FROM {RECORDS} WHERE typeof(sequence) = 'integer' ORDER BY sequence"  # noqa: S608
        return [row[0] for row in self._db.execute(query)]

    def _names(self, table: str) -> list[str]:
        return [row[1] for row in self._db.execute(f"PRAGMA table_info({table})")]


def undetected(path: Path, rounds: int, seed: int) -> list[str]:
    """What was done to a good trail without ``verify`` saying so, or until the next change; after each round it is as
    it was."""
    store = _good_trail(path)
    rng, missed = random.Random(seed), []  # noqa: S311 - no secret comes of it
    connection = sqlite3.connect(path, isolation_level=None)
    for table in (RECORDS, TAILS):
        connection.execute(f"CREATE TEMP TABLE good_{table} AS SELECT * FROM {table}")  # noqa: S608 - our own names
    for number in range(rounds):
        done = [Tamperer(connection, rng).tamper() for _ in range(rng.choice([1, 1, 1, 3]))]
        if _differs(connection):
            missed += [f"round {number} of seed {seed}: {done}: {how}" for how in _unseen(store, str(number))]
        for table in (RECORDS, TAILS):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            connection.execute(f"INSERT INTO {table} SELECT * FROM good_{table}")  # noqa: S608 - our own names
    assert not _is_found(store)
    connection.close()
    store.close()
    return missed


def _good_trail(path: Path) -> SqlStore:
    store = SqlStore(path)
    store.use_audit_key(AUDIT_KEY)
    trail = AuditService(store, SystemClock(), AUDIT_KEY)
    trail.begin("acct")
    for number in range(1, 12):
        with store.transaction() as tx:
            subject = Subject(Scope("acct", "o", f"p{number}"), ResourceType.CONNECTOR, f"hub{number}", "Hub")
            before = {"number": number, "text": "ü"} if number % 2 else None
            note(tx, AT, SYSTEM, Action.UPDATE, subject, before, {"number": 11, "list": [1, 2.5, None]})
    return store


def _differs(connection: sqlite3.Connection) -> bool:
    """Of several changes, one can have taken back another."""
    return any(
        connection.execute(f"SELECT * FROM {one} EXCEPT SELECT * FROM {other}").fetchone()  # noqa: S608 - our own names
        for table in (RECORDS, TAILS)
        for one, other in ((table, f"good_{table}"), (f"good_{table}", table))
    )


def _unseen(store: SqlStore, value: str) -> list[str]:
    """Before the next change and after it; what was refused has changed nothing."""
    found = [] if _is_found(store) else ["not found"]
    try:
        with store.transaction() as tx:
            tx.properties.put(_PROPERTY, value)
            note(tx, AT, SYSTEM, Action.UPDATE, Subject(Scope("acct"), ResourceType.SETTING, "x"))
    except (AuditBrokenError, AuditUnavailableError):
        with store.snapshot() as tx:
            return [*found, "changed by what was refused"] if tx.properties.get(_PROPERTY) == value else found
    return found if _is_found(store) else [*found, "whole again after a change"]


def _is_found(store: SqlStore) -> bool:
    try:
        AuditService(store, SystemClock(), AUDIT_KEY).verify("acct")
    except AuditTamperedError:
        return True
    return False
