"""Infrastructures, image fields, pins, and the rules between a pin and a default (harness-api §3); pure.

The fields, their purposes and default images are data (``data/``, read in ``catalogue``); no image is named here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pierhead.control.scopes import Scope

from .errors import InvalidInfraError, UnsupportedInfraError
from .image_version import tag_of, version_of

_HOSTED = "DLITE_VM"
_MINORS_SUPPORTED = 2


class Infra(StrEnum):
    K8 = "K8"
    VM = "VM"

    @classmethod
    def parse(cls, text: str) -> "Infra":
        """In any case. Raises InvalidInfraError, UnsupportedInfraError."""
        upper = text.strip().upper()
        if upper == _HOSTED:
            raise UnsupportedInfraError(_HOSTED)
        if upper not in cls.__members__:
            raise InvalidInfraError(text)
        return cls(upper)


@dataclass(frozen=True, slots=True)
class CatalogueField:
    """A setting that holds one image; ``infras`` are the infrastructures that have it."""

    name: str
    purpose: str
    infras: frozenset[Infra]
    has_support_window: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """An override of the default image of one field: of the account, or of one organization or project in it."""

    account: str
    infra: Infra
    field: str
    value: str
    updated_at: datetime
    updated_by: str
    org: str | None = None
    project: str | None = None

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.org, self.project)


@dataclass(frozen=True, slots=True)
class DeprecatedPin:
    """A pin that fell out of the support window: builds go on, and somebody should know."""

    infra: Infra
    field: str
    image: str
    version: str
    default_image: str


def effective(defaults: Mapping[str, str], pins: Iterable[Pin]) -> dict[str, str]:
    """Every field with its image: the pins laid over the defaults."""
    return {**defaults, **overrides(pins)}


def overrides(pins: Iterable[Pin]) -> dict[str, str]:
    """The pinned fields alone; empty when none is."""
    return {pin.field: pin.value for pin in pins}


def deprecated(pins: Iterable[Pin], defaults: Mapping[str, str]) -> tuple[DeprecatedPin, ...]:
    """The pins whose version is more than two minor releases behind the default's. Unreadable versions are let be."""
    return tuple(
        DeprecatedPin(pin.infra, pin.field, pin.value, tag_of(pin.value), defaults[pin.field])
        for pin in pins
        if pin.field in defaults and is_too_old(pin.value, defaults[pin.field])
    )


def is_too_old(image: str, default_image: str) -> bool:
    version, default = version_of(image), version_of(default_image)
    if version is None or default is None:
        return False
    is_older_major = version.major < default.major
    return is_older_major or (version.major == default.major and default.minor - version.minor > _MINORS_SUPPORTED)
