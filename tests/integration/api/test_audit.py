"""The audit trail over HTTP: who may read what of it, how it is filtered, and what it says of itself."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission, TokenAddress
from pierhead.control.audit import AuditFilter, PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.application import MemoryApplication
from pierhead.testing.granted import grant, somebody
from pierhead.testing.memory_audit import MemoryAuditRows
from pierhead.testing.places import make_place

LIST = "/audit/api/audits/list"
CONFIG = "/ci/execution-config"
ADDON = "addonTag"


@pytest.fixture
def account(application: MemoryApplication) -> str:
    return application.account.id


@pytest.fixture
def events(client: TestClient, application: MemoryApplication, account: str) -> None:
    """An override and a token in a project; who does it is the admin."""
    pin = [{"field": ADDON, "value": "harness/ci-addon:1"}]
    assert client.post(f"{CONFIG}/update-config?infra=K8", json=pin).status_code == 200
    make_place(application.store, Scope(account, "o", "p"))
    place = "orgIdentifier=o&projectIdentifier=p"
    assert client.post(f"/ng/api/delegate-token-ng?{place}&tokenName=tok").status_code == 200


def found(client: TestClient, body: dict[str, Any] | None = None, query: str = "") -> list[dict[str, Any]]:
    answer = client.post(f"{LIST}?{query}", json=body or {"filterType": "Audit"})
    assert answer.status_code == 200, answer.json()
    content: list[dict[str, Any]] = answer.json()["data"]["content"]
    return content


def named(client: TestClient, body: dict[str, Any] | None = None, query: str = "") -> list[str]:
    return [event["resource"]["identifier"] for event in found(client, body, query)]


@pytest.mark.usefixtures("events")
def test_an_event_says_who_did_what_to_which_thing_where(client: TestClient, account: str) -> None:
    token, config = found(client)[:2]
    assert token["resourceScope"] == {"accountIdentifier": account, "orgIdentifier": "o", "projectIdentifier": "p"}
    assert token["resource"] == {"type": "DELEGATE_TOKEN", "identifier": "tok", "labels": {"resourceName": "tok"}}
    assert (token["action"], token["module"]) == ("CREATE", "CORE")
    assert token["requestMetadata"] == {"clientIP": "testclient"}
    assert token["authenticationInfo"]["principal"]["type"] == "USER"
    assert token["authenticationInfo"]["labels"]["username"] == "admin"
    assert config["resource"]["identifier"] == "execution-config.K8"
    yaml = client.get(f"/audit/api/auditYaml?auditId={config['auditId']}").json()["data"]
    assert (yaml["oldYaml"], yaml["newYaml"]) == ("addonTag: null\n", "addonTag: harness/ci-addon:1\n")
    assert yaml["event"] == config
    assert yaml["key"] == {"identifier": "admin", "apiKeyIdentifier": "admin"}


@pytest.mark.usefixtures("events")
def test_every_field_of_the_filter_narrows(client: TestClient, account: str) -> None:
    token = {"type": "DELEGATE_TOKEN", "identifier": "tok"}
    assert named(client, {"resources": [token]}) == ["tok"]
    assert named(client, {"resources": [{"type": "SETTING"}]}) == ["execution-config.K8"]
    assert named(client, {"resources": [{"type": "WHATEVER"}]}) == []
    assert named(client, {"actions": ["UPDATE"], "modules": ["CORE", "CI"]}) == ["execution-config.K8"]
    assert named(client, {"actions": ["WHATEVER"]}) == []
    assert named(client, {"modules": ["CD"]}) == []
    assert named(client, {"environments": [{"type": "Production"}]}) == []
    assert named(client, {"principals": [{"type": "USER", "identifier": "nobody"}]}) == []
    assert named(client, {"endTime": 1000}) == []
    assert named(client, {"startTime": 4_000_000_000_000}) == []
    assert named(client, {"searchTerm": "TOK"}) == ["tok"]
    scopes = [{"accountIdentifier": account, "orgIdentifier": "o"}]
    assert named(client, {"scopes": scopes}) == ["tok"]
    assert named(client, {"scopes": [{"accountIdentifier": "another"}]}) == []
    assert named(client, {"staticFilter": "EXCLUDE_LOGIN_EVENTS", "filterType": "Audit"}, "pageSize=1") == ["tok"]
    assert client.post(LIST).status_code == 200
    assert client.post(LIST, json={"startTime": -1}).status_code == 400
    assert client.post(LIST, json={"scopes": [{"projectIdentifier": "p"}]}).status_code == 400


@pytest.mark.usefixtures("events")
def test_whoever_may_read_one_project_reads_that_alone(
    client: TestClient, application: MemoryApplication, account: str
) -> None:
    who, key = somebody(application)
    token, config = found(client)[:2]
    client.headers["X-API-KEY"] = key.reveal()
    assert client.post(LIST, json={}).status_code == 403
    grant(application, who, Scope(account, "o", "p"), [Permission.AUDIT_VIEW])
    refused = client.post(LIST, json={})
    assert refused.json()["failedPermissionChecks"][0]["permission"] == "core_audit_view"
    place = {"orgIdentifier": "o", "projectIdentifier": "p"}
    assert named(client, {"scopes": [place]}) == ["tok"]
    assert named(client, {}, "orgIdentifier=o&projectIdentifier=p") == ["tok"]
    assert client.post(LIST, json={"scopes": [place, {}]}).status_code == 403
    assert client.get("/pierhead/v1/audit/verify").status_code == 403
    assert client.get(f"/audit/api/auditYaml?auditId={token['auditId']}").status_code == 200
    hidden = client.get(f"/audit/api/auditYaml?auditId={config['auditId']}").json()
    absent = client.get("/audit/api/auditYaml?auditId=none").json()
    assert hidden["message"].replace(config["auditId"], "none") == absent["message"]
    assert (hidden["code"], hidden["pierheadCode"]) == (absent["code"], absent["pierheadCode"])


@pytest.mark.usefixtures("events")
def test_whoever_may_read_an_organization_but_not_its_projects_reads_no_project(
    client: TestClient, application: MemoryApplication, account: str
) -> None:
    who, key = somebody(application)
    grant(application, who, Scope(account, "o"), [Permission.AUDIT_VIEW])
    client.headers["X-API-KEY"] = key.reveal()
    assert named(client, {}, "orgIdentifier=o") == []
    grant(application, who, Scope(account, "o"), [Permission.AUDIT_VIEW], with_children=True)
    assert named(client, {}, "orgIdentifier=o") == ["tok"]


@pytest.mark.usefixtures("events")
def test_a_good_trail_is_said_to_be_good_and_a_broken_one_where_it_breaks(
    client: TestClient, application: MemoryApplication, account: str
) -> None:
    good = client.get("/pierhead/v1/audit/verify").json()["data"]
    records = application.audit.list(account, AuditFilter(), PageRequest()).items
    assert good == {
        "intact": True,
        "records": len(records),
        "seal": records[0].seal.hex(),
        "brokenAt": None,
        "problem": None,
    }
    with application.store.transaction() as tx:
        assert isinstance(tx.audit, MemoryAuditRows)
        tx.audit.spoil(account, len(records), None, tx.audit.tail(account))
    broken = client.get("/pierhead/v1/audit/verify").json()["data"]
    assert (broken["intact"], broken["brokenAt"]) == (False, len(records))
    assert broken["problem"] == "the record is missing"
    refused = client.post(f"{CONFIG}/reset-config?infra=K8", json=[{"field": ADDON}])
    assert (refused.status_code, refused.json()["pierheadCode"]) == (503, "audit-broken")
    assert "pierhead audit verify" in refused.json()["hint"]
    assert client.get(f"{CONFIG}/get-customer-config?infra=K8").status_code == 200
    assert len(found(client)) == len(records) - 1


@pytest.mark.usefixtures("events")
def test_a_person_is_found_by_identifier_name_or_email(
    client: TestClient, application: MemoryApplication, account: str
) -> None:
    admin = found(client)[0]["authenticationInfo"]["principal"]["identifier"]
    email = application.people.users.get(account, admin).email
    for who in (admin, "admin", email, email.upper()):
        assert set(named(client, {"people": [who]})) == {"tok", "execution-config.K8"}
    assert named(client, {"people": ["nobody"]}) == []
    assert named(client, {"principals": [{"identifier": "admin"}]}) == []


@pytest.mark.usefixtures("events")
def test_a_rotated_key_is_told_from_a_renamed_one(
    client: TestClient, application: MemoryApplication, account: str
) -> None:
    key = found(client)[0]["authenticationInfo"]["labels"]["credential"]
    token = application.people.api_tokens.find(account, key)
    assert token is not None
    assert application.people.api_tokens.find("another", key) is None
    application.people.api_tokens.rotate(TokenAddress(token.owner, token.api_key, token.identifier))
    assert application.audit.list(account, AuditFilter(), PageRequest(0, 1)).items[0].entry.action == "ROTATE_TOKEN"


def test_a_change_with_nobody_behind_it_is_the_program_s(application: MemoryApplication, account: str) -> None:
    application.catalogue.reset_all(account)
    record = application.audit.list(account, AuditFilter(), PageRequest(0, 1)).items[0]
    assert record.entry.by.type is PrincipalType.SYSTEM
