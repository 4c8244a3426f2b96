"""A world with two projects and two accounts, and the twelve who come to it.

Everything in project A has ``mark_a`` in its name, everything in project B ``mark_b``, everything in the places that
hold them ``mark_up``: what somebody who has nothing to do with a place is told must not hold its mark.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from starlette.testclient import TestClient

from pierhead.control.access import AssignmentDraft, Grants, Permission, PrincipalRef, RoleDraft
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.testing.application import MemoryApplication
from pierhead.testing.enrolled import enrol
from pierhead.testing.granted import somebody
from pierhead.testing.memory import MemoryStore
from pierhead.testing.memory_tables import Tables
from pierhead.testing.mirror_runs import quarantined_run

ORG, A, B = "acme", "mark_a_home", "mark_b_home"
MARK_A, MARK_B, MARK_ABOVE = "mark_a", "mark_b", "mark_up"
WATCHERS_TABLES = ("audit_records", "audit_tails", "sessions", "login_failures", "nonces")
"""What a call that is refused may write to."""
OUTSIDE = {"type": "SecretText", "secretManagerIdentifier": "account.vault", "valueType": "Reference", "value": "p/x"}
PIPELINE = """
pipeline:
  identifier: mark_a_demo
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution: {steps: [{step: {identifier: t, type: Run, spec: {command: x}}}]}
"""
_EDITED = {"connector", "secret", "delegate", "pipeline", "mirror"}
EDITOR = frozenset(
    each
    for each in Permission
    if (each.endswith("_view") and each.split("_")[1] not in ("account", "organization", "audit", "user"))
    or (each.split("_")[1] in _EDITED and not each.endswith("_delete"))
)
"""Works on connectors, secrets, delegates, pipelines and mirrors, takes nothing away and lets nobody in."""


@dataclass(frozen=True)
class Somebody:
    """``ref`` is None for whoever is nobody here; ``account`` is the one named in the request, None for this one."""

    name: str
    key: str | None = None
    ref: PrincipalRef | None = None
    account: str | None = None


class CountingStore(MemoryStore):
    """Counts what is asked of it, as a rough measure of work."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def transaction(self) -> Any:
        self.count += 1
        return super().transaction()

    def snapshot(self) -> Any:
        self.count += 1
        return super().snapshot()


@dataclass
class World:
    application: MemoryApplication
    store: CountingStore
    client: TestClient
    other_account: str
    ids: dict[str, str] = field(default_factory=dict)
    people: dict[str, Somebody] = field(default_factory=dict)
    seeded: Tables = field(default_factory=Tables)

    @property
    def account(self) -> str:
        return self.application.account.id

    @property
    def scope_a(self) -> Scope:
        return Scope(self.account, ORG, A)

    @property
    def scope_b(self) -> Scope:
        return Scope(self.account, ORG, B)

    def grants(self, who: Somebody) -> Grants:
        assert who.ref is not None
        return self.application.access.grants(who.ref)

    def rewind(self) -> None:
        """Everything is as it was seeded."""
        self.store._committed = self.seeded.copy()
        self.application.access._forget("")

    def tables(self) -> Tables:
        return self.store._committed


def rows(tables: Tables, only: Iterable[str] = ()) -> dict[str, object]:
    """What is there besides the records of watching; of rows that hold one of the texts in ``only``, where given."""
    wanted = tuple(only)
    found: dict[str, object] = {}
    for table, content in vars_of(tables).items():
        if table in WATCHERS_TABLES:
            continue
        for key, row in content.items():
            if not wanted or any(text in repr((key, row)) for text in wanted):
                found[f"{table} {key}"] = row
    return found


def vars_of(tables: Tables) -> Mapping[str, Mapping[Any, Any]]:
    return {name: getattr(tables, name) for name in Tables.__dataclass_fields__}


def make_world(application: MemoryApplication, store: CountingStore, client: TestClient) -> World:
    other, other_key = application.access.create_account("other")
    application.connectors.ensure_default(other.id)
    world = World(application, store, client, other.id)
    _seed(world)
    _people(world, other_key.reveal())
    world.seeded = store._committed.copy()
    return world


