"""What an examination finds: how bad it is, where, what hangs on it, what to do, and what could be done at once."""

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pierhead.control.scopes import Scope

HOST_RETIRED = "host-retired"


class Severity(StrEnum):
    """``broken``: images cannot be had by this now; ``breaks``: not any more from a known day on; ``advice``: it works,
    and should be better."""

    BROKEN = "broken"
    BREAKS = "breaks"
    ADVICE = "advice"


class Kind(StrEnum):
    """What was examined."""

    CONNECTOR = "connector"
    MIRROR = "mirror"
    WATCH = "watch"
    IMAGE = "image"
    PIPELINE = "pipeline"
    KEY = "key"
    ACCOUNT = "account"


_WORST_FIRST = tuple(Severity)
_IN_ORDER = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Thing:
    """``identifier``: of a connector, mirror or watch; the field of an image, the file of a pipeline. ``place``: where
    in it, for people."""

    kind: Kind
    scope: Scope
    identifier: str
    place: str = ""

    def __str__(self) -> str:
        if self.kind is Kind.PIPELINE:
            return f"{self.identifier}: {self.place}" if self.place else self.identifier
        return f"{self.kind} {self.identifier}{f' ({self.place})' if self.place else ''}"

    @property
    def options(self) -> str:
        """What a command line has to say to mean this place; begins with a space where there is something to say."""
        org = f" --org {self.scope.org}" if self.scope.org else ""
        return f"{org} --project {self.scope.project}" if self.scope.project else org


@dataclass(frozen=True, slots=True)
class Migration:
    """What would be done at once to a connector. ``moves_credentials``: its password would go to another origin."""

    before: str
    after: str
    moves_credentials: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """``code`` is stable, ``text`` says what is so, ``remedy`` what to do. ``on``: the day of a ``breaks``.
    ``affects``: what hangs on it, a short phrase for each. ``source``: where a fact about a host is from."""

    code: str
    severity: Severity
    thing: Thing
    text: str
    remedy: str
    on: date | None = None
    affects: tuple[str, ...] = ()
    migration: Migration | None = None
    source: str = ""

    @property
    def id(self) -> str:
        """The same as long as the same is wrong with the same thing; for use within one account."""
        thing = self.thing
        scope = (thing.scope.org or "", thing.scope.project or "")
        before = self.migration.before if self.migration else ""
        parts = (self.code, thing.kind.value, *scope, thing.identifier, thing.place, before)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:12]

    @property
    def order(self) -> tuple[object, ...]:
        """The worst first, then by kind; of one kind, hosts that ended come first, for they explain the rest."""
        thing, is_other = self.thing, self.code != HOST_RETIRED
        rank = (_WORST_FIRST.index(self.severity), self.on or date.max, _IN_ORDER.index(thing.kind), is_other)
        return (*rank, thing.scope.org or "", thing.scope.project or "", thing.identifier, thing.place, self.code)
