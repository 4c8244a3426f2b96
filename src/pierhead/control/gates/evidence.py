"""What was found out about an image before it is trusted: facts, and what could not be found out.

``NotKnown`` stands wherever nobody could look. It is never read as "nothing found": ``decide`` takes it as "could not
check", which blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .settings import Severity


@dataclass(frozen=True, slots=True)
class NotKnown:
    """``code`` is stable, ``words`` say why there is nothing to know."""

    code: str
    words: str


NOT_ASKED = NotKnown("not-collected", "nobody has looked")


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """One platform's image. ``size``: bytes of config and layers as transferred; ``created`` is what it says itself."""

    platform: str
    digest: str
    size: int
    media_types: tuple[str, ...] = ()
    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contents:
    """``media_type`` of the document the digest names; ``images`` has one entry where that is no index."""

    media_type: str
    images: tuple[PlatformImage, ...]


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """``subject``: the digest that was signed. ``key``: id of the key that verified. ``name``: the image name it was
    signed as, empty where its form has none. ``predicate``: of an attestation, empty for a plain signature."""

    subject: str
    key: str
    name: str = ""
    predicate: str = ""


@dataclass(frozen=True, slots=True)
class Signatures:
    """``seen``: how many were looked at. ``problems``: what kept us from looking at others. ``rejected``: why those
    that were looked at and do not count do not."""

    verified: tuple[VerifiedSignature, ...] = ()
    seen: int = 0
    problems: tuple[NotKnown, ...] = ()
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundSbom:
    """``subject``: digest of the image it describes. ``keys``: ids of keys that verified its attestation."""

    subject: str
    format: str
    digest: str
    packages: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sboms:
    found: tuple[FoundSbom, ...] = ()
    problems: tuple[NotKnown, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """An advisory that fits a package. ``ids``: its own id first, then other names of it. ``fixed``: empty where no
    fixed version is known. ``score``: CVSS base score, None where there is none."""

    ids: tuple[str, ...]
    package: str
    installed: str
    severity: Severity
    fixed: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class VulnerabilityReport:
    """``as_of``: how new the advisories are, the oldest of those used. ``unread``: what no scanner looked into."""

    scanner: str
    as_of: datetime | None
    packages: int
    findings: tuple[Finding, ...] = ()
    unread: tuple[NotKnown, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """``digest``: what was approved; an approval of another digest is none."""

    by: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """About one digest. ``name``: ``registry/repository`` as it is asked for; ``origin_name``: where it was mirrored
    from, empty when it was not. ``requested_by``: key of the principal who wants it trusted."""

    digest: str
    name: str
    tag: str | None = None
    origin_name: str = ""
    first_seen_at: datetime | NotKnown = NOT_ASKED
    contents: Contents | NotKnown = NOT_ASKED
    signatures: Signatures | NotKnown = NOT_ASKED
    sboms: Sboms | NotKnown = NOT_ASKED
    vulnerabilities: VulnerabilityReport | NotKnown = NOT_ASKED
    approvals: tuple[Approval, ...] | NotKnown = NOT_ASKED
    requested_by: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it goes by, with and without its tag."""
        known = [name for name in (self.name, self.origin_name) if name]
        return tuple(known + [f"{name}:{self.tag}" for name in known if self.tag])
