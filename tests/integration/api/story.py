"""The story of one account: a sample for every operation that changes something, each step on what others made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient

from pierhead.control.audit import AuditFilter, Record
from pierhead.control.delegates import Delegate, DelegateState
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.application import MemoryApplication
from pierhead.testing.enrolled import enrol
from pierhead.testing.mirror_runs import quarantined_run

READS = {
    "aggregateRoleAssignments",
    "checkAccess",
    "checkImage",
    "diagnose",
    "examinePipelines",
    "explainPipeline",
    "filterResourceGroups",
    "filterResourceGroupsV1",
    "filterRoleAssignments",
    "filterRoleAssignmentsV2",
    "getDockerBuildDetailsV2",
    "getDockerLabels",
    "getDockerLastSuccessfulBuild",
    "getDockerLastSuccessfulBuildV2",
    "generateHelmValues",
    "listAudits",
    "listConnectorsByName",
    "listConnectorsV2",
    "listDelegateGroupsByTags",
    "listDelegates",
    "listSecretsByFilter",
    "listSecretsByFilterV2",
    "listUserAggregates",
    "preflightImages",
    "previewConnector",
    "renderPipeline",
    "validateDockerArtifact",
    "validateRoleAssignment",
}
"""Not sent with GET, and changing nothing."""
WITHOUT_A_KEY = {"logIn", "logOut"}
PIPELINE = b"""
pipeline:
  identifier: demo
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution: {steps: [{step: {identifier: t, type: Run, spec: {command: x}}}]}
"""
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Step:
    operation: str
    body: Any = None
    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    keep: str = ""
    """Under which name a later step finds what this one answers."""


class Story:
    """One application, and what was answered so far."""

    def __init__(self, client: TestClient, application: MemoryApplication) -> None:
        self.client = client
        self.application = application
        self.account = application.account.id
        self.kept: dict[str, Any] = {}
        self.admin = application.access.authenticate(application.key.reveal(), self.account).ref.identifier
        self.routes = _operations(client)

    def send(self, step: Step) -> Any:
        method, template = self.routes[step.operation]
        path = template.format(**{name: self.now(value) for name, value in step.path.items()})
        query = {name: self.now(value) for name, value in step.query.items()}
        body, headers = self.now(step.body), {}
        if isinstance(body, bytes):
            return self.client.request(method, path, params=query, content=body, headers=_YAML)
        if self.client.cookies and method != "GET":
            headers = {"X-CSRF-Token": self.kept.get("session", {}).get("csrfToken", "")}
        return self.client.request(method, path, params=query, json=body, headers=headers)

    def records(self) -> list[Record]:
        """Oldest first."""
        found = self.application.audit.list(self.account, AuditFilter(), PageRequest(0, 10_000))
        return list(reversed(found.items))

    def now(self, value: Any) -> Any:
        return value(self) if callable(value) else value


_YAML = {"Content-Type": "application/yaml"}


def kept(name: str, *keys: str | int) -> Callable[[Story], Any]:
    def of(story: Story) -> Any:
        found = story.kept[name]
        for key in keys:
            found = found[key]
        return found

    return of


def connector(name: str) -> dict[str, Any]:
    spec = {"dockerRegistryUrl": "https://r.example.com", "providerType": "Other", "auth": {"type": "Anonymous"}}
    return {"connector": {"name": name, "identifier": "hub", "type": "DockerRegistry", "spec": spec}}


def secret(name: str, identifier: str = "pw") -> dict[str, Any]:
    spec = {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": f"value of {name}"}
    return {"secret": {"name": name, "identifier": identifier, "type": "SecretText", "spec": spec}}


def secret_yaml(name: str) -> bytes:
    return (
        f"secret:\n  name: {name}\n  identifier: yamlpw\n  type: SecretText\n  spec:\n"
        f"    secretManagerIdentifier: account.vault\n    valueType: Reference\n    value: path/{name}\n"
    ).encode()


def delegate(name: str, state: DelegateState = DelegateState.ENABLED) -> Callable[[Story], str]:
    """Its id; it is enrolled with the first look."""

    def of(story: Story) -> str:
        if name not in story.kept:
            story.kept[name] = enrol(story.application, Scope(story.account), name, state=state)
        found: Delegate = story.kept[name]
        return found.id

    return of


def approval(story: Story) -> Any:
    """Of an image that waits in quarantine, since the first look."""
    if "quarantined" not in story.kept:
        run = quarantined_run(Scope(story.account), "m", story.application.clock.now())
        with story.application.store.transaction() as tx:
            tx.mirror_runs.add(run)
        story.kept["quarantined"] = run
    return {"image": "a/b:1", "reason": "seen"}


def assignment(name: str, *, disabled: bool = False) -> Callable[[Story], Any]:
    return lambda story: {
        "identifier": name,
        "roleIdentifier": "_account_viewer",
        "resourceGroupIdentifier": "_all_account_level_resources",
        "principal": {"type": "USER", "identifier": story.kept["user"]["id"]},
        "disabled": disabled,
    }


def group(name: str, identifier: str) -> Callable[[Story], Any]:
    def body(story: Story) -> Any:
        scopes = [{"filter": "EXCLUDING_CHILD_SCOPES", "accountIdentifier": story.account}]
        wanted = {"includeAllResources": True, "resources": []}
        made = {"identifier": identifier, "name": name, "includedScopes": scopes, "resourceFilter": wanted}
        return {"resourceGroup": {**made, "accountIdentifier": story.account, "allowedScopeLevels": ["account"]}}

    return body


def in_key(**more: Any) -> dict[str, Any]:
    return {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": "robot", **more}


IN_KEY = in_key(apiKeyIdentifier="key")
ORG = {"organization": {"identifier": "o1", "name": "One"}}
PROJECT = {"project": {"identifier": "p1", "name": "One", "orgIdentifier": "o1"}}
FILTER = {
    "identifier": "f1",
    "name": "mine",
    "filterVisibility": "EveryOne",
    "filterProperties": {"filterType": "Connector"},
}
ROLE = {"identifier": "r1", "name": "One", "permissions": ["core_secret_view"], "allowedScopeLevels": ["account"]}
COPY = {
    "source": {"connector": "account.hub", "image": "a/b:1"},
    "target": {"connector": "account.hub", "image": "a/b:2"},
}
MIRROR = {
    "identifier": "m",
    "name": "One",
    "spec": {
        "sourceRef": "account.hub",
        "targetRef": "account.harnessImage",
        "repositories": [{"repository": "a/b", "tags": {"semver": "^1"}}],
    },
}
TAGS = {"tags": ["gpu"]}
SUBSCRIPTION = {"identifier": "hook", "url": "https://hooks.example.com/x", "secretRef": "pw"}
ENDED = {
    "dockerRegistryUrl": "https://app.harness.io/registry",
    "providerType": "Other",
    "auth": {"type": "Anonymous"},
    "ignoreTestConnection": True,
}
"""Not tested, so that a migration writes nothing but the change."""
OLD = {"connector": {"name": "Old", "identifier": "old", "type": "DockerRegistry", "spec": ENDED}}
GATE_EXCEPTION = {
    "identifier": "x", "gate": "sbom", "image": "a/**", "reason": "why", "expiresAt": "2026-03-01T00:00:00Z"
}  # fmt: skip
CANARY = {"orgIdentifier": "o1", "projectIdentifier": "p1"}

STORY = (
    Step("createConnector", connector("One")),
    Step("updateConnector", connector("Two")),
    Step("testConnection", path={"identifier": "hub"}),
    Step("testUnsavedConnector", connector("Three")),
    Step("startCopy", COPY, keep="copy"),
    Step("cancelTask", path={"taskId": kept("copy", "task", "id")}),
    Step("createWatch", {"identifier": "w", "connectorRef": "hub", "image": "a/b", "tagRegex": ".*"}),
    Step("pollWatch", path={"identifier": "w"}),
    Step("deleteWatch", path={"identifier": "w"}),
    Step("createGatePolicy", {"identifier": "g", "gates": [{"kind": "sbom"}]}),
    Step("updateGatePolicy", {"identifier": "g", "gates": [{"kind": "approval"}]}, path={"identifier": "g"}),
    Step("createGateException", GATE_EXCEPTION),
    Step("deleteGateException", path={"identifier": "x"}),
    Step("deleteGatePolicy", path={"identifier": "g"}),
    Step("createMirror", MIRROR),
    Step("updateMirror", {**MIRROR, "name": "Two"}, path={"identifier": "m"}),
    Step("approveMirroredImage", approval, path={"identifier": "m"}),
    Step("startMirrorRun", path={"identifier": "m"}, keep="mirror_run"),
    Step("cancelMirrorRun", path={"runId": kept("mirror_run", "id")}),
    Step("deleteMirror", path={"identifier": "m"}),
    Step("restoreDefaultConnector"),
    Step("deleteConnector", path={"identifier": "hub"}),
    Step("createConnector", OLD),
    Step("migrateConnectors", {"all": True}),
    Step("createSecret", secret("One")),
    Step("updateSecret", secret("Two"), path={"identifier": "pw"}),
    Step("createSubscription", SUBSCRIPTION),
    Step("updateSubscription", {**SUBSCRIPTION, "topics": ["mirror.failed"]}, path={"identifier": "hook"}),
    Step("testSubscription", path={"identifier": "hook"}),
    Step("deleteSubscription", path={"identifier": "hook"}),
    Step("deleteSecret", path={"identifier": "pw"}),
    Step("createSecretFromYaml", secret_yaml("One")),
    Step("updateSecretFromYaml", secret_yaml("Two"), path={"identifier": "yamlpw"}),
    Step("updateConfig", [{"field": "addonTag", "value": "x/y:1"}], query={"infra": "K8"}),
    Step("resetConfig", [{"field": "addonTag"}], query={"infra": "K8"}),
    Step("deleteConfig"),
    Step("initializePipeline", PIPELINE, keep="run"),
    Step("cancelRun", path={"runId": kept("run", "id")}),
    Step("createDelegateToken", query={"tokenName": "one"}),
    Step("revokeDelegateToken", query={"tokenName": "one"}),
    Step("deleteDelegateToken", path={"tokenName": "one"}),
    Step("createDelegateToken", query={"tokenName": "two"}),
    Step("revokeDelegateToken", query={"tokenName": "two"}),
    Step("deleteDelegateTokenByQuery", query={"tokenName": "two"}),
    Step("approveDelegate", path={"delegateId": delegate("waiting", DelegateState.WAITING_FOR_APPROVAL)}),
    Step("disableDelegate", path={"delegateId": delegate("waiting")}),
    Step("enableDelegate", path={"delegateId": delegate("waiting")}),
    Step("addDelegateGroupTags", TAGS, path={"groupIdentifier": "waiting"}),
    Step("setDelegateGroupTags", TAGS, path={"groupIdentifier": "waiting"}),
    Step("deleteDelegateGroupTags", path={"groupIdentifier": "waiting"}),
    Step("approveDelegateGroup", path={"groupName": "waiting"}),
    Step("deleteDelegate", path={"delegateId": delegate("waiting")}),
    Step("deleteDelegateGroup", path={"groupName": "waiting"}),
    Step("createOrganization", ORG),
    Step("updateOrganization", ORG, path={"identifier": "o1"}),
    Step("createProject", PROJECT, query={"orgIdentifier": "o1"}),
    Step("updateProject", PROJECT, path={"identifier": "p1"}, query={"orgIdentifier": "o1"}),
    Step("pinImages", {"pins": [{"field": "addonTag", "value": "x/y:2"}]}),
    Step("rollBackPins", {"reason": "back"}),
    Step("pinImages", {"pins": [{"field": "addonTag", "value": "x/y:3"}]}, query=CANARY),
    Step("promoteCanary", {"reason": "it works"}, query=CANARY),
    Step("deleteProject", path={"identifier": "p1"}, query={"orgIdentifier": "o1"}),
    Step("deleteOrganization", path={"identifier": "o1"}),
    Step("createFilter", FILTER),
    Step("updateFilter", {**FILTER, "name": "yours"}),
    Step("deleteFilter", path={"identifier": "f1"}, query={"type": "Connector"}),
    Step("createUser", {"email": "ann@example.com", "name": "ann"}, keep="user"),
    Step("updateUser", {"name": "Ann"}, path={"userId": kept("user", "id")}),
    Step("disableUser", path={"userId": kept("user", "id")}),
    Step("enableUser", path={"userId": kept("user", "id")}),
    Step("setPassword", {"password": PASSWORD}, path={"user_id": kept("user", "id")}),
    Step("updateUserInfo", {"name": "Admin"}),
    Step("inviteUsers", {"emails": ["bob@example.com"]}),
    Step("createRole", ROLE),
    Step("updateRole", {**ROLE, "name": "Two"}, path={"identifier": "r1"}),
    Step("deleteRole", path={"identifier": "r1"}),
    Step("createRoleAssignment", assignment("a1")),
    Step("updateRoleAssignment", assignment("a1", disabled=True), path={"identifier": "a1"}),
    Step("deleteRoleAssignment", path={"identifier": "a1"}),
    Step("createRoleAssignments", lambda story: {"roleAssignments": [assignment("a2")(story)]}),
    Step("createResourceGroup", group("One", "g1")),
    Step("updateResourceGroup", group("Two", "g1"), path={"identifier": "g1"}),
    Step("deleteResourceGroup", path={"identifier": "g1"}),
    Step("createResourceGroupV1", group("One", "g2")),
    Step("updateResourceGroupV1", group("Two", "g2"), path={"identifier": "g2"}),
    Step("deleteResourceGroupV1", path={"identifier": "g2"}),
    Step("createServiceAccount", {"identifier": "robot", "name": "Robot", "email": "robot@service.harness.io"}),
    Step(
        "updateServiceAccount",
        {"identifier": "robot", "name": "Robot two", "email": "robot@service.harness.io"},
        path={"identifier": "robot"},
    ),
    Step("createApiKey", in_key(identifier="key", name="key")),
    Step("updateApiKey", in_key(identifier="key", name="key two"), path={"identifier": "key"}),
    Step("createToken", {**IN_KEY, "identifier": "t1", "name": "t1"}),
    Step("updateToken", {**IN_KEY, "identifier": "t1", "name": "t two"}, path={"identifier": "t1"}),
    Step("rotateToken", path={"identifier": "t1"}, query={**IN_KEY, "rotateTimestamp": 1}),
    Step("revokeToken", path={"identifier": "t1"}, query=IN_KEY),
    Step("createToken", {**IN_KEY, "identifier": "t2", "name": "t2"}),
    Step("deleteToken", path={"identifier": "t2"}, query=IN_KEY),
    Step("deleteApiKey", path={"identifier": "key"}, query=in_key()),
    Step("deleteServiceAccount", path={"identifier": "robot"}),
    Step("rotateEncryptionKeys"),
    Step("logIn", {"email": "ann@example.com", "password": PASSWORD}, keep="session"),
    Step("logOut"),
    Step("removeUser", path={"userId": kept("user", "id")}),
    Step("createUser", {"email": "eve@example.com", "name": "eve"}, keep="eve"),
    Step("deleteUser", path={"userId": kept("eve", "id")}),
)


def _operations(client: TestClient) -> dict[str, tuple[str, str]]:
    """Of the OpenAPI document: method and path of all that is not read with GET."""
    document = client.app.openapi()  # type: ignore[attr-defined]
    return {
        each["operationId"]: (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, each in methods.items()
        if method != "get"
    }
