"""Organizations and projects on the wire, as the reference's clients send and read them."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field

from pierhead.control.organizations import (
    Organization,
    OrganizationDraft,
    Project,
    ProjectDraft,
    organization_document,
    project_document,
)
from pierhead.control.scopes import Scope
from pierhead.kit.clock import to_epoch_ms

from .common import Identifier, Name, OptionalText, Received, Tags, Wire

Description = Annotated[str | None, Field(max_length=1024)]
Module = Annotated[str, Field(max_length=64)]


def _none_as_text(value: object) -> object:
    return "" if value is None else value


Color = Annotated[str, BeforeValidator(_none_as_text), Field(max_length=64)]


class OrganizationIn(Received):
    identifier: Identifier
    name: Name
    description: Description = None
    tags: Tags = Field(default_factory=dict, max_length=128)


class OrganizationBody(Received):
    organization: OrganizationIn

    def draft(self, account: str) -> OrganizationDraft:
        sent = self.organization
        return OrganizationDraft(account, sent.identifier, sent.name, sent.description or "", sent.tags)


class OrganizationOut(Wire):
    identifier: str
    name: str
    description: str
    tags: dict[str, str]


class OrganizationItem(Wire):
    """``harnessManaged``: whether it may not be changed; here, all may."""

    organization: OrganizationOut
    created_at: int
    last_modified_at: int
    harness_managed: bool = False

    @classmethod
    def of(cls, organization: Organization) -> Self:
        return cls(
            organization=OrganizationOut.model_validate(organization_document(organization)),
            created_at=to_epoch_ms(organization.created_at),
            last_modified_at=to_epoch_ms(organization.last_modified_at),
        )


class ProjectIn(Received):
    """Clients send ``orgIdentifier`` here, in the query, or in both; ``modules`` means nothing here and is kept."""

    identifier: Identifier
    name: Name
    org_identifier: OptionalText = None
    color: Color = ""
    modules: Annotated[list[Module] | None, Field(max_length=64)] = None
    description: Description = None
    tags: Tags = Field(default_factory=dict, max_length=128)


class ProjectBody(Received):
    project: ProjectIn

    def draft(self, scope: Scope) -> ProjectDraft:
        sent = self.project
        return ProjectDraft(
            scope=scope,
            identifier=sent.identifier,
            name=sent.name,
            description=sent.description or "",
            tags=sent.tags,
            color=sent.color,
            modules=None if sent.modules is None else tuple(sent.modules),
        )


class ProjectOut(Wire):
    org_identifier: str
    identifier: str
    name: str
    color: str
    modules: list[str]
    description: str
    tags: dict[str, str]


class ProjectItem(Wire):
    project: ProjectOut
    created_at: int
    last_modified_at: int
    is_favorite: bool = False

    @classmethod
    def of(cls, project: Project) -> Self:
        return cls(
            project=ProjectOut.model_validate(project_document(project)),
            created_at=to_epoch_ms(project.created_at),
            last_modified_at=to_epoch_ms(project.last_modified_at),
        )
