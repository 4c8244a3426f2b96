"""People's word that an image in quarantine may be trusted: for one digest, by whom, when, why. Pure.

How many words a gate wants, and whose do not count, is the gate's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from pierhead.control.scopes import Scope

from .errors import InvalidMirrorError

MAX_REASON_CHARS: Final = 1000


@dataclass(frozen=True, slots=True)
class GivenApproval:
    """``by``: the key of the principal."""

    by: str
    name: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class MirrorApproval:
    """An entity as in ``control.scopes``, inside its mirror: all words about one digest, each principal's last one."""

    scope: Scope
    mirror: str
    digest: str
    image: str
    given: tuple[GivenApproval, ...]
    created_at: datetime
    last_modified_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    @property
    def identifier(self) -> str:
        return identifier_of(self.digest)

    @property
    def parent(self) -> str:
        return self.mirror

    @property
    def name(self) -> str:
        return self.image

    def with_word(self, word: GivenApproval) -> "MirrorApproval":
        others = tuple(each for each in self.given if each.by != word.by)
        return replace(self, given=(*others, word), last_modified_at=word.at)


def identifier_of(digest: str) -> str:
    """Of the approval of a digest."""
    return digest.replace(":", "_")


def check_reason(reason: str) -> str:
    """Raises InvalidMirrorError."""
    if not reason.strip():
        raise InvalidMirrorError("reason", "an approval says why", "say what was looked at")
    if len(reason) > MAX_REASON_CHARS:
        raise InvalidMirrorError("reason", f"it has more than {MAX_REASON_CHARS} characters")
    return reason.strip()
