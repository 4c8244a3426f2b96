"""The x.y.z in an image's tag, with or without ``rootless-`` or ``v`` before it; pure."""

import re
from dataclasses import dataclass
from typing import Self

_VERSION = re.compile(r"((?:[a-z]+-)?v?)(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?([-.+].*)?\Z", re.ASCII)
_PLAIN = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class ImageVersion:
    """Major, minor and patch; a tag without a patch counts as its beginning."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Of exactly ``x.y.z``; None for every other text."""
        return cls(*(int(part) for part in text.split("."))) if _PLAIN.match(text) else None

    @property
    def line(self) -> tuple[int, int]:
        return self.major, self.minor

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def tag_of(image: str) -> str:
    """The tag in an image text, empty when there is none."""
    _, colon, tag = image.partition("@")[0].rpartition(":")
    return tag if colon and "/" not in tag else ""


def version_of(image: str) -> ImageVersion | None:
    """None when the tag is no version (``latest``, a digest alone)."""
    match = _VERSION.match(tag_of(image))
    return ImageVersion(int(match[2]), int(match[3]), int(match[4] or 0)) if match else None


def at_version(image: str, version: ImageVersion) -> str:
    """The same image at another version: what stands before and behind it in the tag stays, a digest goes.

    Raises ValueError for an image without a version.
    """
    tag = tag_of(image)
    match = _VERSION.match(tag)
    if match is None:
        raise ValueError(f"{image!r} has no version")
    repository = image.partition("@")[0].removesuffix(f":{tag}")
    return f"{repository}:{match[1]}{version}{match[5] or ''}"
