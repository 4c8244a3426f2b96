"""Service accounts on the wire (harness-api §6.3)."""

from collections.abc import Iterable
from typing import Self

from pydantic import Field

from pierhead.control.access import ServiceAccount, ServiceAccountDraft, service_account_document
from pierhead.control.scopes import Scope
from pierhead.kit.clock import to_epoch_ms

from .common import Identifier, Name, OptionalText, Received, Tags, Wire
from .grants import AssignmentNote


class ServiceAccountIn(Received):
    identifier: Identifier
    name: Name
    email: str | None = None
    description: str | None = None
    tags: Tags = Field(default_factory=dict)
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None

    def scope(self, account: str) -> Scope:
        return Scope(account, self.org_identifier, self.project_identifier)

    def draft(self, scope: Scope) -> ServiceAccountDraft:
        return ServiceAccountDraft(
            scope, self.identifier, self.name, self.email or "", self.description or "", self.tags
        )


class ServiceAccountOut(Wire):
    identifier: str
    name: str
    email: str
    description: str
    tags: dict[str, str]
    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None
    governance_metadata: None = None

    @classmethod
    def of(cls, account: ServiceAccount) -> Self:
        return cls.model_validate(service_account_document(account))


class ServiceAccountAggregate(Wire):
    service_account: ServiceAccountOut
    created_at: int
    last_modified_at: int
    tokens_count: int
    role_assignments: list[AssignmentNote] = Field(serialization_alias="roleAssignmentsMetadataDTO")

    @classmethod
    def of(cls, account: ServiceAccount, tokens: int, assignments: Iterable[AssignmentNote]) -> Self:
        return cls(
            service_account=ServiceAccountOut.of(account),
            created_at=to_epoch_ms(account.created_at),
            last_modified_at=to_epoch_ms(account.last_modified_at),
            tokens_count=tokens,
            role_assignments=list(assignments),
        )
