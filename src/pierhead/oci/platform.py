"""Platforms, and which image runs where; the matching is containerd's (containerd/platforms, ``Only``).

What runs on what: the same os; the same architecture, in the same or an older variant; at last the 32-bit sibling.
"""

import os
import re
import sys
from dataclasses import dataclass

from . import fields as json_fields
from .errors import InvalidDocumentError, InvalidPlatformError

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")
_OS = re.compile(r"([^()]+)(?:\(([^()]+)\))?")
_OS_ALIASES = {"macos": "darwin"}
_ARCHITECTURE_ALIASES: dict[str, tuple[str, str | None]] = {
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "i386": ("386", None),
    "i486": ("386", None),
    "i586": ("386", None),
    "i686": ("386", None),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv8l": ("arm", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "loongarch64": ("loong64", None),
}
_KEYS = ("os", "architecture", "variant", "os.version", "os.features")
_OTHER_ARCHITECTURE = 1000  # the 32-bit sibling ranks behind every variant


@dataclass(frozen=True, slots=True)
class Platform:
    """Fields as written, so documents keep their spelling; comparison goes by ``rank``, not by ``==``."""

    os: str
    architecture: str
    variant: str | None = None
    os_version: str | None = None
    os_features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for word in (self.os, self.architecture, self.variant, self.os_version, *self.os_features):
            if word is not None and not _WORD.fullmatch(word):
                raise InvalidPlatformError(str(self), "has a part that is empty, too long or has odd characters")

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """``os/architecture[/variant]`` in its usual spelling; os may carry a version: ``windows(10.0.20348)``."""
        head, *rest = text.split("/")
        match = _OS.fullmatch(head)
        if match is None or len(rest) not in (1, 2) or "" in rest:
            raise InvalidPlatformError(text, "is not of the form os/architecture[/variant]")
        system = match[1].lower()
        architecture, variant = _usual(rest[0].lower(), rest[1].lower() if len(rest) == 2 else None)
        try:
            return cls(_OS_ALIASES.get(system, system), architecture, variant, match[2])
        except InvalidPlatformError as error:
            raise InvalidPlatformError(text, error.reason) from None

    @classmethod
    def host(cls) -> "Platform":
        """What containers run as on this machine: Linux also on macOS, where runtimes keep a Linux machine."""
        machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "amd64")
        architecture, variant = _usual(machine.lower(), None)
        return cls("windows" if sys.platform == "win32" else "linux", architecture, variant)

    @classmethod
    def from_json(cls, value: object, where: str) -> "Platform | None":
        """None for an object that names neither os nor architecture. Raises InvalidDocumentError."""
        given = json_fields.mapping(value, where)
        json_fields.check_spelling(given, _KEYS, where)
        system, architecture, variant, version = (json_fields.text(given, key, where) or None for key in _KEYS[:4])
        if system is None and architecture is None:
            return None
        features = json_fields.texts(given, "os.features", where)
        try:
            return cls(system or "unknown", architecture or "unknown", variant, version, features)
        except InvalidPlatformError as error:
            raise InvalidDocumentError(where, error.reason) from None

    def to_json(self) -> dict[str, object]:
        values = (self.os, self.architecture, self.variant, self.os_version, list(self.os_features))
        return {key: value for key, value in zip(_KEYS, values, strict=True) if value}

    def satisfies(self, wanted: "Platform") -> bool:
        """Whether an image of this platform runs where ``wanted`` is asked for."""
        return self.rank(wanted) is not None

    def rank(self, wanted: "Platform") -> int | None:
        """0 when the image is exactly what is wanted, more the farther off, None when it does not run there."""
        if self.os.lower() != wanted.os.lower() or not _version_fits(self, wanted):
            return None
        if wanted.os_features and not set(self.os_features) <= set(wanted.os_features):
            return None
        return _rank(_usual(self.architecture, self.variant), _usual(wanted.architecture, wanted.variant))

    def __str__(self) -> str:
        version = f"({self.os_version})" if self.os_version else ""
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.os}{version}/{self.architecture}{variant}"


def _usual(architecture: str, variant: str | None) -> tuple[str, str | None]:
    """Architecture and variant in the spelling of the specs; a variant that goes without saying is left out."""
    architecture, implied = _ARCHITECTURE_ALIASES.get(architecture.lower(), (architecture.lower(), None))
    variant = (variant or implied or "").lower()
    if architecture in ("arm", "arm64", "amd64") and variant[:1].isdigit():
        variant = f"v{variant}"
    unsaid = {("amd64", "v1"), ("arm64", "v8"), ("arm64", "v8.0")}
    if architecture == "arm" and not variant:
        variant = "v7"
    return architecture, None if not variant or (architecture, variant) in unsaid else variant


def _rank(image: tuple[str, str | None], wanted: tuple[str, str | None]) -> int | None:
    if image == wanted:
        return 0
    if image[0] == wanted[0]:
        return _steps_down(_level(*image), _level(*wanted))
    if wanted[0] == "amd64" and image == ("386", None):
        return _OTHER_ARCHITECTURE
    if wanted[0] == "arm64" and image[0] == "arm":
        steps = _steps_down(_level(*image), 8)
        return None if steps is None else _OTHER_ARCHITECTURE + steps
    return None


def _steps_down(image: int | None, wanted: int | None) -> int | None:
    return wanted - image if image is not None and wanted is not None and image <= wanted else None


def _level(architecture: str, variant: str | None) -> int | None:
    """A number that grows with what the processor can; None where variants have no order."""
    match = re.fullmatch(r"v([1-9])(?:\.(\d))?", variant or {"amd64": "v1", "arm64": "v8"}.get(architecture, ""))
    if match is None or (match[2] and architecture != "arm64"):
        return None
    major, minor = int(match[1]), int(match[2] or 0)
    if architecture == "arm64":  # v9.0 contains v8.5, v9.1 contains v8.6, ...; the odd numbers are v9's
        return {8: 2 * minor, 9: 2 * (minor + 5) + 1}.get(major)
    lowest = {"amd64": 1, "arm": 5}.get(architecture)
    return major if lowest is not None and major >= lowest else None


def _version_fits(image: Platform, wanted: Platform) -> bool:
    """Windows images run on hosts of their own build: major.minor.build must agree where both say it."""
    if wanted.os.lower() != "windows" or not image.os_version or not wanted.os_version:
        return True
    return image.os_version.split(".")[:3] == wanted.os_version.split(".")[:3]
