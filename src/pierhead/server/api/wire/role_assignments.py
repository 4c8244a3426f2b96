"""Role assignments on the wire (harness-api §6.3)."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field

from pierhead.control.access import LEVELS, AssignmentDraft, RoleAssignment, render_assignment
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.clock import to_epoch_ms

from .common import Identifier, OptionalText, Received, Wire
from .resource_groups import ResourceGroupOut
from .roles import OR_NULL, LevelWord, RoleItem, ScopeOut

MAX_AT_ONCE = 200
MAX_FILTER = 1000
ShortText = Annotated[str, Field(max_length=200)]


Words = Annotated[list[ShortText], OR_NULL, Field(max_length=MAX_FILTER)]
Level = Annotated[LevelWord | None, BeforeValidator(lambda value: value or None)]


class PrincipalIn(Received):
    """USER_GROUP and other types are read, and there is never one of them."""

    identifier: Annotated[str, Field(min_length=1, max_length=320)]
    type: Literal["USER", "SERVICE_ACCOUNT", "USER_GROUP", "SERVICE", "API_KEY"]
    scope_level: Level = None


class RoleReferenceIn(Received):
    identifier: ShortText = ""
    scope_level: Level = None


class RoleAssignmentBody(Received):
    """``managed`` and ``internal`` are not for clients to say, and passed over."""

    identifier: Annotated[Identifier | None, BeforeValidator(lambda value: value or None)] = None
    resource_group_identifier: OptionalText = None
    role_identifier: OptionalText = None
    role_reference: RoleReferenceIn | None = None
    principal: PrincipalIn
    disabled: bool = False

    @property
    def principal_type(self) -> PrincipalType | None:
        """None for a type of principal that there is not here."""
        kind = self.principal.type
        return PrincipalType(kind) if kind in ("USER", "SERVICE_ACCOUNT") else None

    @property
    def role(self) -> str:
        return self.role_identifier or (self.role_reference.identifier if self.role_reference else "")

    def draft(self, scope: Scope, kind: PrincipalType) -> AssignmentDraft:
        level = self.principal.scope_level
        return AssignmentDraft(
            scope=scope,
            role=self.role,
            principal_type=kind,
            principal=self.principal.identifier,
            resource_group=self.resource_group_identifier or "",
            identifier=self.identifier or "",
            level=LEVELS[level] if level else None,
            is_disabled=self.disabled,
        )


class RoleAssignmentsBody(Received):
    role_assignments: Annotated[list[RoleAssignmentBody], Field(max_length=MAX_AT_ONCE)]


class PrincipalFilter(Received):
    identifier: ShortText = ""
    type: ShortText = ""


class RoleAssignmentFilterBody(Received):
    """An empty field restricts nothing."""

    resource_group_filter: Words = Field(default_factory=list)
    role_filter: Words = Field(default_factory=list)
    principal_type_filter: Words = Field(default_factory=list)
    principal_filter: Annotated[list[PrincipalFilter], OR_NULL] = Field(default_factory=list, max_length=MAX_FILTER)
    harness_managed_filter: Annotated[list[bool], OR_NULL, Field(max_length=10)] = Field(default_factory=list)
    disabled_filter: Annotated[list[bool], OR_NULL, Field(max_length=10)] = Field(default_factory=list)

    def takes(self, assignment: RoleAssignment) -> bool:
        principal = assignment.principal
        is_wanted = not self.principal_filter or any(
            each.identifier == principal.identifier and each.type in ("", principal.type)
            for each in self.principal_filter
        )
        return is_wanted and all(
            not wanted or value in wanted
            for value, wanted in (
                (assignment.resource_group, self.resource_group_filter),
                (assignment.role, self.role_filter),
                (principal.type, self.principal_type_filter),
                (assignment.is_managed, self.harness_managed_filter),
                (assignment.is_disabled, self.disabled_filter),
            )
        )


class ValidationBody(Received):
    role_assignment: RoleAssignmentBody
    validate_principal: bool = False
    validate_role: bool = False
    validate_resource_group: bool = False


class PrincipalOut(Wire):
    scope_level: LevelWord
    identifier: str
    type: str


class RoleReferenceOut(Wire):
    identifier: str
    scope_level: LevelWord


class RoleAssignmentOut(Wire):
    identifier: str
    resource_group_identifier: str
    role_identifier: str
    role_reference: RoleReferenceOut
    principal: PrincipalOut
    disabled: bool
    managed: bool
    internal: bool

    @classmethod
    def of(cls, assignment: RoleAssignment) -> Self:
        return cls.model_validate(render_assignment(assignment))


class RoleAssignmentItem(Wire):
    role_assignment: RoleAssignmentOut
    scope: ScopeOut
    created_at: int
    last_modified_at: int
    harness_managed: bool

    @classmethod
    def of(cls, assignment: RoleAssignment) -> Self:
        return cls(
            role_assignment=RoleAssignmentOut.of(assignment),
            scope=ScopeOut.of(assignment.scope),
            created_at=to_epoch_ms(assignment.created_at),
            last_modified_at=to_epoch_ms(assignment.last_modified_at),
            harness_managed=assignment.is_managed,
        )


class RoleAssignmentAggregate(Wire):
    """Assignments with the roles and resource groups that they speak of, each once."""

    role_assignments: list[RoleAssignmentOut]
    scope: ScopeOut
    roles: list[RoleItem]
    resource_groups: list[ResourceGroupOut]


class Named(Wire):
    identifier: str
    name: str


class RoleAssignmentDetail(Wire):
    """One assignment with the names of what it is made of."""

    identifier: str
    principal: PrincipalOut
    role: Named
    resource_group: Named
    scope: ScopeOut
    disabled: bool
    harness_managed: bool
    created_at: int
    last_modified_at: int


class ValidationResult(Wire):
    valid: bool
    error_message: str | None = None


class ValidationAnswer(Wire):
    """Null for what was not asked."""

    principal_validation_result: ValidationResult | None = None
    role_validation_result: ValidationResult | None = None
    resource_group_validation_result: ValidationResult | None = None
