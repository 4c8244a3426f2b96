"""Which permission each operation needs, all in one place (identifiers of harness-api §6.1).

Keyed by operation id. An operation that is not listed here cannot be served: the application refuses to start.
"""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    NONE = ""
    """Open to everyone, without a key."""
    ANY = "any"
    """Every key of the account."""
    ACCOUNT_VIEW = "core_account_view"
    ACCOUNT_EDIT = "core_account_edit"
    CONNECTOR_VIEW = "core_connector_view"
    CONNECTOR_EDIT = "core_connector_edit"
    CONNECTOR_ACCESS = "core_connector_access"
    CONNECTOR_DELETE = "core_connector_delete"
    SECRET_VIEW = "core_secret_view"  # noqa: S105 - the name of a permission
    SECRET_EDIT = "core_secret_edit"  # noqa: S105 - the name of a permission
    SECRET_DELETE = "core_secret_delete"  # noqa: S105 - the name of a permission
    DELEGATE_VIEW = "core_delegate_view"
    DELEGATE_EDIT = "core_delegate_edit"
    DELEGATE_DELETE = "core_delegate_delete"
    PIPELINE_VIEW = "core_pipeline_view"
    PIPELINE_EXECUTE = "core_pipeline_execute"


P = Permission

PERMISSIONS: Mapping[str, Permission] = {
    "health": P.NONE,
    "whoami": P.ANY,
    "createConnector": P.CONNECTOR_EDIT,
    "updateConnector": P.CONNECTOR_EDIT,
    "getConnector": P.CONNECTOR_VIEW,
    "deleteConnector": P.CONNECTOR_DELETE,
    "listConnectors": P.CONNECTOR_VIEW,
    "listConnectorsV2": P.CONNECTOR_VIEW,
    "getConnectorCatalogue": P.ANY,
    "testConnection": P.CONNECTOR_ACCESS,
    "validateConnectorIdentifier": P.CONNECTOR_VIEW,
    "previewConnector": P.ANY,
    "listConnectorTags": P.CONNECTOR_ACCESS,
    "restoreDefaultConnector": P.CONNECTOR_EDIT,
    "createSecret": P.SECRET_EDIT,
    "updateSecret": P.SECRET_EDIT,
    "getSecret": P.SECRET_VIEW,
    "deleteSecret": P.SECRET_DELETE,
    "listSecrets": P.SECRET_VIEW,
    "listSecretsByFilter": P.SECRET_VIEW,
    "listSecretsByFilterV2": P.SECRET_VIEW,
    "validateSecretIdentifier": P.SECRET_VIEW,
    "getDefaultConfig": P.ACCOUNT_VIEW,
    "getCustomerConfig": P.ACCOUNT_VIEW,
    "getDeprecatedConfig": P.ACCOUNT_VIEW,
    "listDeprecatedConfig": P.ACCOUNT_VIEW,
    "updateConfig": P.ACCOUNT_EDIT,
    "resetConfig": P.ACCOUNT_EDIT,
    "deleteConfig": P.ACCOUNT_EDIT,
    "listImages": P.ACCOUNT_VIEW,
    "getRegistryCatalog": P.NONE,
    "listRegistryTags": P.CONNECTOR_ACCESS,
    "explainPipeline": P.PIPELINE_VIEW,
    "renderPipeline": P.PIPELINE_VIEW,
    "initializePipeline": P.PIPELINE_EXECUTE,
    "listRuns": P.PIPELINE_VIEW,
    "getRun": P.PIPELINE_VIEW,
    "cancelRun": P.PIPELINE_EXECUTE,
    "streamRunEvents": P.PIPELINE_VIEW,
    "listConnectorRepositories": P.CONNECTOR_ACCESS,
    "resolveImage": P.CONNECTOR_ACCESS,
    "startCopy": P.CONNECTOR_ACCESS,
    "getCopy": P.CONNECTOR_VIEW,
    "createDelegateToken": P.DELEGATE_EDIT,
    "revokeDelegateToken": P.DELEGATE_DELETE,
    "deleteDelegateToken": P.DELEGATE_DELETE,
    "deleteDelegateTokenByQuery": P.DELEGATE_DELETE,
    "listDelegateTokens": P.DELEGATE_VIEW,
    "listDelegateGroupsOfToken": P.DELEGATE_VIEW,
    "listDelegates": P.DELEGATE_VIEW,
    "getDelegateVersion": P.DELEGATE_VIEW,
    "generateHelmValues": P.DELEGATE_EDIT,
    "listDelegateGroupsByTags": P.DELEGATE_VIEW,
    "getDelegateGroupTags": P.DELEGATE_VIEW,
    "addDelegateGroupTags": P.DELEGATE_EDIT,
    "setDelegateGroupTags": P.DELEGATE_EDIT,
    "deleteDelegateGroupTags": P.DELEGATE_DELETE,
    "listDelegateGroups": P.DELEGATE_VIEW,
    "getDelegateGroup": P.DELEGATE_VIEW,
    "approveDelegateGroup": P.DELEGATE_EDIT,
    "deleteDelegateGroup": P.DELEGATE_DELETE,
    "getDelegate": P.DELEGATE_VIEW,
    "approveDelegate": P.DELEGATE_EDIT,
    "disableDelegate": P.DELEGATE_EDIT,
    "enableDelegate": P.DELEGATE_EDIT,
    "deleteDelegate": P.DELEGATE_DELETE,
    "listTasks": P.PIPELINE_VIEW,
    "getTask": P.PIPELINE_VIEW,
    "getTaskSelection": P.PIPELINE_VIEW,
    "cancelTask": P.PIPELINE_EXECUTE,
}


def permission_of(operation_id: str) -> Permission:
    """Raises KeyError for an operation that nobody thought about."""
    return PERMISSIONS[operation_id]
