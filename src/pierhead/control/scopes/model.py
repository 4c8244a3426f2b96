"""Scopes, identifiers and scoped references; pure (harness-api §1.6).

Whether an account, organization or project exists is not asked here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from pierhead.kit.errors import InvalidInputError

IDENTIFIER_PATTERN = r"^[a-zA-Z_][0-9a-zA-Z_$]{0,127}$"
_IDENTIFIER = re.compile(IDENTIFIER_PATTERN + r"(?!\n)")
_NAME = re.compile(r"^[0-9A-Za-z \-_./]{1,128}$(?!\n)")
_SHOWN = 200  # characters of a stranger's text that a message repeats
_KEYWORDS = frozenset(
    {"or", "and", "eq", "ne", "lt", "gt", "le", "ge", "div", "mod", "not", "null", "true", "false", "new", "var"}
    | {"return", "step", "parallel", "stepGroup", "org", "account", "class", "shellScriptProvisioner", "status"}
    | {"liteEngineTask"}
)


class InvalidIdentifierError(InvalidInputError):
    code = "invalid-identifier"

    def __init__(self, identifier: str, reason: str) -> None:
        super().__init__(f"identifier {identifier[:_SHOWN]!r} {reason}")
        self.identifier = identifier
        self.reason = reason


class InvalidReferenceError(InvalidInputError):
    code = "invalid-reference"

    def __init__(self, reference: str, *, at: "Level | None" = None) -> None:
        super().__init__(
            f"Invalid Identifier Reference {reference[:_SHOWN]}. Valid references must be one of the following formats "
            "[ id, org.id, account.id ]  for scope [ project, organisation, account ] respectively",
            hint="" if at is None else f"used at {at} level, a reference can only point to that level or above it",
        )
        self.reference = reference


class Level(StrEnum):
    ACCOUNT = "account"
    ORG = "org"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Scope:
    """An account, an organization in it, or a project in that."""

    account: str
    org: str | None = None
    project: str | None = None

    def __post_init__(self) -> None:
        if self.project is not None and self.org is None:
            raise InvalidInputError(f"Project {self.project} specified without the org Identifier")

    @property
    def level(self) -> Level:
        if self.project is not None:
            return Level.PROJECT
        return Level.ORG if self.org is not None else Level.ACCOUNT

    def at(self, level: Level) -> "Scope":
        """The scope of that level that contains this one. Raises ValueError when this one is above it."""
        if level is Level.ACCOUNT:
            return Scope(self.account)
        if self.org is None or (level is Level.PROJECT and self.project is None):
            raise ValueError(f"{self.level} scope has no {level}")
        return Scope(self.account, self.org, self.project if level is Level.PROJECT else None)

    def contains(self, other: "Scope") -> bool:
        return self.account == other.account and self.org in (None, other.org) and self.project in (None, other.project)


@dataclass(frozen=True, slots=True)
class ScopedReference:
    """``id`` (the scope of its user), ``org.id`` or ``account.id``, as written."""

    identifier: str
    level: Level | None = None

    @classmethod
    def parse(cls, text: str) -> "ScopedReference":
        prefix, dot, rest = text.partition(".")
        level = {"account": Level.ACCOUNT, "org": Level.ORG}.get(prefix) if dot else None
        identifier = rest if level else text
        if not _IDENTIFIER.match(identifier):
            raise InvalidReferenceError(text)
        return cls(identifier, level)

    def resolve(self, user: Scope) -> tuple[Scope, str]:
        """Scope and identifier of what is meant by a user in scope ``user``. Raises InvalidReferenceError."""
        try:
            return user.at(self.level or user.level), self.identifier
        except ValueError:
            raise InvalidReferenceError(str(self), at=user.level) from None

    def __str__(self) -> str:
        return f"{self.level}.{self.identifier}" if self.level else self.identifier


def check_identifier(identifier: str) -> str:
    """The identifier, when it may be given to a new entity. Raises InvalidIdentifierError."""
    if not _IDENTIFIER.match(identifier):
        raise InvalidIdentifierError(
            identifier,
            "can be 128 characters long and can only contain alphanumeric, underscore and $ characters, "
            "and not start with a number or $",
        )
    if identifier in _KEYWORDS:
        raise InvalidIdentifierError(identifier, "is a keyword, so cannot be used")
    return identifier


def check_name(name: str) -> str:
    """The name, when it may be given to a new entity. Raises InvalidInputError."""
    if not _NAME.match(name) or not name.strip():
        raise InvalidInputError(
            f"name {name[:_SHOWN]!r} can only contain alphanumeric, dot, hyphen, forward slash and underscore "
            "characters, and be 128 characters long",
        )
    return name


def identifier_from_name(name: str) -> str:
    """A legal identifier proposed for a name: illegal characters become ``_``, and a keyword gets one at its end."""
    slug = re.sub(r"[^0-9A-Za-z_$]", "_", name.strip())[:128]
    if slug in _KEYWORDS:
        return f"{slug}_"
    return slug if _IDENTIFIER.match(slug) else f"_{slug}"[:128]
