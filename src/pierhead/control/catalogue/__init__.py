"""The CI's own images: which there are, what for, at which version."""

from .catalogue import Catalogue, ScannerImage, repository_of
from .errors import (
    InvalidImageValueError,
    InvalidInfraError,
    NoImageError,
    UnknownFieldError,
    UnknownLineError,
    UnsupportedInfraError,
    UnusablePinError,
)
from .model import CatalogueField, DeprecatedPin, Infra, Pin, deprecated, effective, is_too_old, overrides, tag_of
from .pin_values import warning_about
from .ports import PinRows, PinStore, PinTransaction
from .service import CatalogueService
from .versions import VersionChoice, VersionSource, choose_version

__all__ = [
    "Catalogue",
    "CatalogueField",
    "CatalogueService",
    "DeprecatedPin",
    "Infra",
    "InvalidImageValueError",
    "InvalidInfraError",
    "NoImageError",
    "Pin",
    "PinRows",
    "PinStore",
    "PinTransaction",
    "ScannerImage",
    "UnknownFieldError",
    "UnknownLineError",
    "UnsupportedInfraError",
    "UnusablePinError",
    "VersionChoice",
    "VersionSource",
    "choose_version",
    "deprecated",
    "effective",
    "is_too_old",
    "overrides",
    "repository_of",
    "tag_of",
    "warning_about",
]
