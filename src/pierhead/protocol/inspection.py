"""The task that finds out what gates want to know about an image, and what comes back; values only, no behaviour.

Facts, and problems where facts could not be had. What they mean for trust is decided where the policy is kept.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .access import RegistryAccess
from .message import Message


class InspectionKey(Message):
    """A public key to try signatures with; ``id`` is repeated in what it verified."""

    id: str
    pem: Annotated[str, Field(max_length=20_000)]


class InspectTask(Message):
    """``digest``: look at that, whatever the tag of ``reference`` says now.

    ``platforms`` (``os/architecture``): whose packages are wanted; none means every one. ``read_layers``: whether the
    image's layers are read for packages; ``withoutSbom``: unless there is an SBOM, attested by a key where there are
    keys.
    """

    kind: Literal["inspect"] = "inspect"
    registry: RegistryAccess
    reference: str
    digest: str | None = None
    keys: Annotated[tuple[InspectionKey, ...], Field(max_length=50)] = ()
    read_layers: Literal["never", "withoutSbom", "always"] = "never"
    platforms: Annotated[tuple[str, ...], Field(max_length=50)] = ()


class Problem(Message):
    """What could not be looked at, and why; ``code`` is stable."""

    code: str
    message: str


class InspectedImage(Message):
    """One platform's image. ``size_bytes``: config and layers as transferred. ``created`` and ``labels`` are its own
    words."""

    platform: str
    digest: str
    size_bytes: int
    media_types: tuple[str, ...]
    created: datetime | None = None
    labels: dict[str, str] = Field(default_factory=dict)


class InspectedSignature(Message):
    """A signature that the key ``key`` verified, over ``subject``. ``name``: what the image was signed as, empty where
    the form has none. ``predicate``: of an attestation."""

    subject: str
    key: str
    name: str = ""
    predicate: str = ""


class InspectedSbom(Message):
    """``digest``: of the document. ``keys``: of those who attested it. ``package_count``: how many have a purl."""

    subject: str
    format: str
    digest: str
    package_count: int
    keys: tuple[str, ...] = ()


class PackageList(Message):
    """Packages of the image ``subject`` as purls. ``source``: ``sbom`` or ``layers``."""

    subject: str
    source: Literal["sbom", "layers"]
    purls: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


class InspectResult(Message):
    """``reference`` with its registry, ``digest`` what was looked at. Each list stands beside the problems met while it
    was made: an empty list with problems means that nothing is known."""

    kind: Literal["inspect"] = "inspect"
    reference: str
    digest: str
    media_type: str
    size_bytes: int
    images: tuple[InspectedImage, ...] = ()
    image_problems: tuple[Problem, ...] = ()
    signatures: tuple[InspectedSignature, ...] = ()
    signatures_seen: int = 0
    signatures_rejected: tuple[str, ...] = ()
    signature_problems: tuple[Problem, ...] = ()
    sboms: tuple[InspectedSbom, ...] = ()
    sbom_problems: tuple[Problem, ...] = ()
    packages: tuple[PackageList, ...] = ()
