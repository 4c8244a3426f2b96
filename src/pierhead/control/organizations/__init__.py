"""Organizations and projects, the places below an account."""

from .errors import InvalidPlaceError, PlaceExistsError, PlaceInUseError, PlaceNotFoundError
from .model import DEFAULT_ORGANIZATION, DEFAULT_PROJECT, Organization, Project
from .ports import OrganizationStore, OrganizationTransaction, PlaceTransaction
from .presence import check_place

__all__ = [
    "DEFAULT_ORGANIZATION",
    "DEFAULT_PROJECT",
    "InvalidPlaceError",
    "Organization",
    "OrganizationStore",
    "OrganizationTransaction",
    "PlaceExistsError",
    "PlaceInUseError",
    "PlaceNotFoundError",
    "PlaceTransaction",
    "Project",
    "check_place",
]
