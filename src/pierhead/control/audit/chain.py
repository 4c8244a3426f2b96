"""The chain of an account's audit records: how an entry is sealed into it, and how the whole is checked; pure.

Seals are HMAC-SHA256 under a key that the database does not hold, so whoever can write the database can neither edit,
reorder, insert nor drop a record without ``check`` finding it; nor cut off the end, since the tail has a seal of its
own that no record repeats.
"""

import hmac
import json
from collections.abc import Iterable, Sequence

from .documents import text_of
from .errors import AuditBrokenError, AuditTamperedError
from .model import Entry, Record, Tail

START = b"\0" * 32


def sealed(entry: Entry, tail: Tail | None, key: bytes) -> tuple[Record, Tail]:
    """The record that follows ``tail`` (None: the first), and the tail after it."""
    sequence, previous = (tail.sequence + 1, tail.last) if tail else (1, START)
    seal = _record_seal(entry, sequence, previous, key)
    account = entry.subject.scope.account
    return Record(entry, sequence, previous, seal), Tail(
        account, sequence, seal, _tail_seal(account, sequence, seal, key)
    )


def beginning(account: str, key: bytes) -> Tail:
    """The end of a chain that has no record yet."""
    return Tail(account, 0, START, _tail_seal(account, 0, START, key))


def begun(account: str) -> str:
    """The name of the property that says which record a trail began with."""
    return f"audit trail of {account}"


def check_end(tail: Tail, at_end: Sequence[tuple[int, bytes]], key: bytes) -> None:
    """Whether a record may follow ``tail``: constant work, for every change.

    ``at_end``: number and seal of the first two records from that of the tail on. Raises AuditBrokenError.
    """
    if not hmac.compare_digest(tail.seal, _tail_seal(tail.account, tail.sequence, tail.last, key)):
        raise AuditBrokenError(tail.account, "what says where it ends was changed")
    if tuple(at_end) != (((tail.sequence, tail.last),) if tail.sequence else ()):
        raise AuditBrokenError(tail.account, "its last record is not where it was written to end")


def check_beginning(account: str, first: str | None, added: Iterable[Entry]) -> None:
    """Whether a trail may begin with ``added``; ``first`` is what ``begun`` says. Raises AuditBrokenError."""
    if first is not None and all(entry.id != first for entry in added):
        raise AuditBrokenError(account, "it has begun, and nothing of it is there")


def behind_break(account: str, highest: int) -> Tail:
    """What a record follows that is written behind a broken trail on purpose. It leaves a gap, so that the trail can
    be used again and yet never counts as whole."""
    return Tail(account, highest + 1, START, b"")


def check(account: str, records: Iterable[Record], tail: Tail | None, key: bytes) -> tuple[int, bytes]:
    """How many records there are, and the last seal, when every one is in its place as it was written.

    ``records`` are all of the account, by sequence. Raises AuditTamperedError at the first that is not.
    """
    count, previous = 0, START
    for record in records:
        count += 1
        if record.account != account or record.sequence != count:
            is_gap = record.account == account and record.sequence > count
            problem = "the record is missing" if is_gap else "a record stands where none was written"
            raise AuditTamperedError(account, count, problem)
        expected = _record_seal(record.entry, count, previous, key)
        if record.previous != previous or not hmac.compare_digest(record.seal, expected):
            raise AuditTamperedError(account, count, "the record was changed")
        previous = record.seal
    if tail is None:
        if count:
            raise AuditTamperedError(account, count, "the end of the chain is gone")
        return count, previous
    return _at_end(tail, count, previous, key)


def _at_end(tail: Tail, count: int, previous: bytes, key: bytes) -> tuple[int, bytes]:
    account = tail.account
    is_own = hmac.compare_digest(tail.seal, _tail_seal(account, tail.sequence, tail.last, key))
    if is_own and tail.sequence > count:
        raise AuditTamperedError(account, count + 1, "the record is missing")
    if not is_own or tail.sequence != count or tail.last != previous:
        raise AuditTamperedError(account, count, "the chain ends elsewhere than it was written to end")
    return count, previous


def _record_seal(entry: Entry, sequence: int, previous: bytes, key: bytes) -> bytes:
    subject, by = entry.subject, entry.by
    parts = [
        "record",
        sequence,
        previous.hex(),
        entry.id,
        entry.at.isoformat(),
        [by.type, by.identifier, by.name, by.credential, by.address, by.request_id],
        entry.action,
        [
            subject.scope.account,
            subject.scope.org,
            subject.scope.project,
            subject.type,
            subject.identifier,
            subject.name,
        ],
        text_of(entry.before),
        text_of(entry.after),
    ]
    return _mac(parts, key)


def _tail_seal(account: str, sequence: int, last: bytes, key: bytes) -> bytes:
    return _mac(["tail", account, sequence, last.hex()], key)


def _mac(parts: list[object], key: bytes) -> bytes:
    text = json.dumps(parts, separators=(",", ":"))
    return hmac.digest(key, text.encode(), "sha256")
