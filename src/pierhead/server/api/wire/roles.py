"""Roles and permissions on the wire (harness-api §6.1, §6.3)."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from pierhead.control.access import (
    LEVELS,
    Permission,
    Role,
    RoleDraft,
    level_words,
    levels_of,
    render_role,
    render_scope,
    resource_type_of,
)
from pierhead.control.scopes import Level, Scope
from pierhead.kit.clock import to_epoch_ms

from .common import Identifier, Name, Received, Tags, Wire

LevelWord = Literal["account", "organization", "project"]
MAX_PERMISSIONS = 500
MAX_TEXT = 1024
OR_NULL = BeforeValidator(lambda value: [] if value is None else value)
"""For a list that clients send as null when it is empty."""


def _capped(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > 128 or any(len(text) > 128 for pair in tags.items() for text in pair):
        raise PydanticCustomError("tags", "there can be 128 tags with keys and values of 128 characters")
    return tags


def levels_from(words: list[LevelWord]) -> frozenset[Level]:
    return frozenset(LEVELS[word] for word in words)


FewTags = Annotated[Tags, AfterValidator(_capped)]
Words = Annotated[list[LevelWord], OR_NULL, Field(max_length=10)]
Text = Annotated[str | None, Field(max_length=MAX_TEXT)]


class ScopeOut(Wire):
    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None

    @classmethod
    def of(cls, scope: Scope) -> Self:
        return cls.model_validate(render_scope(scope))


class RoleBody(Received):
    identifier: Identifier
    name: Name
    permissions: Annotated[list[Permission], OR_NULL, Field(max_length=MAX_PERMISSIONS)] = Field(default_factory=list)
    allowed_scope_levels: Words = Field(default_factory=list)
    description: Text = None
    tags: FewTags = Field(default_factory=dict)

    def draft(self, scope: Scope) -> RoleDraft:
        return RoleDraft(
            scope=scope,
            identifier=self.identifier,
            name=self.name,
            permissions=frozenset(self.permissions),
            levels=levels_from(self.allowed_scope_levels),
            description=self.description or "",
            tags=self.tags,
        )


class RoleOut(Wire):
    identifier: str
    name: str
    permissions: list[str]
    allowed_scope_levels: list[LevelWord]
    description: str
    tags: dict[str, str]


class RoleItem(Wire):
    role: RoleOut
    scope: ScopeOut
    harness_managed: bool
    created_at: int
    last_modified_at: int

    @classmethod
    def of(cls, role: Role) -> Self:
        return cls(
            role=RoleOut.model_validate(render_role(role)),
            scope=ScopeOut.of(role.scope),
            harness_managed=role.is_managed,
            created_at=to_epoch_ms(role.created_at),
            last_modified_at=to_epoch_ms(role.last_modified_at),
        )


class PermissionOut(Wire):
    """``action`` is the last part of the identifier."""

    identifier: str
    name: str
    status: Literal["ACTIVE"] = "ACTIVE"
    include_in_all_roles: bool = False
    allowed_scope_levels: list[LevelWord]
    resource_type: str
    action: str


class PermissionItem(Wire):
    permission: PermissionOut
    created_at: None = None
    last_modified_at: None = None

    @classmethod
    def of(cls, permission: Permission) -> Self:
        _, noun, action = permission.split("_")
        return cls(
            permission=PermissionOut.model_validate(
                {
                    "identifier": permission,
                    "name": f"{action} {noun}",
                    "allowedScopeLevels": level_words(levels_of(permission)),
                    "resourceType": resource_type_of(permission),
                    "action": action,
                }
            )
        )
