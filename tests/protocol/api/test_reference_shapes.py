"""Answers have exactly the keys that the reference's clients know, nulls included (harness-api §1.4, 2.2, 13.2)."""

import http.client
import json
from typing import Any

import pytest

CONNECTORS = "/gateway/ng/api/connectors"
SECRETS = "/gateway/ng/api/v2/secrets"
BODY = {
    "connector": {
        "name": "Harness Docker Connector",
        "identifier": "mirror",
        "type": "DockerRegistry",
        "spec": {
            "dockerRegistryUrl": "https://us-docker.pkg.dev/gar-prod-setup/harness-public",
            "providerType": "Other",
            "auth": {"type": "Anonymous"},
            "executeOnDelegate": False,
        },
    }
}
SECRET = {
    "secret": {
        "type": "SecretText",
        "name": "t",
        "identifier": "t",
        "tags": {},
        "spec": {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": "v4lue"},
    }
}


def call(server: Any, method: str, path: str, body: object = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    headers = {"x-api-key": server.application.key.reveal()} | ({"Content-Type": "application/json"} if body else {})
    mark = "&" if "?" in path else "?"
    target = f"{path}{mark}accountIdentifier={server.application.account.id}"
    connection.request(method, target, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "application/json"
    document = json.loads(answer.read())
    connection.close()
    return answer.status, document


def test_a_created_connector_is_answered_whole(server: Any) -> None:
    status, answer = call(server, "POST", CONNECTORS, BODY)
    assert status == 200
    data = answer["data"]
    assert data.pop("warnings") == []  # ours
    sent: dict[str, Any] = BODY["connector"]
    assert data["connector"] == {
        **sent,
        "description": "",
        "accountIdentifier": server.application.account.id,
        "orgIdentifier": None,
        "projectIdentifier": None,
        "tags": {},
        "spec": {**sent["spec"], "delegateSelectors": [], "proxy": False, "ignoreTestConnection": False},
    }
    assert answer | {"data": 0, "correlationId": 0} == {
        "status": "SUCCESS",
        "data": 0,
        "metaData": None,
        "correlationId": 0,
    }
    assert isinstance(data["createdAt"], int)
    assert data["createdAt"] == data["lastModifiedAt"] == data["activityDetails"]["lastActivityTime"] > 10**12
    assert {key: value for key, value in data.items() if key not in ("connector", "createdAt", "lastModifiedAt")} == {
        "status": None,
        "activityDetails": {"lastActivityTime": data["createdAt"]},
        "harnessManaged": False,
        "gitDetails": dict.fromkeys(
            [
                "objectId",
                "branch",
                "repoIdentifier",
                "rootFolder",
                "filePath",
                "repoName",
                "commitId",
                "fileUrl",
                "repoUrl",
            ]
        ),
        "entityValidityDetails": {"valid": True, "invalidYaml": None},
        "governanceMetadata": None,
        "isFavorite": False,
    }


def test_a_test_is_answered_with_its_outcome_and_kept_as_status(server: Any) -> None:
    _, answer = call(server, "POST", f"{CONNECTORS}/testConnection/harnessImage")
    data = answer["data"]
    ours = {name: data.pop(name) for name in ("steps", "delegate", "pathReason", "selection")}
    assert (ours["delegate"], ours["selection"]) == (None, [])
    assert data | {"testedAt": 0} == {
        "status": "SUCCESS",
        "errors": None,
        "errorSummary": None,
        "testedAt": 0,
        "delegateId": None,
        "taskId": "task",
    }
    _, read = call(server, "GET", f"{CONNECTORS}/harnessImage")
    assert read["data"]["status"] == {
        "status": "SUCCESS",
        "errorSummary": None,
        "errors": None,
        "testedAt": data["testedAt"],
        "lastTestedAt": data["testedAt"],
        "lastConnectedAt": data["testedAt"],
        "lastAlertSent": None,
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{CONNECTORS}/listV2?pageIndex=0&pageSize=50", {"filterType": "Connector"}),
        ("GET", CONNECTORS, None),
        ("GET", SECRETS, None),
        ("POST", f"{SECRETS}/list/secrets", {"filterType": "Secret"}),
        ("GET", "/pierhead/v1/runs", None),
    ],
)
def test_a_page_has_the_references_keys(server: Any, method: str, path: str, body: object) -> None:
    status, answer = call(server, method, path, body)
    assert status == 200
    assert set(answer["data"]) == {
        "totalPages",
        "totalItems",
        "pageItemCount",
        "pageSize",
        "content",
        "pageIndex",
        "empty",
        "pageToken",
    }


def test_a_created_secret_is_answered_without_its_value(server: Any) -> None:
    status, answer = call(server, "POST", SECRETS, SECRET)
    assert status == 200
    data = answer["data"]
    assert data == {
        "secret": {
            "type": "SecretText",
            "name": "t",
            "identifier": "t",
            "orgIdentifier": None,
            "projectIdentifier": None,
            "tags": {},
            "description": "",
            "spec": {
                "type": "SecretTextSpec",
                "secretManagerIdentifier": "harnessSecretManager",
                "valueType": "Inline",
                "value": None,
                "additionalMetadata": None,
            },
        },
        "createdAt": data["createdAt"],
        "updatedAt": data["updatedAt"],
        "draft": False,
        "governanceMetadata": None,
    }


def test_a_refusal_of_fields_has_the_failure_envelope(server: Any) -> None:
    status, answer = call(server, "POST", CONNECTORS, {"connector": {"name": "x"}})
    assert (status, answer["status"], answer["code"]) == (400, "FAILURE", "INVALID_REQUEST")
    assert set(answer) == {"status", "code", "message", "correlationId", "errors", "hint", "pierheadCode"}
    assert all(set(error) == {"fieldId", "error"} for error in answer["errors"])


def test_any_other_refusal_has_the_error_envelope(server: Any) -> None:
    call(server, "POST", CONNECTORS, BODY)
    status, answer = call(server, "POST", CONNECTORS, BODY)
    assert status == 400
    message = (
        "Invalid request: Connector: Harness Docker Connector has been given an identifier: mirror that already "
        "exists. Please enter a unique ID."
    )
    assert answer | {"correlationId": 0} == {
        "status": "ERROR",
        "code": "INVALID_REQUEST",
        "message": message,
        "correlationId": 0,
        "detailedMessage": None,
        "responseMessages": [
            {"code": "INVALID_REQUEST", "level": "ERROR", "message": message, "exception": None, "failureTypes": []}
        ],
        "metadata": None,
        "hint": None,
        "pierheadCode": "connector-exists",
    }


def test_a_missing_connector_is_answered_as_terraform_reads_it(server: Any) -> None:
    status, answer = call(server, "GET", f"{CONNECTORS}/x")
    assert status == 404
    assert answer | {"correlationId": 0} == {
        "status": "FAILURE",
        "code": "RESOURCE_NOT_FOUND_EXCEPTION",
        "message": f"Connector with identifier [x] not found in account [{server.application.account.id}].",
        "correlationId": 0,
        "errors": None,
        "hint": None,
        "pierheadCode": "connector-missing",
    }
