"""The CI's own images: which there are, what for, at which version."""

from .catalogue import Catalogue, ScannerImage, repository_of
from .errors import (
    InvalidImageValueError,
    InvalidInfraError,
    NoCanaryError,
    NoImageError,
    PinSetElsewhereError,
    PinSetNotFoundError,
    ReleaseLineFileError,
    UnknownFieldError,
    UnknownLineError,
    UnsupportedInfraError,
    UnusablePinError,
    words_of,
)
from .history import PinHistory
from .image_version import ImageVersion, at_version, tag_of, version_of
from .line_files import CALENDAR_FILE, parsed, read_capped
from .model import CatalogueField, DeprecatedPin, Infra, Pin, deprecated, effective, is_too_old, overrides
from .pin_sets import Because, PinChange, PinDifference, Pinned, PinSet, PinSetCause, Preflight, differences, pinned
from .pin_values import warning_about
from .ports import PinRows, PinSetRows, PinStore, PinTransaction
from .release_lines import Hotfix, ReleaseLine
from .service import CatalogueService
from .support import Support, SupportState, state_of_line, support_of
from .versions import VersionChoice, VersionSource, choose_version

__all__ = [
    "CALENDAR_FILE",
    "Because",
    "Catalogue",
    "CatalogueField",
    "CatalogueService",
    "DeprecatedPin",
    "Hotfix",
    "ImageVersion",
    "Infra",
    "InvalidImageValueError",
    "InvalidInfraError",
    "NoCanaryError",
    "NoImageError",
    "Pin",
    "PinChange",
    "PinDifference",
    "PinHistory",
    "PinRows",
    "PinSet",
    "PinSetCause",
    "PinSetElsewhereError",
    "PinSetNotFoundError",
    "PinSetRows",
    "PinStore",
    "PinTransaction",
    "Pinned",
    "Preflight",
    "ReleaseLine",
    "ReleaseLineFileError",
    "ScannerImage",
    "Support",
    "SupportState",
    "UnknownFieldError",
    "UnknownLineError",
    "UnsupportedInfraError",
    "UnusablePinError",
    "VersionChoice",
    "VersionSource",
    "at_version",
    "choose_version",
    "deprecated",
    "differences",
    "effective",
    "is_too_old",
    "overrides",
    "parsed",
    "pinned",
    "read_capped",
    "repository_of",
    "state_of_line",
    "support_of",
    "tag_of",
    "version_of",
    "warning_about",
    "words_of",
]
