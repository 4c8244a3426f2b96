"""Checks of permissions on the wire (harness-api §6.3)."""

from typing import Annotated, Literal

from pydantic import Field

from .common import OptionalText, Received, Wire

MAX_CHECKS = 1000
ShortText = Annotated[str, Field(max_length=200)]


class ResourceScope(Received):
    account_identifier: OptionalText = None
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None


class PermissionCheck(Received):
    """Without an identifier: on all things of the kind. The type is said by the permission itself."""

    resource_scope: ResourceScope | None = None
    resource_type: ShortText | None = None
    resource_identifier: ShortText | None = None
    permission: ShortText


class CheckedPrincipal(Received):
    principal_identifier: ShortText
    principal_type: Literal["USER", "SERVICE_ACCOUNT"]


class AccessCheckBody(Received):
    permissions: Annotated[list[PermissionCheck], Field(max_length=MAX_CHECKS)]
    principal: CheckedPrincipal | None = None


class CheckedPrincipalOut(Wire):
    principal_identifier: str
    principal_type: str


class ResourceScopeOut(Wire):
    account_identifier: str | None
    org_identifier: str | None
    project_identifier: str | None


class AccessControl(Wire):
    permission: str
    resource_scope: ResourceScopeOut
    resource_type: str | None
    resource_identifier: str | None
    permitted: bool


class AccessCheckAnswer(Wire):
    principal: CheckedPrincipalOut
    access_control_list: list[AccessControl]
