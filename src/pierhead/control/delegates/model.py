"""Delegates: the agents that reach registries from where the server cannot; their tokens, groups and history. Values.

Who may do which task is decided in ``selection``; which path a task takes, in ``path``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pierhead.control.scopes import Scope

HEARTBEAT_EVERY = timedelta(seconds=60)
ACTIVE_WITHIN = timedelta(seconds=90)
"""A delegate that was not heard of for longer is taken for lost."""
GONE_AFTER = timedelta(hours=6)
"""A replica that stays away longer is forgotten (harness-api §4.6)."""
GROUP_GONE_AFTER = timedelta(days=7)
SUCCESS_COUNTS_FOR = timedelta(hours=6)
SUCCESS_RENEWED_AFTER = timedelta(minutes=10)
"""A younger record of success is not written again (harness-api §4.3)."""
FAILURE_COUNTS_FOR = timedelta(minutes=5)
NONCE_KEPT = timedelta(minutes=3)
"""Longer than a signature is taken for fresh, on both sides of now."""
TOKEN_PURGED_AFTER = timedelta(days=30)
DEFAULT_TOKEN = "default_token"  # noqa: S105 - a name


class TokenStatus(StrEnum):
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class DelegateToken:
    """What a new delegate shows once to be let in. ``scope`` owns it and every delegate it lets in.

    ``secret_hash`` is a keyed hash of its secret; ``sealed`` the secret for those who may see it again (harness-api
    §4.7), encrypted under the keyring. ``created_by_type``: what kind of principal its maker was.
    """

    id: str
    scope: Scope
    name: str
    created_by: str
    created_at: datetime
    secret_hash: bytes
    sealed: bytes
    status: TokenStatus = TokenStatus.ACTIVE
    revoke_after: datetime | None = None
    revoked_at: datetime | None = None
    created_by_type: str = "USER"

    def is_live(self, now: datetime) -> bool:
        return self.status is TokenStatus.ACTIVE and (self.revoke_after is None or now < self.revoke_after)

    def revoked(self, at: datetime) -> "DelegateToken":
        return replace(self, status=TokenStatus.REVOKED, revoked_at=at)

    def as_of(self, now: datetime) -> "DelegateToken":
        """As it counts: REVOKED from ``revoke_after`` on, whether anybody has written that down yet or not."""
        is_over = self.status is TokenStatus.ACTIVE and not self.is_live(now)
        return self.revoked(self.revoke_after or now) if is_over else self


class DelegateState(StrEnum):
    ENABLED = "ENABLED"
    WAITING_FOR_APPROVAL = "WAITING_FOR_APPROVAL"
    DISABLED = "DISABLED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class DelegateGroup:
    """Delegates of one name and one owner: replicas of each other. ``added_tags`` were put on it by API or console."""

    id: str
    scope: Scope
    name: str
    created_at: datetime
    description: str = ""
    added_tags: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The wire's identifier of a group: its name."""
        return self.name


@dataclass(frozen=True, slots=True)
class Delegate:
    """One replica: one key. ``id`` is the fingerprint of its signing key, so nobody else can have it.

    ``tags`` are what its own configuration says; ``session`` the start of its process that counts.
    ``approved_selectors``: what it claimed when a person let it work; None: nobody was asked.
    """

    id: str
    group_id: str
    scope: Scope
    name: str
    host_name: str
    signing_key: bytes
    sealing_key: bytes
    token_id: str
    state: DelegateState
    version: str
    kinds: tuple[str, ...]
    capacity: int
    enrolled_at: datetime
    tags: tuple[str, ...] = ()
    approved_selectors: tuple[str, ...] | None = None
    session: str = ""
    is_connected: bool = False
    last_heartbeat_at: datetime | None = None
    last_assigned_at: datetime | None = None

    @property
    def label(self) -> str:
        """Its name for people, told from its replicas by the host."""
        return self.name if self.host_name in ("", self.name) else f"{self.name} ({self.host_name})"

    def is_present(self, now: datetime) -> bool:
        """Connected and heard of lately."""
        heard = self.last_heartbeat_at
        return self.is_connected and heard is not None and now - heard < ACTIVE_WITHIN

    def is_active(self, now: datetime) -> bool:
        """Enabled and present. Whether its token still counts is not known here."""
        return self.state is DelegateState.ENABLED and self.is_present(now)

    @property
    def claims(self) -> tuple[str, ...]:
        """The selectors that it gives itself, lower-cased, in order: its tags and its host's name.

        Its own name is no such claim: it never changes.
        """
        return tuple(sorted({tag.strip().lower() for tag in self.tags} | {self.host_name.lower()}))

    @property
    def unapproved(self) -> tuple[str, ...]:
        """Claims that were not there when it was approved; none where nobody was asked yet."""
        approved = self.claims if self.approved_selectors is None else (*self.approved_selectors, self.name.lower())
        return tuple(claim for claim in self.claims if claim not in approved)

    def approved(self) -> "Delegate":
        """Let work by a person, with all that it claims now."""
        return replace(self, state=DelegateState.ENABLED, approved_selectors=self.claims)

    def selectors(self, group: DelegateGroup) -> Mapping[str, "SelectorKind"]:
        """Everything it can be chosen by, lower-cased: its tags, its group's, and the implicit ones."""
        found = {tag.strip().lower(): SelectorKind.CONFIGURED for tag in self.tags}
        found |= {tag.strip().lower(): SelectorKind.ADDED for tag in group.added_tags}
        return found | {self.host_name.lower(): SelectorKind.HOST, self.name.lower(): SelectorKind.NAME}


def fingerprint_of(key: bytes) -> str:
    """32 hexadecimal digits that name a public key of 32 bytes; a delegate is called by those of its signing key."""
    return hashlib.sha256(key).hexdigest()[:32]


class SelectorKind(StrEnum):
    """Where a selector of a delegate comes from; the values are the reference's."""

    NAME = "DELEGATE_NAME"
    HOST = "HOST_NAME"
    CONFIGURED = "DELEGATE_TAGS"
    ADDED = "GROUP_SELECTORS"


@dataclass(frozen=True, slots=True)
class Experience:
    """Whether a delegate reached an origin when it last tried."""

    delegate_id: str
    origin: str
    is_success: bool
    at: datetime
    reason: str = ""

    def counts(self, now: datetime) -> bool:
        return now - self.at < (SUCCESS_COUNTS_FOR if self.is_success else FAILURE_COUNTS_FOR)


class Conclusion(StrEnum):
    """The words of the reference's selection log (harness-api §4.5)."""

    SELECTED = "Selected"
    NOT_SELECTED = "Not Selected"
    BROADCAST = "Broadcast"
    ASSIGNED = "Assigned"
    REJECTED = "Rejected"
    INFO = "Info"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a task's selection log; ``delegate`` names the one it is about, empty for the task as a whole."""

    conclusion: Conclusion
    text: str
    delegate: str = ""
    delegate_id: str = ""


@dataclass(frozen=True, slots=True)
class LoggedLine:
    task_id: str
    at: datetime
    line: LogLine


@dataclass(frozen=True, slots=True)
class DelegateFilter:
    """An empty field restricts nothing. ``is_everywhere``: also what scopes above and below own."""

    states: tuple[DelegateState, ...] = ()
    is_connected: bool | None = None
    name: str = ""
    group: str = ""
    tags: tuple[str, ...] = ()
    search: str = ""
    is_everywhere: bool = False


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group with its replicas, as lists and pages show it."""

    group: DelegateGroup
    delegates: tuple[Delegate, ...] = field(default_factory=tuple)
