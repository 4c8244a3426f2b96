"""Who may edit a connector may not have its secrets sent elsewhere: they are bound to the way somebody gave them."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
import trustme
from starlette.testclient import TestClient

from pierhead.control.access import Permission as P
from pierhead.control.access import ResourceSelector
from pierhead.control.audit import Action, AuditFilter
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.application import MemoryApplication

URL, OWN = "/ng/api/connectors", "/pierhead/v1/connectors"
SECRETS = "/ng/api/v2/secrets"
CERTIFICATE = trustme.CA().cert_pem.bytes().decode()
EDITOR = (P.CONNECTOR_VIEW, P.CONNECTOR_EDIT, P.CONNECTOR_ACCESS, P.CONNECTOR_DELETE, P.SECRET_VIEW)
Someone = Callable[..., TestClient]


@pytest.fixture
def account(application: MemoryApplication) -> Scope:
    return Scope(application.account.id)


def credentials(password: str = "account.password", **more: Any) -> dict[str, Any]:
    return {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": password, **more}}


def connector(identifier: str = "mirror", **spec: Any) -> dict[str, Any]:
    full = {"dockerRegistryUrl": "https://registry.example/ci", "providerType": "Other", "auth": credentials(), **spec}
    return {"connector": {"name": "Mirror", "identifier": identifier, "type": "DockerRegistry", "spec": full}}


def store_secret(client: TestClient, identifier: str) -> None:
    spec = {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": f"value of {identifier}"}
    body = {"secret": {"type": "SecretText", "name": identifier, "identifier": identifier, "spec": spec}}
    assert client.post(SECRETS, json=body).status_code == 200


@pytest.fixture
def mirror(client: TestClient) -> dict[str, Any]:
    """A connector with a password, made by the admin; and the body it was made with."""
    for name in ("password", "other", "clientKey"):
        store_secret(client, name)
    assert client.post(URL, json=connector()).status_code == 200
    return connector()


WAYS = {
    "url": {"dockerRegistryUrl": "https://evil.example/ci"},
    "port": {"dockerRegistryUrl": "https://registry.example:8443/ci"},
    "scheme": {"dockerRegistryUrl": "http://registry.example/ci"},
    "provider": {"providerType": "Harbor"},
    "ca": {"tls": {"caCertificatePem": CERTIFICATE}},
    "proxy": {"proxyUrl": "http://evil.example:3128"},
    "proxy flag": {"proxy": True},
    "realm": {"trustedRealmHosts": ["evil.example"]},
    "selector": {"delegateSelectors": ["mine"]},
    "mode": {"executeOnDelegate": False},
    "new secret": {"auth": credentials("account.other")},
    "user name": {"auth": {"type": "UsernamePassword", "spec": {"usernameRef": "account.other"}}},
    "client key": {"tls": {"clientCertificatePem": CERTIFICATE, "clientKeyRef": "account.clientKey"}},
    "secret in another field": {"tls": {"clientCertificatePem": CERTIFICATE, "clientKeyRef": "account.password"}},
}
WAYS["user name"]["auth"]["spec"]["passwordRef"] = "account.password"  # type: ignore[index]


def failed_permission(answer: Any) -> str:
    assert answer.status_code == 403, answer.text
    assert answer.json()["code"] == "NG_ACCESS_DENIED"
    (check,) = answer.json()["failedPermissionChecks"]
    return str(check["permission"])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            {"dockerRegistryUrl": "https://evil.example/ci"},
            "because the connector would show the secret to another origin (URL changed from https://registry.example "
            "to https://evil.example): ask for a role with core_secret_access in the account ",
        ),
        (
            {"proxy": True, "trustedRealmHosts": ["evil.example"]},
            "because the connector would show the secret by another way (proxy, trustedRealmHosts changed): ask for ",
        ),
        (
            {"auth": credentials("account.other")},
            "because the connector uses the secret as passwordRef: take another secret, or ask for a role with ",
        ),
    ],
)
def test_a_refusal_says_what_in_the_change_needs_the_secret(
    mirror: Any, someone: Someone, spec: dict[str, Any], said: str
) -> None:
    refused = someone(*EDITOR).put(URL, json=connector(**spec))
    assert failed_permission(refused) == "core_secret_access"
    assert refused.json()["hint"].startswith(said)


def test_a_refusal_of_private_addresses_names_the_field_that_asks_for_them(
    client: TestClient, someone: Someone
) -> None:
    editor = someone(*EDITOR)
    private = connector(auth={"type": "Anonymous"}, allowPrivateAddresses=True, executeOnDelegate=False)
    refused = editor.post(URL, json=private)
    assert failed_permission(refused) == "core_account_edit"
    told = "because of allowPrivateAddresses: leave it out, or ask for a role with core_account_edit in the account "
    assert refused.json()["hint"].startswith(told)
    assert client.post(URL, json=private).status_code == 200
    private["connector"]["spec"]["dockerRegistryUrl"] = "https://elsewhere.example"
    assert "(URL changed from https://registry.example to " in editor.put(URL, json=private).json()["hint"]


@pytest.mark.parametrize("way", WAYS)
def test_an_editor_without_the_secret_cannot_send_it_another_way(
    client: TestClient, application: MemoryApplication, mirror: Any, someone: Someone, way: str
) -> None:
    before, started = client.get(f"{URL}/mirror").json()["data"], list(application.connector_tasks.started)
    editor = someone(*EDITOR)
    assert failed_permission(editor.put(URL, json=connector(**WAYS[way]))) == "core_secret_access"
    assert client.get(f"{URL}/mirror").json()["data"] == before
    assert application.connector_tasks.started == started, "no test went out"
    owner = someone(*EDITOR, P.SECRET_ACCESS)
    assert owner.put(URL, json=connector(**WAYS[way])).status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_a_connector_cannot_be_made_or_tried_around_a_secret_that_the_caller_may_not_use(
    application: MemoryApplication, mirror: Any, someone: Someone, way: str
) -> None:
    editor, owner = someone(*EDITOR), someone(*EDITOR, P.SECRET_ACCESS)
    assert failed_permission(editor.post(URL, json=connector("mine", **WAYS[way]))) == "core_secret_access"
    assert failed_permission(editor.post(f"{OWN}/test", json=connector("mine", **WAYS[way]))) == "core_secret_access"
    assert application.connector_tasks.unsaved == []
    assert owner.post(f"{OWN}/test", json=connector("mine", **WAYS[way])).status_code == 200
    assert owner.post(URL, json=connector("mine", **WAYS[way])).status_code == 200


def test_an_editor_may_change_what_leaves_the_secret_where_it_was(mirror: Any, someone: Someone) -> None:
    editor = someone(*EDITOR)
    mirror["connector"] |= {"name": "Renamed", "description": "new", "tags": {"a": "b"}}
    assert editor.put(URL, json=mirror).status_code == 200
    mirror["connector"]["spec"] |= {"dockerRegistryUrl": "https://registry.example/other", "ignoreTestConnection": True}
    assert editor.put(URL, json=mirror).status_code == 200
    mirror["connector"]["spec"] |= {"auth": {"type": "Anonymous"}, "dockerRegistryUrl": "https://a.example"}
    assert editor.put(URL, json=mirror).status_code == 200
    assert failed_permission(editor.put(URL, json=connector())) == "core_secret_access", "gone is gone"


def test_the_right_to_one_secret_is_the_right_to_that_one(mirror: Any, someone: Someone) -> None:
    only = (
        ResourceSelector(ResourceType.SECRET, frozenset({"other"})),
        ResourceSelector(ResourceType.CONNECTOR),
    )
    editor = someone(*EDITOR, P.SECRET_ACCESS, only=only)
    assert editor.post(URL, json=connector("mine", auth=credentials("account.other"))).status_code == 200
    answer = editor.post(URL, json=connector("second"))
    assert answer.status_code == 400
    assert "No secret exists with the id password in the account scope" in answer.json()["message"]


def test_a_secret_that_may_not_be_seen_answers_as_one_that_is_not_there(mirror: Any, someone: Someone) -> None:
    blind = someone(P.CONNECTOR_VIEW, P.CONNECTOR_EDIT)
    for method, path in (("POST", URL), ("POST", f"{OWN}/test")):
        there = blind.request(method, path, json=connector("mine", auth=credentials("account.password")))
        absent = blind.request(method, path, json=connector("mine", auth=credentials("account.passw0rd")))
        assert there.status_code == absent.status_code == 400
        assert there.json()["message"].replace("id password", "id passw0rd") == absent.json()["message"]
    changed = connector(dockerRegistryUrl="https://evil.example")
    assert "No secret exists" in blind.put(URL, json=changed).json()["message"]


def test_what_asks_a_registry_needs_the_connector_and_its_secrets(mirror: Any, someone: Someone) -> None:
    asks = [
        ("POST", f"{URL}/testConnection/mirror"),
        ("GET", f"{OWN}/mirror/tags?repository=app"),
        ("GET", f"{OWN}/mirror/repositories"),
        ("GET", f"{OWN}/mirror/resolve?image=app:1"),
    ]
    sees = someone(P.CONNECTOR_VIEW, P.SECRET_ACCESS)
    uses = someone(P.CONNECTOR_VIEW, P.CONNECTOR_ACCESS, P.SECRET_VIEW)
    both = someone(P.CONNECTOR_VIEW, P.CONNECTOR_ACCESS, P.SECRET_ACCESS)
    for method, path in asks:
        assert failed_permission(sees.request(method, path)) == "core_connector_access"
        assert failed_permission(uses.request(method, path)) == "core_secret_access"
        assert someone().request(method, path).status_code == 404
        assert both.request(method, path).status_code == 200


def test_a_connector_without_secrets_needs_no_right_to_any(client: TestClient, someone: Someone) -> None:
    editor = someone(P.CONNECTOR_VIEW, P.CONNECTOR_EDIT, P.CONNECTOR_ACCESS)
    anonymous = connector(auth={"type": "Anonymous"})
    assert editor.post(f"{OWN}/test", json=anonymous).status_code == 200
    assert editor.post(URL, json=anonymous).status_code == 200
    assert editor.post(f"{URL}/testConnection/mirror").status_code == 200
    anonymous["connector"]["spec"]["dockerRegistryUrl"] = "https://other.example"
    assert editor.put(URL, json=anonymous).status_code == 200


def test_private_addresses_are_for_whoever_may_edit_the_account(someone: Someone) -> None:
    editor, admin = someone(*EDITOR), someone(*EDITOR, P.ACCOUNT_EDIT)
    plain = {"auth": {"type": "Anonymous"}, "executeOnDelegate": False}
    private = {**plain, "allowPrivateAddresses": True}
    for method, path in (("POST", URL), ("POST", f"{OWN}/test")):
        assert failed_permission(editor.request(method, path, json=connector(**private))) == "core_account_edit"
    assert editor.post(URL, json=connector(**plain)).status_code == 200
    assert failed_permission(editor.put(URL, json=connector(**private))) == "core_account_edit"
    assert admin.put(URL, json=connector(**private)).json()["data"]["connector"]["spec"]["allowPrivateAddresses"]
    assert editor.put(URL, json=connector(**private, ignoreTestConnection=True)).status_code == 200
    for moved in ({"dockerRegistryUrl": "http://10.0.0.1"}, {"trustedRealmHosts": ["10.0.0.1"]}):
        assert failed_permission(editor.put(URL, json=connector(**{**private, **moved}))) == "core_account_edit"
    assert editor.put(URL, json=connector(**plain, dockerRegistryUrl="https://a.example")).status_code == 200
    assert "allowPrivateAddresses" not in editor.get(f"{URL}/mirror").json()["data"]["connector"]["spec"]


def test_an_unsaved_test_takes_nothing_from_a_saved_connector(
    client: TestClient, application: MemoryApplication, mirror: Any
) -> None:
    body = connector(dockerRegistryUrl="https://new.example", auth={"type": "Anonymous"})
    data = client.post(f"{OWN}/test", json=body).json()["data"]
    assert data["status"] == "SUCCESS"
    (tried,) = application.connector_tasks.unsaved
    assert (tried.spec.url, tried.secrets()) == ("https://new.example", ())
    saved = client.get(f"{URL}/mirror").json()["data"]
    assert saved["connector"]["spec"]["dockerRegistryUrl"] == "https://registry.example/ci"
    assert saved["status"] is None
    assert tried.id != application.connectors.get(tried.scope, "mirror").id


def test_a_saved_test_takes_nothing_from_its_body(client: TestClient, mirror: Any) -> None:
    body = connector(dockerRegistryUrl="https://evil.example")
    assert client.post(f"{URL}/testConnection/mirror?url=https://evil.example", json=body).status_code == 200
    spec = client.get(f"{URL}/mirror").json()["data"]["connector"]["spec"]
    assert spec["dockerRegistryUrl"] == "https://registry.example/ci"


def test_tests_of_unsaved_connectors_take_turns_like_all_that_wait_for_registries(
    client: TestClient, application: MemoryApplication
) -> None:
    body = connector(auth={"type": "Anonymous"})
    with ExitStack() as stack:
        for n in range(20):
            stack.enter_context(client.app.state.slow_calls.one("calls", f"user {n}"))  # type: ignore[attr-defined]
        answer = client.post(f"{OWN}/test", json=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert application.connector_tasks.unsaved == []


def test_what_cannot_be_saved_cannot_be_tried(client: TestClient, someone: Someone) -> None:
    for body in ({}, {"connector": None}, connector(dockerRegistryUrl="ftp://x")):
        assert client.post(f"{OWN}/test", json=body).status_code == 400
    anonymous = connector(auth={"type": "Anonymous"})
    viewer = someone(P.CONNECTOR_VIEW, P.CONNECTOR_ACCESS)
    assert failed_permission(viewer.post(f"{OWN}/test", json=anonymous)) == "core_connector_edit"


def test_tests_and_changes_are_in_the_audit_trail_once_each(
    client: TestClient, application: MemoryApplication, account: Scope, mirror: Any
) -> None:
    client.put(URL, json=connector(dockerRegistryUrl="https://other.example"))
    client.post(f"{URL}/testConnection/mirror")
    client.post(f"{OWN}/test", json=connector("tried"))
    client.delete(f"{URL}/mirror")
    client.post(f"{OWN}/restoreDefault")
    wanted = AuditFilter(resource_types=(ResourceType.CONNECTOR,))
    with application.store.snapshot() as tx:
        records = tx.audit.page(account.account, wanted, PageRequest(0, 50)).items
    told = [(record.entry.action, record.entry.subject.identifier) for record in reversed(records)]
    assert told == [
        (Action.CREATE, "harnessImage"),
        (Action.CREATE, "mirror"),
        (Action.UPDATE, "mirror"),
        (Action.TEST, "mirror"),
        (Action.TEST, "tried"),
        (Action.DELETE, "mirror"),
        (Action.UPDATE, "harnessImage"),
    ]
    update = records[4].entry
    assert update.before is not None
    assert update.after is not None
    assert update.before["spec"]["dockerRegistryUrl"] == "https://registry.example/ci"  # type: ignore[index]
    assert update.after["spec"]["dockerRegistryUrl"] == "https://other.example"  # type: ignore[index]
    assert (update.by.name, records[-1].entry.by.name) == ("admin", "Pierhead")
    assert "value of" not in str(records)


def test_a_refused_change_leaves_no_record_of_a_change(
    application: MemoryApplication, account: Scope, mirror: Any, someone: Someone
) -> None:
    with application.store.snapshot() as tx:
        before = tx.audit.tail(account.account)
    someone(*EDITOR).put(URL, json=connector(dockerRegistryUrl="https://evil.example"))
    with application.store.snapshot() as tx:
        records = tx.audit.after(account.account, before.sequence if before else 0, 10)
    assert [r for r in records if r.entry.action is Action.UPDATE] == []
