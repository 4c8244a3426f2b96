"""One good request for every operation: the only file to change when a route is added.

The key is the operation id. What the answer must be to whom is not said here: it follows from the rule of the
operation. ``Sample`` in ``cases`` says what the words mean, ``_things`` in ``world`` what ``$kind`` can be.
"""

from collections.abc import Mapping
from typing import Any

from pierhead.control.access import Permission

from .cases import Place, Sample
from .world import PIPELINE

ACCOUNT, ORG, PROJECT = Place.ACCOUNT, Place.ORG, Place.PROJECT
_PLACE = {"orgIdentifier": "$org", "projectIdentifier": "$project"}
_SPEC = {"dockerRegistryUrl": "https://registry.example", "providerType": "Other", "auth": {"type": "Anonymous"}}
_CONNECTOR = {"name": "mark_a_renamed", **_PLACE, "type": "DockerRegistry", "spec": _SPEC}
_TEXT = {"type": "SecretText", "secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": "y"}
_SECRET = {"name": "mark_a_renamed", **_PLACE, "type": "SecretText", "spec": _TEXT}
_YAML = """
secret:
  type: SecretText
  identifier: NAME
  name: mark_a_renamed
  orgIdentifier: $org
  projectIdentifier: $project
  spec: {secretManagerIdentifier: account.vault, valueType: Reference, value: path/z}
"""
_PIPELINE = {"pipeline": PIPELINE}
_OWNER = {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": "$robot"}
_OF_KEY = {**_OWNER, "apiKeyIdentifier": "$key"}
_GROUP = {"name": "mark_a_renamed", "resourceFilter": {"includeAllResources": False, "resources": []}}
_ASSIGNMENT = {
    "roleIdentifier": "$free_role", "resourceGroupIdentifier": "$free_things",
    "principal": {"type": "USER", "identifier": "$user"},
}  # fmt: skip
_SAME_ASSIGNMENT = {
    "identifier": "$assignment", "roleIdentifier": "$role", "resourceGroupIdentifier": "$things", "disabled": True,
    "principal": {"type": "USER", "identifier": "$user"},
}  # fmt: skip
_FILTER = {"name": "mark_a_x", **_PLACE, "filterProperties": {"filterType": "Connector", "connectorNames": ["y"]}}


def _named(kind: str, **more: Any) -> Sample:
    return Sample(path={"identifier": f"${kind}"}, about=kind, **more)


_SYSTEM = {
    "health": Sample(),
    "ready": Sample(),
    "openapi": Sample(at=ACCOUNT),
    "metrics": Sample(at=ACCOUNT),
    "whoami": Sample(),
}
_CONNECTORS = {
    "createConnector": Sample(body={"connector": {"identifier": "mark_a_new", **_CONNECTOR}}),
    "updateConnector": Sample(body={"connector": {"identifier": "$connector", **_CONNECTOR}}, about="connector"),
    "getConnector": _named("connector"),
    "deleteConnector": _named("connector"),
    "listConnectors": Sample(),
    "listConnectorsV2": Sample(body={"filterType": "Connector"}),
    "listConnectorsByName": Sample(body=["$account/$org/$project/$connector"]),
    "getConnectorStatistics": Sample(),
    "getConnectorFieldValues": Sample(query={"connectorType": "DockerRegistry"}),
    "getConnectorCatalogue": Sample(),
    "testConnection": _named("connector"),
    "testUnsavedConnector": Sample(body={"connector": {"identifier": "mark_a_new", **_CONNECTOR}}),
    "validateConnectorIdentifier": Sample(query={"identifier": "$connector"}),
    "previewConnector": Sample(body={"url": "https://registry.example"}),
    "listConnectorTags": _named("connector", query={"repository": "a/b"}),
    "listConnectorRepositories": _named("connector"),
    "resolveImage": _named("connector", query={"image": "a/b:1"}),
    "restoreDefaultConnector": Sample(at=ACCOUNT),
}
_SECRETS = {
    "createSecret": Sample(body={"secret": {"identifier": "mark_a_new", **_SECRET}}),
    "updateSecret": _named("secret", body={"secret": {"identifier": "$secret", **_SECRET}}),
    "getSecret": _named("secret"),
    "deleteSecret": _named("secret"),
    "listSecrets": Sample(),
    "listSecretsByFilter": Sample(body={"filterType": "Secret"}),
    "listSecretsByFilterV2": Sample(body={"filterType": "Secret"}),
    "createSecretFromYaml": Sample(yaml=_YAML.replace("NAME", "mark_a_new")),
    "updateSecretFromYaml": _named("outside", yaml=_YAML.replace("NAME", "$outside")),
    "listSecretManagers": Sample(at=ACCOUNT),
    "listEncryptionKeys": Sample(at=ACCOUNT),
    "rotateEncryptionKeys": Sample(at=ACCOUNT, is_of_all_accounts=True),
    "validateSecretIdentifier": Sample(path={"identifier": "$secret"}),
}
_CONFIG = {
    "getDefaultConfig": Sample(query={"infra": "K8"}, at=ACCOUNT),
    "getCustomerConfig": Sample(query={"infra": "K8"}, at=ACCOUNT),
    "getDeprecatedConfig": Sample(at=ACCOUNT),
    "listDeprecatedConfig": Sample(at=ACCOUNT),
    "updateConfig": Sample(query={"infra": "K8"}, body=[{"field": "gitCloneTag", "value": "h/git:1"}], at=ACCOUNT),
    "resetConfig": Sample(query={"infra": "K8"}, body=[{"field": "gitCloneTag"}], at=ACCOUNT),
    "deleteConfig": Sample(at=ACCOUNT),
    "listImages": Sample(at=ACCOUNT),
    "listReleases": Sample(at=ACCOUNT),
    "getReleaseStatus": Sample(at=ACCOUNT),
    "getReleaseCalendar": Sample(at=ACCOUNT),
    "diffReleases": Sample(query={"from": "1.14", "to": "1.16"}, at=ACCOUNT),
    "listPinSets": Sample(query={"everywhere": True}, at=ACCOUNT),
    "diffPinSets": Sample(query={"from": 1, "to": 2}, at=ACCOUNT, status=404),
    "getPinSet": Sample(path={"number": "1"}, at=ACCOUNT, status=404),
    "listCanaries": Sample(at=ACCOUNT),
    "pinImages": Sample(body={"pins": [{"field": "gitCloneTag", "value": "h/git:1"}]}, at=ACCOUNT),
    "rollBackPins": Sample(body={}, at=ACCOUNT, status=404),
    "promoteCanary": Sample(body={}, at=ACCOUNT, status=404),
    "preflightImages": Sample(body={"infra": "VM"}, at=ACCOUNT),
    "getRegistryCatalog": Sample(),
    "listRegistryTags": Sample(path={"name": "harness/ci-addon"}, at=ACCOUNT),
}
_WORK = {
    "explainPipeline": Sample(body=_PIPELINE),
    "renderPipeline": Sample(body=_PIPELINE),
    "initializePipeline": Sample(body=_PIPELINE),
    "listRuns": Sample(),
    "getRun": Sample(path={"runId": "$run"}, about="run"),
    "cancelRun": Sample(path={"runId": "$run"}, about="run"),
    "streamRunEvents": Sample(path={"runId": "$ended_run"}, about="ended_run"),
    "startCopy": Sample(
        body={
            "source": {"connector": "$connector", "image": "a/b:1"},
            "target": {"connector": "$target", "image": "c/d:1"},
        },
        about="connector",
    ),
    "diagnose": Sample(body={"text": "manifest for a/b:1 not found", "live": True}),
    "examineAccount": Sample(),
    "examinePipelines": Sample(body={"pipelines": [{"file": "a.yml", "text": PIPELINE}]}),
    "migrateConnectors": Sample(body={"all": True}),
    "listRetiredHosts": Sample(),
    "getCopy": Sample(path={"taskId": "$copy"}, about="copy"),
    "listTasks": Sample(),
    "getTask": Sample(path={"taskId": "$task"}, about="task"),
    "getTaskSelection": Sample(path={"taskId": "$task"}, about="task"),
    "cancelTask": Sample(path={"taskId": "$task"}, about="task"),
}
_GROUP_NAMED = {"path": {"groupIdentifier": "$delegate_group"}, "about": "delegate_group"}
_DELEGATE = {"path": {"delegateId": "$delegate"}, "about": "delegate"}
_DELEGATES = {
    "createDelegateToken": Sample(query={"tokenName": "mark_a_new"}),
    "revokeDelegateToken": Sample(query={"tokenName": "$delegate_token"}),
    "deleteDelegateToken": Sample(path={"tokenName": "$old_delegate_token"}),
    "deleteDelegateTokenByQuery": Sample(query={"tokenName": "$old_delegate_token"}),
    "listDelegateTokens": Sample(),
    "listDelegateGroupsOfToken": Sample(query={"delegateTokenName": "$delegate_token"}),
    "listDelegates": Sample(body={"filterType": "Delegate"}),
    "getDelegateVersion": Sample(),
    "generateHelmValues": Sample(body={"name": "fresh", "delegateType": "KUBERNETES", "tokenName": "$delegate_token"}),
    "listDelegateGroupsByTags": Sample(body={"tags": ["mark_a_delegates"]}),
    "getDelegateGroupTags": Sample(**_GROUP_NAMED),
    "addDelegateGroupTags": Sample(**_GROUP_NAMED, body={"tags": ["x"]}),
    "setDelegateGroupTags": Sample(**_GROUP_NAMED, body={"tags": ["x"]}),
    "deleteDelegateGroupTags": Sample(**_GROUP_NAMED),
    "listDelegateGroups": Sample(),
    "getDelegate": Sample(**_DELEGATE),
    "deleteDelegate": Sample(**_DELEGATE),
    "approveDelegate": Sample(**_DELEGATE),
    "disableDelegate": Sample(**_DELEGATE),
    "enableDelegate": Sample(**_DELEGATE),
    "getDelegateGroup": Sample(path={"groupName": "$delegate_group"}, about="delegate_group"),
    "deleteDelegateGroup": Sample(path={"groupName": "$delegate_group"}, about="delegate_group"),
    "approveDelegateGroup": Sample(path={"groupName": "$delegate_group"}, about="delegate_group"),
}
_ORGANIZATION = {"organization": {"identifier": "$org", "name": "mark_a_renamed"}}
_PROJECT = {"project": {"identifier": "$project", "name": "mark_a_renamed", "orgIdentifier": "$org"}}
_IN_ORG: Mapping[str, Any] = {"about": "project", "asked_at": ORG}
_PLACES = {
    "createOrganization": Sample(body={"organization": {"identifier": "fresh", "name": "fresh"}}, at=ACCOUNT),
    "listOrganizations": Sample(at=ACCOUNT),
    "getOrganization": Sample(path={"identifier": "$org"}, at=ACCOUNT),  # seen by whoever sees a project in it
    "updateOrganization": _named("org", at=ORG, asked_at=ACCOUNT, body=_ORGANIZATION),
    "deleteOrganization": _named("org", at=ORG, asked_at=ACCOUNT, status=400),  # it holds projects
    "createProject": Sample(
        body={"project": {"identifier": "fresh", "name": "fresh", "orgIdentifier": "$org"}}, at=ORG
    ),
    "listProjects": Sample(at=ACCOUNT),
    "listProjectsOfOrganizations": Sample(query={"orgIdentifiers": "$org"}, at=ACCOUNT),
    "getProject": Sample(path={"identifier": "$project"}, **_IN_ORG),
    "updateProject": Sample(path={"identifier": "$project"}, body=_PROJECT, **_IN_ORG),
    "deleteProject": Sample(path={"identifier": "$project"}, status=400, **_IN_ORG),  # it holds things
    "listEntityUses": Sample(query={"entityType": "Connectors", "entityIdentifier": "$connector"}, about="connector"),
    "listEntityUsesByName": Sample(query={"referredEntityFQN": "$account/$org/$project/$connector"}, about="connector"),
    "createFilter": Sample(body={"identifier": "mark_a_new", **_FILTER}),
    "updateFilter": Sample(body={"identifier": "$filter", **_FILTER}, status_of_others=403),
    "listFilters": Sample(query={"type": "Connector"}),
    "getFilter": _named("filter", query={"type": "Connector"}),
    "deleteFilter": Sample(path={"identifier": "$filter"}, query={"type": "Connector"}, status_of_others=403),
}
_USER: Mapping[str, Any] = {"path": {"userId": "$user"}, "about": "user", "at": ACCOUNT}
_ROBOT: Mapping[str, Any] = {"about": "robot"}
_PEOPLE = {
    "listUsers": Sample(at=ACCOUNT),
    "createUser": Sample(body={"email": "new@example.com", "name": "new"}, at=ACCOUNT),
    "inviteUsers": Sample(body={"emails": ["new@example.com"]}, at=ACCOUNT),
    "getUser": Sample(**_USER),
    "updateUser": Sample(**_USER, body={"name": "renamed"}),
    "disableUser": Sample(**_USER),
    "enableUser": Sample(**_USER),
    "deleteUser": Sample(**_USER),
    "getCurrentUser": Sample(at=ACCOUNT),
    "listUserAggregates": Sample(body={}, at=ACCOUNT),
    "getUserAggregate": Sample(**_USER),
    "updateUserInfo": Sample(body={"uuid": "$user", "name": "renamed"}, about="user", at=ACCOUNT),
    "removeUser": Sample(**_USER),
    "createServiceAccount": Sample(body={"identifier": "mark_a_new", "name": "new", **_PLACE}),
    "listServiceAccounts": Sample(),
    "listServiceAccountAggregates": Sample(),
    "getServiceAccountAggregate": _named("robot"),
    "updateServiceAccount": _named("robot", body={"identifier": "$robot", "name": "new", **_PLACE}),
    "deleteServiceAccount": _named("robot"),
    "createApiKey": Sample(body={"identifier": "mark_a_new", "name": "new", **_OWNER, **_PLACE}, **_ROBOT),
    "listApiKeys": Sample(query=_OWNER, **_ROBOT),
    "listApiKeyAggregates": Sample(query=_OWNER, **_ROBOT),
    "getApiKeyAggregate": Sample(path={"identifier": "$key"}, query=_OWNER, **_ROBOT),
    "updateApiKey": Sample(
        path={"identifier": "$key"}, body={"identifier": "$key", "name": "new", **_OWNER, **_PLACE}, **_ROBOT
    ),
    "deleteApiKey": Sample(path={"identifier": "$key"}, query=_OWNER, **_ROBOT),
    "createToken": Sample(body={"identifier": "mark_a_new", "name": "new", **_OF_KEY, **_PLACE}, **_ROBOT),
    "listTokens": Sample(query=_OF_KEY, **_ROBOT),
    "rotateToken": Sample(path={"identifier": "$token"}, query=_OF_KEY, **_ROBOT),
    "updateToken": Sample(
        path={"identifier": "$token"}, body={"identifier": "$token", "name": "new", **_OF_KEY, **_PLACE}, **_ROBOT
    ),
    "deleteToken": Sample(path={"identifier": "$token"}, query=_OF_KEY, **_ROBOT),
    "revokeToken": Sample(path={"identifier": "$token"}, query=_OF_KEY, **_ROBOT),
}
_LOGIN = {
    "logIn": Sample(
        body={"email": "a@example.com", "password": "wrong", "account": "$account"}, at=ACCOUNT, status=401
    ),
    "getSession": Sample(at=ACCOUNT, status=401),  # a key is no session
    "logOut": Sample(at=ACCOUNT, status=401),
    "beginOidcLogin": Sample(at=ACCOUNT, status=404),
    "finishOidcLogin": Sample(at=ACCOUNT, status=401),
    "setPassword": Sample(
        path={"user_id": "$user"}, body={"password": "correct horse battery"}, about="user", at=ACCOUNT
    ),
}
_ACCESS = {
    "createRole": Sample(body={"identifier": "mark_a_new", "name": "new", "permissions": ["core_secret_view"]}),
    "listRoles": Sample(),
    "getRole": _named("role"),
    "updateRole": _named("role", body={"identifier": "$role", "name": "new", "permissions": ["core_secret_view"]}),
    "deleteRole": _named("free_role"),
    "listPermissions": Sample(),
    "listPermissionResourceTypes": Sample(),
    "createRoleAssignment": Sample(body=_ASSIGNMENT),
    "createRoleAssignments": Sample(body={"roleAssignments": [_ASSIGNMENT]}),
    "validateRoleAssignment": Sample(body={"roleAssignment": _ASSIGNMENT, "validateRole": True}),
    "listRoleAssignments": Sample(),
    "filterRoleAssignments": Sample(body={}),
    "filterRoleAssignmentsV2": Sample(body={}),
    "aggregateRoleAssignments": Sample(body={}),
    "getRoleAssignment": _named("assignment"),
    "updateRoleAssignment": _named("assignment", body=_SAME_ASSIGNMENT),
    "deleteRoleAssignment": _named("assignment"),
    "checkAccess": Sample(body={"permissions": [{"permission": "core_secret_view"}]}),
}
_GROUPS = {
    "createResourceGroup": Sample(body={"resourceGroup": {"identifier": "mark_a_new", **_GROUP}}),
    "listResourceGroups": Sample(),
    "filterResourceGroups": Sample(body={}),
    "getResourceGroup": _named("things"),
    "updateResourceGroup": _named("things", body={"resourceGroup": {"identifier": "$things", **_GROUP}}),
    "deleteResourceGroup": _named("free_things"),
}
_AUDIT = {
    "getAuditYaml": Sample(query={"auditId": "$audit"}, about="audit"),
    "verifyAudit": Sample(at=ACCOUNT),
    "listAudits": Sample(body={"filterType": "Audit"}, at=ACCOUNT),
}
_SOURCE = {"connectorRef": "$connector", "imagePath": "a/b"}
_ARTIFACTS = {
    "getDockerBuildDetails": Sample(query=_SOURCE, about="connector"),
    "getDockerBuildDetailsV2": Sample(query=_SOURCE, about="connector"),
    "getDockerLabels": Sample(query=_SOURCE, body={"tagsList": ["1"]}, about="connector"),
    "getDockerLastSuccessfulBuild": Sample(query=_SOURCE, body={"tag": "1"}, about="connector"),
    "getDockerLastSuccessfulBuildV2": Sample(query=_SOURCE, body={"tag": "1"}, about="connector"),
    "validateDockerArtifactServer": Sample(query={"connectorRef": "$connector"}, about="connector"),
    "validateDockerArtifactSource": Sample(query=_SOURCE, about="connector"),
    "validateDockerArtifact": Sample(query=_SOURCE, body={"tag": "1"}, about="connector"),
    "listArtifactTags": Sample(query={"connectorRef": "$connector", "image": "a/b"}, about="connector"),
    "streamArtifactTags": Sample(query={"connectorRef": "$connector", "image": "a/b"}, about="connector"),
    "listArtifactRepositories": Sample(query={"connectorRef": "$connector"}, about="connector"),
    "getArtifactTag": Sample(query={"connectorRef": "$connector", "image": "a/b:1"}, about="connector"),
    "createWatch": Sample(
        body={"identifier": "mark_a_new", "connectorRef": "$connector", "image": "a/b", "tagRegex": ".*"}
    ),
    "listWatches": Sample(),
    "getWatch": Sample(path={"identifier": "$watch"}),
    "deleteWatch": Sample(path={"identifier": "$watch"}),
    "listWatchEvents": Sample(path={"identifier": "$watch"}),
    "pollWatch": Sample(path={"identifier": "$watch"}),
    "createGatePolicy": Sample(body={"identifier": "mark_a_new", "gates": [{"kind": "sbom"}]}),
    "listGatePolicies": Sample(),
    "getGatePolicy": Sample(path={"identifier": "$gate_policy"}),
    "updateGatePolicy": Sample(
        path={"identifier": "$gate_policy"}, body={"identifier": "$gate_policy", "gates": [{"kind": "sbom"}]}
    ),
    "deleteGatePolicy": Sample(path={"identifier": "$gate_policy"}),
    "checkImage": Sample(
        path={"identifier": "$gate_policy"}, body={"connectorRef": "$connector", "image": "registry.example/a/b:1"}
    ),
    "createGateException": Sample(
        body={
            "identifier": "mark_a_new",
            "gate": "sbom",
            "image": "a/**",
            "reason": "why",
            "expiresAt": "2026-03-01T00:00:00Z",
        }
    ),
    "listGateExceptions": Sample(),
    "getGateException": Sample(path={"identifier": "$gate_exception"}),
    "deleteGateException": Sample(path={"identifier": "$gate_exception"}),
}
_SUBSCRIPTION = {"path": {"identifier": "$subscription"}}
_SUBSCRIBED = {"url": "https://hooks.example.com/x", "secretRef": "$secret"}
_NOTICES = {
    "listNotices": Sample(),
    "getNoticeFeed": Sample(),
    "createSubscription": Sample(body={"identifier": "mark_a_new", **_SUBSCRIBED}, extra=(Permission.SECRET_ACCESS,)),
    "listSubscriptions": Sample(),
    "getSubscription": Sample(**_SUBSCRIPTION),
    "updateSubscription": Sample(
        **_SUBSCRIPTION, body={"identifier": "$subscription", **_SUBSCRIBED}, extra=(Permission.SECRET_ACCESS,)
    ),
    "deleteSubscription": Sample(**_SUBSCRIPTION),
    "testSubscription": Sample(**_SUBSCRIPTION),
    "listDeliveries": Sample(**_SUBSCRIPTION),
}
_MIRROR = {"path": {"identifier": "$mirror"}, "about": "mirror"}
_MIRROR_SPEC = {
    "sourceRef": "$connector",
    "targetRef": "$target",
    "repositories": [{"repository": "a/b", "tags": {"exact": ["1"]}}],
}
_MIRRORS = {
    "createMirror": Sample(body={"identifier": "mark_a_new", "name": "mark_a_new", "spec": _MIRROR_SPEC}),
    "listMirrors": Sample(),
    "getMirror": Sample(**_MIRROR),
    "updateMirror": Sample(**_MIRROR, body={"identifier": "$mirror", "name": "x", "spec": _MIRROR_SPEC}),
    "deleteMirror": Sample(path={"identifier": "$free_mirror"}, about="free_mirror"),
    "listMirrorHoldings": Sample(**_MIRROR),
    "startMirrorRun": Sample(path={"identifier": "$free_mirror"}, about="free_mirror"),
    "approveMirroredImage": Sample(
        path={"identifier": "$mirror"}, body={"image": "a/b:1", "reason": "seen"}, about="mirror"
    ),
    "listMirrorRuns": Sample(**_MIRROR),
    "getMirrorRun": Sample(path={"runId": "$mirror_run"}, about="mirror_run"),
    "cancelMirrorRun": Sample(path={"runId": "$mirror_run"}, about="mirror_run"),
}
SAMPLES: Mapping[str, Sample] = {
    **_SYSTEM, **_CONNECTORS, **_SECRETS, **_CONFIG, **_WORK, **_DELEGATES, **_PLACES, **_PEOPLE, **_LOGIN, **_ACCESS,
    **_GROUPS, **{f"{operation}V1": sample for operation, sample in _GROUPS.items()}, **_AUDIT,
    **_ARTIFACTS, **_MIRRORS, **_NOTICES,
}  # fmt: skip
