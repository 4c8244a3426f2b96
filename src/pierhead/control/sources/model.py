"""Artifact sources and the watches on them: which tags of which image, and what was seen of them; values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pierhead.control.scopes import Scope
from pierhead.oci.tag_selection import MAX_PATTERN_CHARS, InvalidTagRuleError, TagRules, chosen

from .errors import OneTagRuleError

LEAST_INTERVAL_S = 60
DEFAULT_INTERVAL_S = 300
MOST_INTERVAL_S = 7 * 86_400
MOST_WATCHES = 500
"""In one account."""
KEPT_EVENTS = 1000
"""Of one watch, the newest."""

_ANY = (r"\*", "*")


@dataclass(frozen=True, slots=True)
class TagRule:
    """Which tags of an image a source means: one tag by name, those that match a pattern, or those in a range.

    A pattern is RE2 and matches the whole tag; ``\\*`` means every tag. Made by ``parse``.
    """

    tag: str | None = None
    tag_regex: str | None = None
    semver: str | None = None

    @classmethod
    def parse(cls, tag: str | None, tag_regex: str | None, semver: str | None = None) -> "TagRule":
        """Raises OneTagRuleError, InvalidTagRuleError."""
        given = [(kind, text) for kind, text in (("tags", tag), ("regex", tag_regex), ("semver", semver)) if text]
        if len(given) != 1:
            raise OneTagRuleError(("tag", "tagRegex", "semver"), len(given))
        kind, text = given[0]
        if len(text) > MAX_PATTERN_CHARS:
            raise InvalidTagRuleError(kind, text[:40], f"it has more than {MAX_PATTERN_CHARS} characters")
        rule = cls(tag or None, tag_regex or None, semver or None)
        rule.rules().check()
        return rule

    @property
    def needs_list(self) -> bool:
        return self.tag is None

    def rules(self) -> TagRules:
        if self.tag is not None:
            return TagRules(exact=(self.tag,))
        return TagRules(regexes=regexes_of(self.tag_regex), semver=self.semver)

    def matching(self, listed: tuple[str, ...]) -> tuple[str, ...]:
        """Newest first, as far as names tell."""
        return chosen(self.rules(), listed)

    def __str__(self) -> str:
        return self.tag or (f"the pattern {self.tag_regex!r}" if self.tag_regex else f"the range {self.semver!r}")


def regexes_of(tag_regex: str | None) -> tuple[str, ...]:
    """The reference writes ``\\*`` for any tag."""
    return () if not tag_regex else (".*",) if tag_regex in _ANY else (tag_regex,)


@dataclass(frozen=True, slots=True)
class Watch:
    """``connector`` is a reference as it was written in ``scope``, ``image`` a name as the connector places it.
    ``made_by``: the key of the principal by whose rights it polls; empty for the program itself."""

    scope: Scope
    identifier: str
    name: str
    connector: str
    image: str
    rule: TagRule
    interval_s: int
    created_at: datetime
    last_modified_at: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    about: str = ""
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class WatchDraft:
    scope: Scope
    identifier: str
    name: str
    connector: str
    image: str
    rule: TagRule
    interval_s: int = DEFAULT_INTERVAL_S
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class WatchState:
    """What the polls of a watch came to. ``good_at`` and all counts are of the last poll that got an answer; an error
    of a later one stands beside them.

    ``is_complete``: a whole list has been seen, so that a tag that is not known is a new one. ``newest``: by the
    names, of the last whole list. ``unread``: how many digests were due and could not be read.
    """

    next_poll_at: datetime
    polled_at: datetime | None = None
    good_at: datetime | None = None
    first_at: datetime | None = None
    is_complete: bool = False
    is_truncated: bool = False
    listed: int = 0
    matching: int = 0
    newest: str | None = None
    unread: int = 0
    error_code: str = ""
    error: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class SeenTag:
    """``is_first``: it was there when the watch began, so nobody knows since when. ``missing_since``: whole lists have
    not had it since then."""

    tag: str
    digest: str | None
    first_seen_at: datetime
    checked_at: datetime | None = None
    missing_since: datetime | None = None
    is_first: bool = False


class EventKind(StrEnum):
    NEW = "NEW"
    MOVED = "MOVED"


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """A new tag has no ``old_digest``; a ``new_digest`` that could not be read at once is None."""

    kind: EventKind
    tag: str
    at: datetime
    old_digest: str | None = None
    new_digest: str | None = None


def watch_document(watch: Watch) -> dict[str, object]:
    """What the audit trail keeps of it."""
    return {
        "identifier": watch.identifier,
        "name": watch.name,
        "connectorRef": watch.connector,
        "image": watch.image,
        "tag": watch.rule.tag,
        "tagRegex": watch.rule.tag_regex,
        "semver": watch.rule.semver,
        "intervalSeconds": watch.interval_s,
        "description": watch.description,
        "tags": dict(watch.tags),
    }