def _seed(world: World) -> None:
    admin = _Admin(world)
    admin.post("/ng/api/organizations", body={"organization": {"identifier": ORG, "name": ORG}})
    for project in (A, B):
        body = {"project": {"identifier": project, "name": project, "orgIdentifier": ORG}}
        admin.post("/ng/api/projects", {"orgIdentifier": ORG}, body)
    in_org = {"orgIdentifier": ORG}
    places = ((MARK_ABOVE, {}), (MARK_ABOVE, in_org), (MARK_A, {**in_org, "projectIdentifier": A}),
              (MARK_B, {**in_org, "projectIdentifier": B}))  # fmt: skip
    for mark, place in places:
        admin.place = place
        _things(world, admin, mark)
    ids = world.ids
    ids |= {"account": world.account, "org": ORG, "project": A, "account_connector": "harnessImage"}
    user, _ = somebody(world.application, "mark_user")
    with world.store.snapshot() as tx:
        found = tx.users.find(world.account, user.identifier)
    assert found is not None
    ids |= {"user": user.identifier, "user_email": found.email}
    body = {
        "identifier": "mark_a_assignment", "roleIdentifier": "mark_a_role",
        "resourceGroupIdentifier": "mark_a_things", "principal": {"type": "USER", "identifier": user.identifier},
    }  # fmt: skip
    admin.place = {"orgIdentifier": ORG, "projectIdentifier": A}
    admin.post("/authz/api/roleassignments", body=body)
    ids["assignment"] = "mark_a_assignment"
    _work(world)


