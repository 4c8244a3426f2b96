"""Accounts, principals, their keys and what was granted to them, and the text form of a key (harness-api §6); pure."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from pierhead.control.audit import Actor, PrincipalType
from pierhead.control.scopes import Level, ResourceType, Scope
from pierhead.kit.redact import SecretValue

from .permissions import Permission

ACCOUNT_ID_LENGTH = 22
USER_ID_LENGTH = 22
KEY_ID_LENGTH = 22
SECRET_LENGTH = 43  # letters and digits: 256 bits
_KEY_TEXT = re.compile(r"(pat|sat)\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{20,256})\Z")
_PREFIXES = {PrincipalType.USER: "pat", PrincipalType.SERVICE_ACCOUNT: "sat"}


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PrincipalRef:
    """Which user or service account: a user lives in the account, a service account in a scope of its own."""

    type: PrincipalType
    scope: Scope
    identifier: str

    @property
    def key(self) -> str:
        """A text that no other principal of the account has."""
        return f"{self.type}:{self.scope.org or ''}/{self.scope.project or ''}/{self.identifier}"

    @classmethod
    def of_key(cls, account: str, key: str) -> Self:
        kind, _, rest = key.partition(":")
        org, project, identifier = rest.split("/", 2)
        return cls(PrincipalType(kind), Scope(account, org or None, project or None), identifier)


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``email`` is the canonical form (lower case). ``password_hash`` is argon2id's text, None without a
    password; ``subject`` is who the person is to the OIDC issuer, once known. ``password_by``: the key of who stands
    behind the password, empty for the person himself."""

    account: str
    id: str
    email: str
    name: str
    created_at: datetime
    last_modified_at: datetime
    password_hash: str | None = None
    subject: str | None = None
    is_disabled: bool = False
    password_by: str = ""

    @property
    def ref(self) -> PrincipalRef:
        return PrincipalRef(PrincipalType.USER, Scope(self.account), self.id)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    scope: Scope
    identifier: str
    name: str
    created_at: datetime
    last_modified_at: datetime
    email: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    about: str = ""

    @property
    def ref(self) -> PrincipalRef:
        return PrincipalRef(PrincipalType.SERVICE_ACCOUNT, self.scope, self.identifier)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What the reference calls an API key: a named container of tokens in its owner. ``parent`` is ``owner.key``.
    ``default_expiry_ms`` is how long a token in it lasts when it does not say."""

    scope: Scope
    identifier: str
    name: str
    owner: PrincipalRef
    created_at: datetime
    last_modified_at: datetime
    default_expiry_ms: int | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    @property
    def parent(self) -> str:
        return self.owner.key


@dataclass(frozen=True, slots=True)
class Token:
    """A stored token. ``secret_hash`` is the HMAC-SHA256 of its secret, which itself is kept nowhere; ``old_hash`` is
    that of the secret before a rotation and is good until ``old_until``. ``made_by`` and ``old_made_by``: the keys of
    who stands behind the two secrets, empty for the owner himself."""

    id: str
    account: str
    owner: PrincipalRef
    api_key: str
    identifier: str
    name: str
    secret_hash: bytes
    created_at: datetime
    valid_from: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    old_hash: bytes | None = None
    old_until: datetime | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    made_by: str = ""
    old_made_by: str = ""

    def is_live(self, now: datetime) -> bool:
        has_begun = self.valid_from <= now
        return has_begun and self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def fits(self, digest: bytes, now: datetime) -> bool:
        """Whether the digest is that of its secret, or of the one before while that is still good."""
        is_new = hmac.compare_digest(digest, self.secret_hash)
        is_old = hmac.compare_digest(digest, self.old_hash or _NO_HASH)
        return is_new or (is_old and self.old_hash is not None and self.old_until is not None and now < self.old_until)


@dataclass(frozen=True, slots=True)
class Session:
    """A person's session in a browser. ``id_hash`` is the keyed hash of what the cookie holds."""

    id_hash: bytes
    account: str
    user: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str = ""


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """Failed logins under one name or from one address, in any spelling."""

    key: str
    count: int
    first_at: datetime
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """``levels``: at which kinds of scope it can be assigned. A managed role is data of the program and in no store."""

    scope: Scope
    identifier: str
    name: str
    permissions: frozenset[Permission]
    levels: frozenset[Level]
    created_at: datetime
    last_modified_at: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    is_managed: bool = False
    parent: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class IncludedScope:
    scope: Scope
    with_children: bool


@dataclass(frozen=True, slots=True)
class ResourceSelector:
    """Things of one kind: with these identifiers, of these categories (``attributes`` of attribute ``category``), or,
    when both are None, all of them."""

    type: ResourceType
    identifiers: frozenset[str] | None = None
    attributes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """``selectors`` of None selects everything."""

    scope: Scope
    identifier: str
    name: str
    included_scopes: tuple[IncludedScope, ...]
    selectors: tuple[ResourceSelector, ...] | None
    levels: frozenset[Level]
    created_at: datetime
    last_modified_at: datetime
    color: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    is_managed: bool = False
    parent: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """In ``scope``, ``principal`` has ``role`` on ``resource_group``; role and group are found there or are managed."""

    scope: Scope
    identifier: str
    role: str
    resource_group: str
    principal: PrincipalRef
    created_at: datetime
    last_modified_at: datetime
    is_disabled: bool = False
    is_managed: bool = False
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""

    @property
    def about(self) -> str:
        return self.principal.key


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: the user or service account behind the key or session that was shown. ``credential`` is its id;
    ``is_session``: shown by a browser on its own, so that a change needs proof that the page meant it."""

    ref: PrincipalRef
    name: str
    credential: str
    is_session: bool = False

    @property
    def account(self) -> str:
        return self.ref.scope.account

    def actor(self, address: str = "", request_id: str = "") -> Actor:
        return Actor(self.ref.type, self.ref.identifier, self.name, self.credential, address, request_id)


@dataclass(frozen=True, slots=True)
class KeyText:
    """``pat.<accountId>.<tokenId>.<secret>`` of a user, ``sat.…`` of a service account, taken apart."""

    type: PrincipalType
    account: str
    key_id: str
    secret: SecretValue

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None when the text has not the form of a key: to a caller that is no different from an unknown one."""
        match = _KEY_TEXT.match(text)
        if match is None:
            return None
        kind = next(kind for kind, prefix in _PREFIXES.items() if prefix == match[1])
        return cls(kind, match[2], match[3], SecretValue(match[4]))

    def render(self) -> SecretValue:
        return SecretValue(f"{_PREFIXES[self.type]}.{self.account}.{self.key_id}.{self.secret.reveal()}")


def hash_secret(secret: SecretValue, pepper: bytes) -> bytes:
    """32 bytes. A plain keyed hash is enough: the secret is 256 random bits, so there is nothing to guess slowly."""
    return hmac.digest(pepper, secret.reveal().encode(), "sha256")


_NO_HASH = b"\0" * 32
