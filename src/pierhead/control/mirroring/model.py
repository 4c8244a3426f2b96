"""What a mirror is: where images come from, which of them are wanted, where they go, how often; pure.

Tags are chosen by ``oci.tag_selection``. Names stay as they are: a mirror that renames is a mirror whose users have to
know. What has to be copied in one run is decided in ``planning``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from pierhead.control.scopes import Scope, ScopedReference
from pierhead.oci.reference_grammar import fault_of_repository, fault_of_tag
from pierhead.oci.tag_selection import TagRules

from .errors import InvalidMirrorError
from .schedule import check_schedule

MAX_REPOSITORIES: Final = 500
MAX_PATTERNS: Final = 200
MAX_EXACT_TAGS: Final = 5000
"""Both over all repositories of a mirror."""


class Preset(StrEnum):
    CI_IMAGES = "ci-images"


class Deletion(StrEnum):
    NEVER = "never"
    AFTER_TWO_LISTINGS = "afterTwoListings"


class Copies(StrEnum):
    """What of an index is copied."""

    WHOLE = "whole"
    SPARSE = "sparse"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class MirroredRepository:
    """``repository``: behind the source connector's address, and under the same name behind the target's."""

    repository: str
    tags: TagRules


@dataclass(frozen=True, slots=True)
class MirrorSpec:
    """``preset`` adds images that the catalogue knows. ``platforms`` empty: all. ``immutable``: globs of tags that
    never move, so that one that was copied is not asked for again, and one that did move is an alarm.
    ``reserve``: so many pulls of the source's limit are left to pipelines. ``backup``: a tag for what is about to be
    written over, with ``{tag}`` and ``{date}`` in it; empty for none. ``gate_policy``: what every image has to pass
    before it gets its name at the target; until then it is below the repository path ``quarantine`` there.

    Raises InvalidMirrorError."""

    source: ScopedReference
    target: ScopedReference
    repositories: tuple[MirroredRepository, ...] = ()
    preset: Preset | None = None
    platforms: tuple[str, ...] = ()
    copies: Copies = Copies.WHOLE
    has_evidence: bool = True
    schedule: str = ""
    time_zone: str = "UTC"
    immutable: tuple[str, ...] = ()
    deletion: Deletion = Deletion.NEVER
    backup: str = ""
    reserve: int = 0
    gate_policy: ScopedReference | None = None
    quarantine: str = "quarantine"

    def __post_init__(self) -> None:
        if not self.repositories and self.preset is None:
            raise InvalidMirrorError("repositories", "nothing is mirrored", "name repositories, or give a preset")
        if self.source == self.target:
            raise InvalidMirrorError("target", f"{self.target} is the source as well", "give another connector")
        _check_repositories(self.repositories)
        if self.copies is Copies.WHOLE and self.platforms and len(self.platforms) > 1:
            raise InvalidMirrorError("platforms", "a whole index has all of them", "set copies to sparse or rewritten")
        if self.schedule:
            check_schedule(self.schedule, self.time_zone)
        if self.backup and ("{tag}" not in self.backup or fault_of_tag(_filled(self.backup))):
            raise InvalidMirrorError("backup", f"{self.backup!r} makes no tag", "for example {tag}-before-{date}")
        if self.gate_policy is not None and fault_of_repository(self.quarantine):
            raise InvalidMirrorError("quarantine", f"{self.quarantine[:100]!r} is no repository path", "quarantine")
        if not 0 <= self.reserve <= 1_000_000:
            raise InvalidMirrorError("reserve", "it is a number of pulls, 0 or more")

    def check_tags(self) -> None:
        """That every rule for tags can be read: for specs that come in; what is stored was. Raises
        InvalidTagRuleError."""
        for wanted in self.repositories:
            wanted.tags.check()


SCHEDULED: Final = "scheduled"


@dataclass(frozen=True, slots=True)
class Mirror:
    """An entity as in ``control.scopes``. One that is not enabled runs only when somebody asks. ``made_by``: the key of
    the principal who saved it last, by whose rights it runs; empty for the program itself. ``about`` is ``SCHEDULED``
    for one that runs by itself, so that these can be found alone."""

    scope: Scope
    identifier: str
    name: str
    spec: MirrorSpec
    created_at: datetime
    last_modified_at: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    is_enabled: bool = True
    parent: str = ""
    about: str = ""
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class MirrorDraft:
    scope: Scope
    identifier: str
    name: str
    spec: MirrorSpec
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    is_enabled: bool = True
    made_by: str = ""

    @property
    def about(self) -> str:
        """As ``Mirror.about``."""
        return SCHEDULED if self.is_enabled and self.spec.schedule else ""


def backup_tag(template: str, tag: str, at: datetime) -> str:
    """The tag under which what is written over is kept; cut at 128 characters."""
    return _filled(template, tag, at.strftime("%Y%m%d"))[:128]


def _filled(template: str, tag: str = "tag", date: str = "20200101") -> str:
    return template.replace("{tag}", tag).replace("{date}", date)


def fault_of_amount(rules: Sequence[TagRules]) -> str | None:
    """What is too much for one mirror in the rules of all its repositories; None when nothing is."""
    if (patterns := sum(each.patterns for each in rules)) > MAX_PATTERNS:
        return f"they have {patterns} patterns for tags together, and {MAX_PATTERNS} is the most"
    if (exact := sum(len(each.exact) for each in rules)) > MAX_EXACT_TAGS:
        return f"they name {exact} tags together, and {MAX_EXACT_TAGS} is the most"
    return None


def _check_repositories(repositories: Sequence[MirroredRepository]) -> None:
    if len(repositories) > MAX_REPOSITORIES:
        raise InvalidMirrorError("repositories", f"at most {MAX_REPOSITORIES} in one mirror", "make several")
    if (fault := fault_of_amount([wanted.tags for wanted in repositories])) is not None:
        raise InvalidMirrorError("repositories", fault, "make several mirrors")
    for wanted in repositories:
        _check_repository(wanted)
    _check_once([wanted.repository for wanted in repositories])


def _check_repository(wanted: MirroredRepository) -> None:
    if (fault := fault_of_repository(wanted.repository)) is not None:
        why = f"{wanted.repository[:200]!r} {fault}"
        raise InvalidMirrorError("repositories", why, "write it as behind the connector, such as team/image")
    rules = wanted.tags
    if not rules.exact and not rules.needs_list:
        why = f"{wanted.repository} has no rule for its tags"
        raise InvalidMirrorError("repositories", why, "name tags, or give a glob, a regex, a range or newest")
    for tag in rules.exact:
        if (fault := fault_of_tag(tag)) is not None:
            raise InvalidMirrorError("repositories", f"{wanted.repository}:{tag[:200]} {fault}")


def _check_once(names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidMirrorError("repositories", f"{twice} stands there twice", "put its rules into one")