def _things(world: World, admin: "_Admin", mark: str) -> None:
    place, ids = admin.place, {}

    def named(kind: str) -> dict[str, str]:
        ids[kind] = f"{mark}_{kind}"
        return {"identifier": ids[kind], "name": ids[kind]}

    spec = {
        "dockerRegistryUrl": "https://registry.example", "providerType": "Other", "auth": {"type": "Anonymous"},
    }  # fmt: skip
    for kind in ("connector", "target"):
        admin.post(
            "/ng/api/connectors", body={"connector": {**named(kind), **place, "type": "DockerRegistry", "spec": spec}}
        )
    text = {
        "type": "SecretText",
        "secretManagerIdentifier": "harnessSecretManager",
        "valueType": "Inline",
        "value": "x",
    }
    admin.post("/ng/api/v2/secrets", body={"secret": {**named("secret"), **place, "type": "SecretText", "spec": text}})
    secret = {**named("outside"), **place, "type": "SecretText", "spec": OUTSIDE}
    admin.post("/ng/api/v2/secrets", body={"secret": secret})
    for kind in ("role", "free_role"):
        admin.post("/authz/api/roles", body={**named(kind), "permissions": ["core_connector_view"]})
    for kind in ("things", "free_things"):
        group = {**named(kind), "resourceFilter": {"includeAllResources": True}}
        admin.post("/resourcegroup/api/v2/resourcegroup", body={"resourceGroup": group})
    admin.post("/ng/api/serviceaccount", body={**named("robot"), **place})
    owner = {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": ids["robot"], **place}
    admin.post("/ng/api/apikey", body={**named("key"), **owner})
    admin.post("/ng/api/token", body={**named("token"), **owner, "apiKeyIdentifier": ids["key"]})
    properties = {"filterType": "Connector", "connectorNames": ["x"]}
    admin.post("/ng/api/filters", body={**named("filter"), **place, "filterProperties": properties})
    source = {"connectorRef": ids["connector"], "image": "a/b", "tag": "1"}
    admin.post("/pierhead/v1/watches", body={**named("watch"), **source})
    gates = [{"kind": "minimumAge", "days": 1}]
    admin.post("/pierhead/v1/gate-policies", body={**named("gate_policy"), "gates": gates})
    excepted = {"gate": "sbom", "image": "a/**", "reason": "why", "expiresAt": "2026-03-01T00:00:00Z"}
    admin.post("/pierhead/v1/gate-exceptions", body={**named("gate_exception"), **excepted})
    hook = {"url": f"https://{mark.replace('_', '-')}.example.com/x", "secretRef": ids["secret"]}
    admin.post("/pierhead/v1/subscriptions", body={**named("subscription"), **hook})
    wanted = [{"repository": "a/b", "tags": {"exact": ["1"]}}]
    spec = {"sourceRef": ids["connector"], "targetRef": ids["target"], "repositories": wanted}
    for kind in ("mirror", "free_mirror"):
        admin.post("/pierhead/v1/mirrors", body={**named(kind), "spec": spec})
    if mark == MARK_A:
        world.ids |= ids


def _work(world: World) -> None:
    """A delegate, its token and group, a run that waits, one that has ended, and a copy; in project A."""
    application, scope, ids = world.application, world.scope_a, world.ids
    delegate = enrol(application, scope, "mark_a_delegates", token="mark_a_delegate_token")
    ids |= {"delegate": delegate.id, "delegate_group": "mark_a_delegates", "delegate_token": "mark_a_delegate_token"}
    application.delegate_tokens.create(scope, "mark_a_old_token", "admin")
    application.delegate_tokens.revoke(scope, "mark_a_old_token")
    ids["old_delegate_token"] = "mark_a_old_token"
    ended = application.runs.initialize(PIPELINE.encode(), scope, "me")
    application.runs.cancel(world.account, ended.id)
    run = application.runs.initialize(PIPELINE.encode(), scope, "me")
    ids |= {"run": run.id, "ended_run": ended.id, "task": run.id}
    source, target = "a/b:1", "c/d:1"
    ids["copy"] = application.connector_tasks.start_copy(scope, ids["connector"], source, ids["target"], target)
    with application.store.transaction() as tx:
        tx.mirror_runs.add(quarantined_run(scope, ids["mirror"], application.clock.now()))
    ids["mirror_run"] = application.mirroring.tasks.start(scope, ids["mirror"]).id
    scopes = {record.entry.id: record.entry.subject.scope for record in world.tables().audit_records.values()}
    ids["audit"] = next(identifier for identifier, place in scopes.items() if place == scope)
    tasks = [task for task in world.tables().tasks.values() if task.scope == scope and task.id != ids["copy"]]
    ids["task"] = tasks[-1].id


def _people(world: World, other_key: str) -> None:
    application = world.application
    found = [Somebody("anonymous")]
    for mark, scope in (("a", world.scope_a), ("b", world.scope_b)):
        editor = RoleDraft(scope, f"mark_{mark}_editor", f"mark_{mark}_editor", EDITOR)
        application.rights.roles.create(editor)
        roles = {"viewer": "_project_viewer", "editor": editor.identifier, "admin": "_project_admin"}
        found += [_with_role(world, f"{name} of {mark}", scope, role) for name, role in roles.items()]
    admin = application.key.reveal()
    found.append(Somebody("admin of another account, calling this one", other_key))
    other = application.access.authenticate(other_key).ref
    found.append(Somebody("admin of another account, calling their own", other_key, other, world.other_account))
    delegate_token = application.delegate_tokens.get(world.scope_a, "mark_a_delegate_token")
    found.append(Somebody("delegate", application.delegate_tokens.reveal(delegate_token).reveal()))
    found += [_revoked(world), _expired(world)]
    found.append(Somebody("admin of the account", admin, application.access.authenticate(admin).ref))
    world.people = {who.name: who for who in found}


def _with_role(world: World, name: str, scope: Scope, role: str) -> Somebody:
    ref, key = somebody(world.application, name.replace(" ", ""))
    world.application.rights.assignments.create(AssignmentDraft(scope, role, PrincipalType.USER, ref.identifier))
    return Somebody(name, key.reveal(), ref)


def _admin_with_token(world: World, name: str, **changed: Any) -> Somebody:
    """An account admin whose token is not good any more."""
    ref, key = somebody(world.application, name)
    scope, everything = Scope(world.account), "_all_resources_including_child_scopes"
    draft = AssignmentDraft(scope, "_account_admin", PrincipalType.USER, ref.identifier, everything)
    world.application.rights.assignments.create(draft)
    with world.store.transaction() as tx:
        [token] = tx.tokens.list(world.account, ref)
        tx.tokens.replace(replace(token, **changed))
    return Somebody(name, key.reveal())


def _revoked(world: World) -> Somebody:
    return _admin_with_token(world, "revoked", revoked_at=world.application.clock.now())


def _expired(world: World) -> Somebody:
    return _admin_with_token(world, "expired", expires_at=world.application.clock.now() - timedelta(seconds=1))


@dataclass
class _Admin:
    """Seeds through the API, so that what is seeded is what clients make."""

    world: World
    place: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, query: Mapping[str, str] | None = None, body: object = None) -> None:
        params = {"accountIdentifier": self.world.account, **self.place, **(query or {})}
        key = {"X-API-KEY": self.world.application.key.reveal()}
        answer = self.world.client.post(path, params=params, json=body, headers=key)
        assert answer.status_code == 200, (path, answer.text)
