"""What was seen at the source and what is held at the target, remembered from run to run; pure values.

The ledger is why a run with nothing to do asks the target nothing, why an age can be judged where registries give no
dates, and why nothing is deleted after one bad listing.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from pierhead.control.scopes import Scope


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a tag meant a digest. ``place``: ``registry/repository``."""

    account: str
    place: str
    tag: str
    digest: str
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """A tag that a mirror brought to its target. ``digest`` is the source's, ``target_digest`` what the target's tag
    means: another one where the index was written anew. ``missed``: complete listings in a row without the tag."""

    scope: Scope
    mirror: str
    repository: str
    tag: str
    digest: str
    target_digest: str
    copied_at: datetime
    run_id: str
    missed: int = 0
    missed_since: datetime | None = None
    is_deleted: bool = False

    @property
    def name(self) -> tuple[str, str]:
        return self.repository, self.tag

    def found(self) -> "Holding":
        return replace(self, missed=0, missed_since=None)

    def missing(self, at: datetime) -> "Holding":
        return replace(self, missed=self.missed + 1, missed_since=self.missed_since or at)
