"""Artifact sources over HTTP: the reference's paths, and lists of our own."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission
from pierhead.control.connectors import parse_connector
from pierhead.protocol.tasks import TagFacts, TaskFailure, TestReport
from pierhead.registry.errors import RegistryUnauthenticatedError
from pierhead.server.jobs.errors import TaskFailedError
from pierhead.testing.application import A_DIGEST, MemoryApplication

DOCKER = "/ng/api/artifacts/docker"
OWN = "/pierhead/v1/artifacts"
TAGS = ("1.9", "1.10", "latest", "2.0.0-rc.1", "1.10.2-alpine")
SOURCE = {"connectorRef": "account.team", "imagePath": "library/nginx"}
IMAGE = {"connectorRef": "account.team", "image": "library/nginx"}


@pytest.fixture(autouse=True)
def team(application: MemoryApplication) -> None:
    spec = {"dockerRegistryUrl": "https://r.example/", "providerType": "Other", "auth": {"type": "Anonymous"}}
    document = {"connector": {"identifier": "team", "name": "team", "type": "DockerRegistry", "spec": spec}}
    application.connectors.create(parse_connector(document, application.account.id))
    application.connector_tasks.tags = TAGS


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def failed(code: str, category: str, message: str = "it says no") -> TaskFailedError:
    return TaskFailedError(TaskFailure(code=code, category=category, message=message, hint="ask"))


def test_build_details_are_newest_first_with_the_references_fields(client: TestClient) -> None:
    details = data(client.get(f"{DOCKER}/getBuildDetails", params={**SOURCE, "pipelineIdentifier": "p"}))
    assert not details["truncated"]
    found = details["buildDetailsList"]
    assert [each["tag"] for each in found] == ["2.0.0-rc.1", "1.10.2-alpine", "1.10", "1.9", "latest"]
    assert found[3] == {
        "tag": "1.9",
        "buildUrl": "https://r.example/library/nginx/tags/1.9",
        "metadata": {"image": "r.example/library/nginx:1.9", "tag": "1.9"},
        "labels": {},
        "imagePath": "library/nginx",
    }


@pytest.mark.parametrize("prefix", ["", "/gateway"])
def test_the_second_version_and_the_gateway_give_the_same(client: TestClient, prefix: str) -> None:
    body = {"runtimeInputYaml": "pipeline: {}", "anything": 1}
    again = client.post(f"{prefix}{DOCKER}/getBuildDetailsV2", params=SOURCE, json=body)
    assert data(again) == data(client.get(f"{DOCKER}/getBuildDetails", params=SOURCE))


@pytest.mark.parametrize(
    ("body", "tag"),
    [
        ({"tag": "1.9"}, "1.9"),
        ({"tagRegex": r"1\..*"}, "1.10.2-alpine"),
        ({"tagRegex": r"1\.\d+"}, "1.10"),
        ({"tagRegex": r"\*"}, "2.0.0-rc.1"),
    ],
)
@pytest.mark.parametrize("version", ["", "V2"])
def test_the_last_build_is_the_newest_version_that_matches(
    client: TestClient, body: dict[str, str], tag: str, version: str
) -> None:
    assert data(client.post(f"{DOCKER}/getLastSuccessfulBuild{version}", params=SOURCE, json=body))["tag"] == tag
    assert data(client.post(f"{DOCKER}/validateArtifact", params=SOURCE, json=body)) is True


@pytest.mark.parametrize("body", [None, {}, {"tag": "1", "tagRegex": "x"}])
def test_a_build_needs_exactly_one_of_tag_and_pattern(client: TestClient, body: Any) -> None:
    answer = client.post(f"{DOCKER}/getLastSuccessfulBuild", params=SOURCE, json=body)
    assert (answer.status_code, answer.json()["pierheadCode"]) == (400, "one-tag-rule")


def test_a_pattern_that_cannot_be_read_is_said(client: TestClient) -> None:
    answer = client.post(f"{DOCKER}/getLastSuccessfulBuild", params=SOURCE, json={"tagRegex": "("})
    assert (answer.status_code, answer.json()["pierheadCode"]) == (400, "invalid-tag-rule")


def test_no_tag_that_matches_is_not_found(client: TestClient) -> None:
    answer = client.post(f"{DOCKER}/getLastSuccessfulBuild", params=SOURCE, json={"tagRegex": "9.*"})
    assert (answer.status_code, answer.json()["pierheadCode"]) == (404, "no-tag-matches")


def test_a_tag_that_is_not_there_is_said_in_the_references_words(
    client: TestClient, application: MemoryApplication
) -> None:
    problem = {"problem_code": "manifest-unknown", "problem_category": "not-found", "problem": "no such tag"}
    application.connector_tasks.facts = {"9": TagFacts(tag="9", **problem)}
    answer = client.post(f"{DOCKER}/validateArtifact", params=SOURCE, json={"tag": "9"})
    assert answer.status_code == 404
    assert answer.json()["message"].startswith(
        "Docker image [library/nginx] not found in registry [https://r.example/]"
    )


@pytest.mark.parametrize(
    ("code", "category", "status", "message"),
    [
        ("repository-unknown", "not-found", 404, "Image name [library/nginx] does not exist in Docker Registry."),
        ("registry-unauthenticated", "unauthenticated", 424, "Could not fetch tags for the image: it says no"),
        ("registry-rate-limited", "rate-limited", 429, "Could not fetch tags for the image: it says no"),
    ],
)
def test_failures_of_the_registry_are_said_in_the_references_words(
    client: TestClient, application: MemoryApplication, code: str, category: str, status: int, message: str
) -> None:
    application.connector_tasks.tags_error = failed(code, category)
    for path in ("getBuildDetails", "validateArtifactSource"):
        answer = client.get(f"{DOCKER}/{path}", params=SOURCE)
        assert (answer.status_code, answer.json()["pierheadCode"]) == (status, code)
        assert answer.json()["message"].endswith(message)
        assert "Check if the image exists" in answer.json()["hint"]


def test_labels_are_read_of_the_tags_that_are_named(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.facts = {
        "1.9": TagFacts(tag="1.9", digest=A_DIGEST, labels={"version": "1.9"}),
        "none": TagFacts(tag="none", problem="not there"),
    }
    body = {"tagsList": ["1.9", "none"]}
    found = data(client.post(f"{DOCKER}/getLabels", params=SOURCE, json=body))
    assert [(each["tag"], each["labels"]) for each in found["buildDetailsList"]] == [("1.9", {"version": "1.9"})]
    assert found["unread"] == ["none"]


def test_more_than_a_hundred_labels_are_not_read_in_silence(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.tags = tuple(f"1.{number}" for number in range(150))
    found = data(client.post(f"{DOCKER}/getLabels", params=SOURCE))
    assert (len(found["buildDetailsList"]), len(found["unread"])) == (100, 50)


def test_a_server_is_validated_without_touching_its_status(client: TestClient, application: MemoryApplication) -> None:
    ask = f"{DOCKER}/validateArtifactServer"
    assert data(client.get(ask, params={"connectorRef": "account.team"})) is True
    application.connector_tasks.report = TestReport(outcome="failure", steps=())
    assert data(client.get(ask, params={"connectorRef": "account.team"})) is False
    shown = data(client.get("/ng/api/connectors/team"))
    assert shown["status"] is None


def test_the_reference_wants_the_account_named(client: TestClient) -> None:
    del client.headers["Harness-Account"]
    assert client.get(f"{DOCKER}/getBuildDetails", params=SOURCE).status_code == 400


@pytest.mark.parametrize("missing", ["connectorRef", "imagePath"])
def test_a_parameter_that_is_missing_is_said(client: TestClient, missing: str) -> None:
    query = {name: value for name, value in SOURCE.items() if name != missing}
    assert client.get(f"{DOCKER}/getBuildDetails", params=query).status_code == 400


def test_a_connector_that_is_not_there_is_said(client: TestClient) -> None:
    answer = client.get(f"{OWN}/tags", params={**IMAGE, "connectorRef": "account.none"})
    assert (answer.status_code, answer.json()["code"]) == (400, "CONNECTOR_NOT_FOUND_EXCEPTION")
    answer = client.get(f"{OWN}/tags", params={**IMAGE, "connectorRef": "<+input>"})
    assert answer.status_code == 400


def test_who_only_sees_a_connector_asks_nothing_through_it(client: TestClient, someone: Any) -> None:
    viewer = someone(Permission.CONNECTOR_VIEW)
    answer = viewer.get(f"{OWN}/tags", params=IMAGE)
    assert answer.status_code == 403
    user = someone(Permission.CONNECTOR_VIEW, Permission.CONNECTOR_ACCESS)
    assert user.get(f"{OWN}/tags", params=IMAGE).status_code == 200


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ({}, ["2.0.0-rc.1", "1.10.2-alpine", "1.10", "1.9", "latest"]),
        ({"sort": "name"}, ["1.10", "1.10.2-alpine", "1.9", "2.0.0-rc.1", "latest"]),
        ({"tagRegex": r"1\..*"}, ["1.10.2-alpine", "1.10", "1.9"]),
        ({"semver": "^1.9"}, ["1.10.2-alpine", "1.10", "1.9"]),
        ({"tagRegex": r"[\d.]+", "newest": 1}, ["1.10"]),
        ({"pageSize": 2, "pageIndex": 1}, ["1.10", "1.9"]),
        ({"pageIndex": 99}, []),
    ],
)
def test_own_lists_are_filtered_sorted_and_paged(client: TestClient, query: Any, tags: list[str]) -> None:
    found = data(client.get(f"{OWN}/tags", params={**IMAGE, **query}))
    assert [each["tag"] for each in found["content"]] == tags
    assert (found["listed"], found["truncated"], found["image"]) == (5, False, "r.example/library/nginx")


@pytest.mark.parametrize("query", [{"tagRegex": "("}, {"semver": "x.y"}, {"newest": 0}, {"sort": "size"}])
def test_a_rule_that_cannot_be_read_is_a_bad_request(client: TestClient, query: Any) -> None:
    assert client.get(f"{OWN}/tags", params={**IMAGE, **query}).status_code == 400


def test_a_list_that_was_cut_says_so(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.tags = tuple(map(str, range(100_001)))
    found = data(client.get(f"{OWN}/tags", params=IMAGE))
    assert (found["truncated"], found["listed"], found["totalItems"]) == (True, 100_000, 100_000)
    assert found["notes"] == ["the registry has more than these 100,000 tags; the rest was not read"]


def test_by_date_what_is_known_comes_first_and_the_rest_is_told(
    client: TestClient, application: MemoryApplication
) -> None:
    dates = {"1.9": "2026-03-01T00:00:00+00:00", "1.10": "2026-01-01T00:00:00Z", "latest": "nonsense"}
    application.connector_tasks.facts = {
        tag: TagFacts(tag=tag, digest=A_DIGEST, created=text, labels={"a": "b"}, image_bytes=7)
        for tag, text in dates.items()
    }
    found = data(client.get(f"{OWN}/tags", params={**IMAGE, "sort": "date"}))
    assert [each["tag"] for each in found["content"]] == ["1.9", "1.10", "2.0.0-rc.1", "1.10.2-alpine", "latest"]
    assert found["ordered"] == 2
    assert found["notes"] == ["the dates of 2 of 5 tags are known: the configs of the 5 newest were read"]
    assert found["content"][0] | {"digest": None} == {
        "tag": "1.9", "reference": "r.example/library/nginx:1.9", "digest": None, "created": 1772323200000,
        "firstSeen": None, "labels": {"a": "b"}, "sizeBytes": 7, "problem": None,
    }  # fmt: skip


def test_details_are_read_of_the_page_that_is_shown(client: TestClient) -> None:
    found = data(client.get(f"{OWN}/tags", params={**IMAGE, "details": True, "pageSize": 2}))
    assert [each["digest"] for each in found["content"]] == [A_DIGEST, A_DIGEST]
    plain = data(client.get(f"{OWN}/tags", params={**IMAGE, "pageSize": 2}))
    assert [each["digest"] for each in plain["content"]] == [None, None]


def test_by_first_seen_a_watch_has_to_have_seen_it(client: TestClient, application: MemoryApplication) -> None:
    body = {"identifier": "w", "connectorRef": "account.team", "image": "library/nginx", "tagRegex": ".*"}
    data(client.post("/pierhead/v1/watches", json=body))
    data(client.post("/pierhead/v1/watches/w/poll"))
    application.clock.advance(60)
    application.connector_tasks.tags = (*TAGS, "0.1")
    data(client.post("/pierhead/v1/watches/w/poll"))
    found = data(client.get(f"{OWN}/tags", params={**IMAGE, "sort": "firstSeen"}))
    assert found["content"][0]["tag"] == "0.1"
    assert found["content"][0]["firstSeen"] is not None
    assert found["content"][1]["firstSeen"] is None
    assert found["notes"] == ["1 of 6 tags were seen to appear by a watch of this scope"]


def test_one_tag_is_told_with_all_that_its_config_says(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.facts = {
        "1.9": TagFacts(tag="1.9", digest=A_DIGEST, config_platform="linux/amd64", created="2026-03-01T00:00:00Z")
    }
    for query in ({"image": "library/nginx:1.9"}, {"image": "library/nginx", "tag": "1.9"}):
        found = data(client.get(f"{OWN}/tag", params={**IMAGE, **query}))
        assert (found["digest"], found["platform"], found["created"]) == (A_DIGEST, "linux/amd64", 1772323200000)
        assert found["reference"] == "r.example/library/nginx:1.9"


def test_repositories_are_searched(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.repositories = ("library/nginx", "team/app")
    query = {"connectorRef": "account.team", "search": "NGINX"}
    assert data(client.get(f"{OWN}/repositories", params=query))["repositories"] == ["library/nginx"]


def test_a_registry_that_lists_only_to_users_says_so(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.tags_error = RegistryUnauthenticatedError("repositories of r", is_anonymous=True)
    answer = client.get(f"{OWN}/repositories", params={"connectorRef": "account.team"})
    assert (answer.status_code, answer.json()["pierheadCode"]) == (424, "registry-unauthenticated")


def events(text: str) -> list[tuple[str, Any]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(said.removeprefix("data: "))) for name, said in blocks]


def test_a_stream_tells_tags_in_the_registrys_order(client: TestClient) -> None:
    answer = client.get(f"{OWN}/tags/stream", params={**IMAGE, "tagRegex": r"1\..*"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert events(answer.text) == [
        ("page", {"tags": ["1.9", "1.10", "1.10.2-alpine"]}),
        ("end", {"listed": 5, "matching": 3, "truncated": False}),
    ]


def test_a_stream_that_cannot_begin_is_a_refusal_as_everywhere(
    client: TestClient, application: MemoryApplication
) -> None:
    application.connector_tasks.tags_error = failed("repository-unknown", "not-found")
    for _ in range(30):  # each gives its place back
        answer = client.get(f"{OWN}/tags/stream", params=IMAGE)
        assert (answer.status_code, answer.json()["pierheadCode"]) == (404, "repository-unknown")
