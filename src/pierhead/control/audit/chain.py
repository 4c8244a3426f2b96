"""The chain of an account's audit records: how an entry is sealed into it, and how the whole is checked; pure.

Seals are HMAC-SHA256 under a key that the database does not hold, so whoever can write the database can neither edit,
reorder, insert nor drop a record without ``check`` finding it; nor cut off the end, since the tail has a seal of its
own that no record repeats.
"""

import hmac
import json
from collections.abc import Iterable

from .documents import text_of
from .errors import AuditTamperedError
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


def check(account: str, records: Iterable[Record], tail: Tail | None, key: bytes) -> tuple[int, bytes]:
    """How many records there are, and the last seal, when every one is in its place as it was written.

    ``records`` are all of the account, by sequence. Raises AuditTamperedError at the first that is not.
    """
    count, previous = 0, START
    for record in records:
        count += 1
        if record.account != account or record.sequence != count:
            raise AuditTamperedError(account, count, "a record is missing, doubled or out of order")
        expected = _record_seal(record.entry, count, previous, key)
        if record.previous != previous or not hmac.compare_digest(record.seal, expected):
            raise AuditTamperedError(account, count, "the record was changed")
        previous = record.seal
    if tail is None:
        if count:
            raise AuditTamperedError(account, count, "the end of the chain is gone")
        return count, previous
    is_own = hmac.compare_digest(tail.seal, _tail_seal(account, tail.sequence, tail.last, key))
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
