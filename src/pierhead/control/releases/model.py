"""What there is to know of releases: lines, the state of every image, and what changes between two lines."""

from dataclasses import dataclass
from datetime import date

from pierhead.control.catalogue import Hotfix, Infra, SupportState


@dataclass(frozen=True, slots=True)
class LineStatus:
    """``test_until``: the end of the month in which to test it, None without a day of release. ``supported_until``:
    the earliest day on which it falls out of support, None when it is or nothing can be said."""

    name: str
    state: SupportState
    is_default: bool
    is_out: bool
    released: date | None
    test_until: date | None
    supported_until: date | None
    hotfixes: tuple[Hotfix, ...]
    note: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """One image field; ``pinned`` and ``default`` may be None, then ``effective`` is the other. ``pinned_at`` is the
    place of the pin: empty for the account, ``org`` or ``org/project`` for a canary's."""

    infra: Infra
    field: str
    default: str | None
    pinned: str | None
    pinned_at: str
    effective: str | None
    state: SupportState
    newest: str | None
    hotfix: str | None
    supported_until: date | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseStatus:
    """As of ``today``, a day in the calendar's time zone."""

    today: date
    default_line: str
    newest_line: str
    next_release: date | None
    previous_release: date | None
    images: tuple[ImageStatus, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text for image in self.images for text in image.warnings))


@dataclass(frozen=True, slots=True)
class ImageChange:
    """None: the line has no image for the field."""

    infra: Infra
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class LineDifference:
    """``to_mirror``: the images of the second line that the first does not have anywhere, sorted."""

    before: str
    after: str
    changes: tuple[ImageChange, ...]
    to_mirror: tuple[str, ...]
