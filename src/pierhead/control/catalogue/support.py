"""How far an image is behind the newest release, and whether there is a hotfix for it; pure.

The latest three releases of the core images are supported: the newest line and the two before it. Plugin images come
as needed and have no window. A warning is all that comes of it: nothing here stops a build.
"""

from dataclasses import dataclass
from enum import StrEnum

from .catalogue import Catalogue
from .image_version import ImageVersion, at_version, version_of
from .model import CatalogueField, Infra

RELEASES_SUPPORTED = 3


class SupportState(StrEnum):
    NEWER = "newer"
    LATEST = "latest"
    LATEST_1 = "latest-1"
    LATEST_2 = "latest-2"
    UNSUPPORTED = "unsupported"
    AS_NEEDED = "as-needed"  # no window: plugin images
    UNKNOWN = "unknown"  # the tag is no version

    @property
    def is_supported(self) -> bool:
        """False only where it is known that it is not."""
        return self is not SupportState.UNSUPPORTED

    @property
    def has_hotfixes(self) -> bool:
        return self in _SUPPORTED


_SUPPORTED = (SupportState.LATEST, SupportState.LATEST_1, SupportState.LATEST_2)


@dataclass(frozen=True, slots=True)
class Support:
    """``newest`` is the image of the newest line, ``hotfix`` the image with a higher z on the same line."""

    state: SupportState
    newest: str | None = None
    hotfix: str | None = None

    def warnings(self, image: str) -> tuple[str, ...]:
        """One sentence for each thing that somebody should do about it."""
        if self.state is SupportState.UNSUPPORTED:
            return (f"{image} is no longer supported: it is more than two releases behind {self.newest}",)
        return (f"{image} has a hotfix: move to {self.hotfix}",) if self.hotfix else ()


def support_of(field: CatalogueField, infra: Infra, image: str, catalogue: Catalogue) -> Support:
    """Against the newest line that is out."""
    if not field.has_support_window:
        return Support(SupportState.AS_NEEDED)
    newest = catalogue.release_lines[catalogue.line(None)].defaults[infra].get(field.name)
    version, latest = version_of(image), version_of(newest) if newest else None
    if version is None or latest is None:
        return Support(SupportState.UNKNOWN, newest)
    state = _state(_behind(version, latest, catalogue))
    patch = newest_patch(field.name, infra, version.line, catalogue) if state.has_hotfixes else None
    return Support(state, newest, at_version(image, patch) if patch and patch > version else None)


def state_of_line(line: str, catalogue: Catalogue) -> SupportState:
    """Of a whole release line. Raises UnknownLineError."""
    number = catalogue.release_lines[catalogue.line(line)].number
    newest = catalogue.release_lines[catalogue.line(None)].number
    return _state(_behind(ImageVersion(*number), ImageVersion(*newest), catalogue))


def newest_patch(field: str, infra: Infra, number: tuple[int, int], catalogue: Catalogue) -> ImageVersion | None:
    """The highest x.y.z of that line for a field, None for a line of which nothing is known."""
    line = catalogue.release_lines.get(f"{number[0]}.{number[1]}")
    if line is None:
        return None
    default = line.defaults[infra].get(field)
    first = version_of(default) if default else None
    found = [hotfix.version for hotfix in line.hotfixes if hotfix.covers(field)]
    if first is not None and first.line == number:
        found.append(first)
    return max(found, default=None)


def _state(behind: int | None) -> SupportState:
    if behind is None or behind >= RELEASES_SUPPORTED:
        return SupportState.UNSUPPORTED
    return SupportState.NEWER if behind < 0 else _SUPPORTED[behind]


def _behind(version: ImageVersion, latest: ImageVersion, catalogue: Catalogue) -> int | None:
    """In releases. Each minor is one; across majors, the last minor of the older major has to be known (else None)."""
    if version.line >= latest.line:
        return 0 if version.line == latest.line else -1
    if version.major == latest.major:
        return latest.minor - version.minor
    known = [line.number[1] for line in catalogue.release_lines.values() if line.number[0] == version.major]
    if latest.major - version.major > 1 or not known or version.minor > max(known):
        return None
    return max(known) - version.minor + latest.minor + 1
