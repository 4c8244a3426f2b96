"""Organizations and projects, the places below an account."""

from .errors import (
    InvalidPlaceError,
    PlaceChangeError,
    PlaceExistsError,
    PlaceInUseError,
    PlaceMissingError,
    PlaceNotFoundError,
)
from .model import (
    DEFAULT_ORGANIZATION,
    DEFAULT_PROJECT,
    Organization,
    OrganizationDraft,
    Project,
    ProjectDraft,
    organization_document,
    project_document,
)
from .ports import ChangedByDeletion, OrganizationStore, OrganizationTransaction, PlaceContents, PlaceTransaction
from .presence import check_place
from .service import OrganizationService, ProjectService

__all__ = [
    "DEFAULT_ORGANIZATION",
    "DEFAULT_PROJECT",
    "ChangedByDeletion",
    "InvalidPlaceError",
    "Organization",
    "OrganizationDraft",
    "OrganizationService",
    "OrganizationStore",
    "OrganizationTransaction",
    "PlaceChangeError",
    "PlaceContents",
    "PlaceExistsError",
    "PlaceInUseError",
    "PlaceMissingError",
    "PlaceNotFoundError",
    "PlaceTransaction",
    "Project",
    "ProjectDraft",
    "ProjectService",
    "check_place",
    "organization_document",
    "project_document",
]
