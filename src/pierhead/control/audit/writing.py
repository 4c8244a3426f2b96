"""How a use case tells the audit trail of a change: one call inside its transaction."""

import hmac
from dataclasses import replace
from datetime import datetime

from pierhead.kit.ids import new_id
from pierhead.kit.redact import SecretValue

from .documents import plain, settled
from .model import Action, Actor, Document, Entry, Subject
from .ports import Auditing


def note(
    tx: Auditing,
    at: datetime,
    by: Actor,
    action: Action,
    subject: Subject,
    before: Document | None = None,
    after: Document | None = None,
    *,
    behind_break: bool = False,
) -> None:
    """Adds the one record of this mutation. Call it once for each. ``behind_break``: also where the trail is broken."""
    entry = Entry(new_id(), at, _actor(by), action, _subject(subject), settled(before), settled(after))
    tx.audit.add(entry, behind_break=behind_break)


def secret_digest(value: SecretValue, key: bytes) -> str:
    """What stands in a document for a secret: equal for equal values, and nothing else can be told from it."""
    return "hmac-sha256:" + hmac.digest(key, value.reveal().encode(), "sha256").hex()


def _actor(by: Actor) -> Actor:
    texts = map(plain, (by.identifier, by.name, by.credential, by.address, by.request_id))
    return Actor(by.type, *texts)


def _subject(subject: Subject) -> Subject:
    return replace(subject, identifier=plain(subject.identifier), name=plain(subject.name))
