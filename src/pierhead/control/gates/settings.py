"""The gates of a policy, each with what it wants to see; pure values, refused where they could never be right.

None of them says what an image is: that is evidence, and ``decide`` brings both together.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pierhead.oci.errors import InvalidPlatformError
from pierhead.oci.platform import Platform

from .errors import InvalidGateError
from .globs import fault_of_glob
from .keys import key_id

MAX_RULES = 200
MAX_KEYS = 20
MAX_IGNORED = 1000
MAX_TEXT = 1000
SIGNED = "https://sigstore.dev/cosign/sign/v1"
"""The predicate by which the newer form of a cosign signature says that it is one."""


class GateKind(StrEnum):
    MINIMUM_AGE = "minimumAge"
    IMAGE_RULES = "imageRules"
    MAXIMUM_SIZE = "maximumSize"
    PLATFORMS = "platforms"
    SIGNATURE = "signature"
    SBOM = "sbom"
    VULNERABILITIES = "vulnerabilities"
    APPROVAL = "approval"


class Severity(StrEnum):
    """``UNKNOWN``: an advisory that names none."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MinimumAge:
    """Days since this digest was first seen under its tag, by our own ledger: dates in an image can be made up."""

    days: float
    kind: Literal["minimumAge"] = "minimumAge"

    def __post_init__(self) -> None:
        if not 0 < self.days <= 3650:
            raise InvalidGateError(self.kind, "days must be more than 0 and at most 3,650")


@dataclass(frozen=True, slots=True)
class ImageRule:
    """Globs over ``registry/repository`` and the tag; ``*`` stays within a path part, ``**`` crosses them."""

    repository: str = "**"
    tag: str = "*"

    def __post_init__(self) -> None:
        for word, glob in (("repository", self.repository), ("tag", self.tag)):
            if (fault := fault_of_glob(glob)) is not None:
                raise InvalidGateError("imageRules", f"the {word} pattern {glob!r} {fault}")


@dataclass(frozen=True, slots=True)
class ImageRules:
    """``deny`` wins. Where ``allow`` is given, one of it must fit. ``media_types``: of manifests, configs and layers;
    where given, no other may occur."""

    allow: tuple[ImageRule, ...] = ()
    deny: tuple[ImageRule, ...] = ()
    media_types: tuple[str, ...] = ()
    kind: Literal["imageRules"] = "imageRules"

    def __post_init__(self) -> None:
        if not (self.allow or self.deny or self.media_types):
            raise InvalidGateError(self.kind, "give at least one of allow, deny and mediaTypes")
        if max(len(self.allow), len(self.deny), len(self.media_types)) > MAX_RULES:
            raise InvalidGateError(self.kind, f"more than {MAX_RULES} entries in one list")


@dataclass(frozen=True, slots=True)
class MaximumSize:
    """Bytes as transferred, config and layers, of each platform's image."""

    bytes: int
    kind: Literal["maximumSize"] = "maximumSize"

    def __post_init__(self) -> None:
        if not 0 < self.bytes < 2**53:
            raise InvalidGateError(self.kind, "bytes must be more than 0")


@dataclass(frozen=True, slots=True)
class Platforms:
    """Each of ``required`` (``os/architecture[/variant]``) must be there, exactly or in a form that runs on it."""

    required: tuple[str, ...]
    kind: Literal["platforms"] = "platforms"

    def __post_init__(self) -> None:
        if not 1 <= len(self.required) <= 50:
            raise InvalidGateError(self.kind, "name between 1 and 50 platforms")
        for text in self.required:
            try:
                Platform.parse(text)
            except InvalidPlatformError as error:
                raise InvalidGateError(self.kind, error.message, hint=error.hint) from None


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """``pem``: a public key. ECDSA on P-256 or P-384, RSA from 2,048 bits on, Ed25519."""

    name: str
    pem: str

    @property
    def id(self) -> str:
        """SHA-256 of the key itself, so that two spellings of one PEM are one key. Raises InvalidGateError."""
        return key_id(self.pem)


