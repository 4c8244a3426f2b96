"""Tags read as versions: ``1.16.92``, ``v1.2``, ``rootless-1.16.92``, ``1.25-alpine``, ``2.0.0-rc.1``; pure.

A reading, not a law: registries promise nothing about tags. Which version is supported is not decided here.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import semantic_version

_TAG = re.compile(
    r"(?P<prefix>[a-zA-Z][a-zA-Z_-]*[-_])?[vV]?"
    r"(?P<major>\d{1,9})(?:\.(?P<minor>\d{1,9}))?(?:\.(?P<patch>\d{1,9}))?"
    r"(?:(?P<more>(?:\.\d{1,9})+))?(?:[-_+](?P<rest>[0-9A-Za-z._+-]+))?\Z"
)
_BEFORE_RELEASE = re.compile(
    r"(?:alpha|beta|rc|pre|preview|dev|snapshot|nightly|canary|m)[-._]?\d*(?:[.-]\d+)*\Z", re.I
)
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class TagVersion:
    """``flavour``: what stands around the version and is no part of it, ``rootless-`` or ``-alpine``; empty for none.
    ``before``: what makes it older than the release of the same number, ``rc.1``; empty for a release."""

    numbers: tuple[int, ...]
    before: str = ""
    flavour: str = ""

    @staticmethod
    @lru_cache(maxsize=65_536)
    def parse(tag: str) -> "TagVersion | None":
        """None for a tag that does not look like a version. A bare number of five digits or more is a build or a
        date, and no version."""
        match = _TAG.match(tag)
        if match is None or (match["minor"] is None and (len(match["major"]) > 4 or match["rest"])):
            return None
        numbers = [int(match[name]) for name in ("major", "minor", "patch") if match[name] is not None]
        numbers += [int(number) for number in (match["more"] or "").split(".") if number]
        rest = match["rest"] or ""
        before = rest if _BEFORE_RELEASE.match(rest) else ""
        suffix = f"-{rest}" if rest and not before else ""
        return TagVersion(tuple(numbers), before, (match["prefix"] or "") + suffix)

    @staticmethod
    def order(tag: str) -> tuple[object, ...]:
        """To sort by: what is no version first, in natural order, then versions from old to new."""
        version = TagVersion.parse(tag)
        if version is None:
            return (0, _natural(tag))
        padded = (*version.numbers, 0, 0, 0)[: max(3, len(version.numbers))]
        return (1, padded, not version.before, _natural(version.before), len(version.numbers))

    @property
    def triple(self) -> tuple[int, int, int]:
        """What is not said is 0."""
        major, minor, patch = (*self.numbers, 0, 0)[:3]
        return major, minor, patch

    @cached_property
    def semantic(self) -> "semantic_version.Version":
        """For ranges."""
        import semantic_version  # only when ranges are asked

        major, minor, patch = self.triple
        before = ".".join(part.lstrip("0") or "0" for part in re.split(r"[^0-9A-Za-z]+", self.before) if part)
        return semantic_version.Version(f"{major}.{minor}.{patch}" + (f"-{before}" if before else ""))


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers in it by their size."""
    parts = _NUMBERS.split(text)
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts if part)
