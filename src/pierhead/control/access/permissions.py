"""Permission identifiers, and the kind of thing that each is about (harness-api §6.1)."""

from enum import StrEnum

from pierhead.control.scopes import Level, ResourceType


class Permission(StrEnum):
    __hash__ = str.__hash__  # the enum's own is slower by far, and every request asks for a few dozen

    ACCOUNT_VIEW = "core_account_view"
    ACCOUNT_EDIT = "core_account_edit"
    ORGANIZATION_VIEW = "core_organization_view"
    ORGANIZATION_CREATE = "core_organization_create"
    ORGANIZATION_EDIT = "core_organization_edit"
    ORGANIZATION_DELETE = "core_organization_delete"
    PROJECT_VIEW = "core_project_view"
    PROJECT_CREATE = "core_project_create"
    PROJECT_EDIT = "core_project_edit"
    PROJECT_DELETE = "core_project_delete"
    CONNECTOR_VIEW = "core_connector_view"
    CONNECTOR_EDIT = "core_connector_edit"
    CONNECTOR_ACCESS = "core_connector_access"
    CONNECTOR_DELETE = "core_connector_delete"
    SECRET_VIEW = "core_secret_view"  # noqa: S105 - the name of a permission
    SECRET_EDIT = "core_secret_edit"  # noqa: S105 - the name of a permission
    SECRET_ACCESS = "core_secret_access"  # noqa: S105 - the name of a permission
    SECRET_DELETE = "core_secret_delete"  # noqa: S105 - the name of a permission
    DELEGATE_VIEW = "core_delegate_view"
    DELEGATE_EDIT = "core_delegate_edit"
    DELEGATE_DELETE = "core_delegate_delete"
    PIPELINE_VIEW = "core_pipeline_view"
    PIPELINE_EDIT = "core_pipeline_edit"
    PIPELINE_DELETE = "core_pipeline_delete"
    PIPELINE_EXECUTE = "core_pipeline_execute"
    USER_VIEW = "core_user_view"
    USER_INVITE = "core_user_invite"
    USER_MANAGE = "core_user_manage"
    SERVICE_ACCOUNT_VIEW = "core_serviceaccount_view"
    SERVICE_ACCOUNT_EDIT = "core_serviceaccount_edit"
    SERVICE_ACCOUNT_DELETE = "core_serviceaccount_delete"
    SERVICE_ACCOUNT_MANAGE_API_KEY = "core_serviceaccount_manageapikey"
    ROLE_VIEW = "core_role_view"
    ROLE_EDIT = "core_role_edit"
    ROLE_DELETE = "core_role_delete"
    RESOURCE_GROUP_VIEW = "core_resourcegroup_view"
    RESOURCE_GROUP_EDIT = "core_resourcegroup_edit"
    RESOURCE_GROUP_DELETE = "core_resourcegroup_delete"
    AUDIT_VIEW = "core_audit_view"
    MIRROR_VIEW = "core_mirror_view"
    MIRROR_EDIT = "core_mirror_edit"
    MIRROR_DELETE = "core_mirror_delete"
    MIRROR_RUN = "core_mirror_run"
    MIRROR_APPROVE = "core_mirror_approve"
    SETTING_VIEW = "core_setting_view"
    SETTING_EDIT = "core_setting_edit"


_TYPES = {
    "account": ResourceType.ACCOUNT,
    "organization": ResourceType.ORGANIZATION,
    "project": ResourceType.PROJECT,
    "connector": ResourceType.CONNECTOR,
    "secret": ResourceType.SECRET,
    "delegate": ResourceType.DELEGATE,
    "pipeline": ResourceType.PIPELINE,
    "user": ResourceType.USER,
    "serviceaccount": ResourceType.SERVICE_ACCOUNT,
    "role": ResourceType.ROLE,
    "resourcegroup": ResourceType.RESOURCE_GROUP,
    "audit": ResourceType.AUDIT,
    "mirror": ResourceType.MIRROR,
    "setting": ResourceType.SETTING,
}


def resource_type_of(permission: Permission) -> ResourceType:
    """What the permission is about: the middle part of its identifier."""
    return _TYPES[permission.split("_")[1]]


def view_of(permission: Permission) -> Permission:
    """The permission to see what this one is about: without it the thing is not there for the caller."""
    return Permission(f"core_{permission.split('_')[1]}_view")


def levels_of(permission: Permission) -> frozenset[Level]:
    """At which levels it means anything: nobody can see an account from a role in one of its projects."""
    return _LEVELS.get(resource_type_of(permission), frozenset(Level))


_LEVELS = {
    ResourceType.ACCOUNT: frozenset({Level.ACCOUNT}),
    ResourceType.ORGANIZATION: frozenset({Level.ACCOUNT, Level.ORG}),
}
