"""Who did what to which thing, and what it was before and after: entries, and the records they become; pure.

A mutation adds an entry to its own transaction; the store seals it into the account's chain as the transaction's last
write (``chain``). Secret values never stand here: only their keyed digests do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pierhead.control.scopes import Areas, ResourceType, Scope

Document = Mapping[str, object]


class PrincipalType(StrEnum):
    USER = "USER"
    SERVICE_ACCOUNT = "SERVICE_ACCOUNT"
    DELEGATE = "DELEGATE"
    SYSTEM = "SYSTEM"


class Action(StrEnum):
    """The reference's words; START, ABORT, TEST and REFUSED say what has no entity of its own, and ROTATE_TOKEN which
    update of a token it was."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    UPSERT = "UPSERT"
    DELETE = "DELETE"
    FORCE_DELETE = "FORCE_DELETE"
    CREATE_TOKEN = "CREATE_TOKEN"  # noqa: S105 - a word for an action
    REVOKE_TOKEN = "REVOKE_TOKEN"  # noqa: S105 - a word for an action
    ROTATE_TOKEN = "ROTATE_TOKEN"  # noqa: S105 - a word for an action
    LOGIN = "LOGIN"
    LOGOUT = "LOGOUT"
    UNSUCCESSFUL_LOGIN = "UNSUCCESSFUL_LOGIN"
    START = "START"
    ABORT = "ABORT"
    TEST = "TEST"
    EXPORT = "EXPORT"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever causes a change. ``credential``: the id of the key or session shown; ``address``: where the call came
    from; ``request_id``: its correlation id."""

    type: PrincipalType
    identifier: str
    name: str = ""
    credential: str = ""
    address: str = ""
    request_id: str = ""


SYSTEM = Actor(PrincipalType.SYSTEM, "pierhead", "Pierhead")
"""The program itself: what it makes at its first start, and what it ends because a time has come."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that an action is about, by its address when the action was done."""

    scope: Scope
    type: ResourceType
    identifier: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One action as its use case tells it. ``before`` and ``after`` are what clients would see, None where there is
    nothing; no value in them is a secret."""

    id: str
    at: datetime
    by: Actor
    action: Action
    subject: Subject
    before: Document | None = None
    after: Document | None = None

    @property
    def search_texts(self) -> tuple[str, ...]:
        """What a search looks through."""
        return self.subject.identifier, self.subject.name, self.by.name, self.by.identifier


@dataclass(frozen=True, slots=True)
class Record:
    """An entry in its account's chain. ``sequence`` counts from 1 without gaps; ``seal`` is keyed over all of this and
    over ``previous``, the seal before it."""

    entry: Entry
    sequence: int
    previous: bytes
    seal: bytes

    @property
    def account(self) -> str:
        return self.entry.subject.scope.account


@dataclass(frozen=True, slots=True)
class Tail:
    """Where an account's chain ends: how many records there are and the last seal, itself under ``seal``."""

    account: str
    sequence: int
    last: bytes
    seal: bytes


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """An empty field restricts nothing, but ``areas``: where None is everywhere, and no area is nowhere.

    ``resources``: kinds and identifiers, an empty one for all of the kind; an entry fits when one of them does.
    """

    areas: Areas = None
    resources: tuple[tuple[ResourceType, str], ...] = ()
    resource_types: tuple[ResourceType, ...] = ()
    identifiers: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    principals: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    """As ``principals``, by identifier or by the name that was theirs at the time."""
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    """Part of one of the entry's ``search_texts``, in any case of letters."""
