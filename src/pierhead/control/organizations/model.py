"""Organizations and projects: the places below an account; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pierhead.control.scopes import Scope

DEFAULT_ORGANIZATION = "default"
DEFAULT_PROJECT = "default_project"


@dataclass(frozen=True, slots=True)
class Organization:
    """``scope`` is the account it is in; ``place`` the scope that it is."""

    scope: Scope
    identifier: str
    name: str
    created_at: datetime
    last_modified_at: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    about: str = ""

    @property
    def place(self) -> Scope:
        return Scope(self.scope.account, self.identifier)


@dataclass(frozen=True, slots=True)
class Project:
    """``scope`` is the organization it is in; ``place`` the scope that it is. ``color`` and ``modules`` are kept for
    clients and mean nothing here."""

    scope: Scope
    identifier: str
    name: str
    created_at: datetime
    last_modified_at: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    color: str = ""
    modules: tuple[str, ...] = ()
    parent: str = ""
    about: str = ""

    @property
    def place(self) -> Scope:
        return Scope(self.scope.account, self.scope.org, self.identifier)


@dataclass(frozen=True, slots=True)
class OrganizationDraft:
    """What a user asks to be stored."""

    account: str
    identifier: str
    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Scope:
        return Scope(self.account, self.identifier)


@dataclass(frozen=True, slots=True)
class ProjectDraft:
    """What a user asks to be stored; ``scope`` is the organization. None for ``modules`` keeps what there is."""

    scope: Scope
    identifier: str
    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    color: str = ""
    modules: tuple[str, ...] | None = None

    @property
    def place(self) -> Scope:
        return Scope(self.scope.account, self.scope.org, self.identifier)


def organization_document(organization: Organization) -> dict[str, object]:
    """What clients see of it, but for its times."""
    return {
        "identifier": organization.identifier,
        "name": organization.name,
        "description": organization.description,
        "tags": dict(organization.tags),
    }


def project_document(project: Project) -> dict[str, object]:
    """What clients see of it, but for its times."""
    return {
        "orgIdentifier": project.scope.org,
        "identifier": project.identifier,
        "name": project.name,
        "color": project.color,
        "modules": list(project.modules),
        "description": project.description,
        "tags": dict(project.tags),
    }