@dataclass(frozen=True, slots=True)
class Signature:
    """``threshold`` different ones of ``keys`` must have signed. ``index`` wants the index itself signed, ``platforms``
    each platform's image, ``either`` one of both: a signed index holds the digests of its images.

    ``names``: globs over the name that the signature was made for. Without any it must be the image's own name, where
    the form of the signature has one. ``attestations``: predicate types that count as well.
    """

    keys: tuple[VerificationKey, ...]
    threshold: int = 1
    covers: Literal["index", "platforms", "either"] = "either"
    names: tuple[str, ...] = ()
    attestations: tuple[str, ...] = ()
    kind: Literal["signature"] = "signature"

    def __post_init__(self) -> None:
        if not 1 <= len(self.keys) <= MAX_KEYS:
            raise InvalidGateError(self.kind, f"give between 1 and {MAX_KEYS} keys")
        different = len({key.id for key in self.keys})
        if not 1 <= self.threshold <= different:
            raise InvalidGateError(self.kind, f"threshold must be between 1 and the {different} different keys")
        if max(len(self.names), len(self.attestations)) > MAX_RULES:
            raise InvalidGateError(self.kind, f"more than {MAX_RULES} entries in one list")
        for glob in self.names:
            if (fault := fault_of_glob(glob)) is not None:
                raise InvalidGateError(self.kind, f"the name pattern {glob!r} {fault}")


@dataclass(frozen=True, slots=True)
class Sbom:
    """``keys``: where given, the SBOM must be attested by one of them; an unsigned one is what anybody may claim."""

    keys: tuple[VerificationKey, ...] = ()
    kind: Literal["sbom"] = "sbom"

    def __post_init__(self) -> None:
        if len(self.keys) > MAX_KEYS:
            raise InvalidGateError(self.kind, f"give at most {MAX_KEYS} keys")
        for key in self.keys:
            key.id  # noqa: B018 - raises for what is no key


@dataclass(frozen=True, slots=True)
class Ignored:
    """An advisory that does not count until ``expires_at``, by one of its ids."""

    id: str
    reason: str
    expires_at: datetime

    def __post_init__(self) -> None:
        if not self.id or len(self.id) > 100:
            raise InvalidGateError("vulnerabilities", "an ignored advisory has no id")
        if not self.reason.strip() or len(self.reason) > MAX_TEXT:
            raise InvalidGateError("vulnerabilities", f"the ignored advisory {self.id} has no reason")
        if self.expires_at.tzinfo is None:
            raise InvalidGateError("vulnerabilities", f"the end of the ignored advisory {self.id} has no time zone")


@dataclass(frozen=True, slots=True)
class Vulnerabilities:
    """At most so many findings of each severity, any number where None.

    ``only_fixed``: findings without a fixed version do not count. ``database_max_age_days``: of what the advisories
    say, not of when they were imported. ``read_layers``: whether packages are read out of the image's own layers;
    an SBOM without a signature says what its maker wants it to.
    """

    critical: int | None = 0
    high: int | None = None
    medium: int | None = None
    low: int | None = None
    unknown: int | None = None
    only_fixed: bool = False
    ignore: tuple[Ignored, ...] = ()
    database_max_age_days: float = 7.0
    read_layers: Literal["never", "withoutSbom", "always"] = "withoutSbom"
    kind: Literal["vulnerabilities"] = "vulnerabilities"

    def __post_init__(self) -> None:
        limits = [self.limit(severity) for severity in Severity]
        if all(limit is None for limit in limits):
            raise InvalidGateError(self.kind, "give a limit for at least one severity")
        if any(limit is not None and not 0 <= limit <= 1_000_000 for limit in limits):
            raise InvalidGateError(self.kind, "limits are between 0 and 1,000,000")
        if not 0 < self.database_max_age_days <= 3650:
            raise InvalidGateError(self.kind, "databaseMaxAgeDays must be more than 0 and at most 3,650")
        if len(self.ignore) > MAX_IGNORED:
            raise InvalidGateError(self.kind, f"at most {MAX_IGNORED} advisories can be ignored")

    def limit(self, severity: Severity) -> int | None:
        limits = {
            Severity.CRITICAL: self.critical,
            Severity.HIGH: self.high,
            Severity.MEDIUM: self.medium,
            Severity.LOW: self.low,
            Severity.UNKNOWN: self.unknown,
        }
        return limits[severity]


@dataclass(frozen=True, slots=True)
class ApprovalRequired:
    """So many different people, none of whom asked for the promotion, approved this digest."""

    count: int = 1
    kind: Literal["approval"] = "approval"

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 20:
            raise InvalidGateError(self.kind, "count must be between 1 and 20")


Gate = MinimumAge | ImageRules | MaximumSize | Platforms | Signature | Sbom | Vulnerabilities | ApprovalRequired
