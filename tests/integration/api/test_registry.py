"""The catalogue as a registry shows it, and tags through connectors."""

from starlette.testclient import TestClient

from pierhead.protocol.tasks import TaskFailure
from pierhead.registry.errors import RegistryRateLimitedError, RegistryUnauthenticatedError
from pierhead.server.jobs.errors import TaskFailedError
from pierhead.testing.application import MemoryApplication


def test_the_catalogue_is_open_and_sorted(stranger: TestClient) -> None:
    names = stranger.get("/registry/_catalog").json()["repositories"]
    assert names == sorted(names)
    assert {"harness/ci-addon", "plugins/kaniko", "harness/aqua-trivy-job-runner"} <= set(names)


def test_the_catalogue_comes_in_pages_when_asked(stranger: TestClient) -> None:
    whole = stranger.get("/registry/_catalog").json()["repositories"]
    names, url = [], "/gateway/registry/_catalog?n=7"
    while url:
        page = stranger.get(url)
        names += page.json()["repositories"]
        url = page.links.get("next", {}).get("url", "")
    assert names == whole
    assert stranger.get("/registry/_catalog?n=0").json() == {"repositories": []}
    assert stranger.get("/registry/_catalog?last=harness/zzz").json()["repositories"][0] > "harness/zzz"
    assert stranger.get("/registry/_catalog?n=-1").status_code == 400


def test_tags_need_a_key(stranger: TestClient) -> None:
    answer = stranger.get("/registry/harness/ci-addon/tags/list")
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"


def test_tags_come_from_where_the_default_connector_leads(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.tags = ("1.0", "1.1", "ünïcode", "2.0")
    answer = client.get("/registry/harness/ci-addon/tags/list")
    assert answer.json() == {"name": "harness/ci-addon", "tags": ["1.0", "1.1", "ünïcode", "2.0"]}
    first = client.get("/registry/harness/ci-addon/tags/list?n=3")
    assert first.json()["tags"] == ["1.0", "1.1", "ünïcode"]
    assert client.get(first.links["next"]["url"]).json()["tags"] == ["2.0"]


def test_a_registrys_refusal_is_not_taken_for_our_own(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.tags_error = RegistryUnauthenticatedError("tags of a", is_anonymous=True)
    plain = client.get("/registry/a/tags/list")
    assert plain.status_code == 424
    assert plain.json()["errors"][0]["detail"]["pierheadCode"] == "registry-unauthenticated"
    own = client.get("/pierhead/v1/connectors/harnessImage/tags?repository=a")
    assert own.status_code == 424
    assert own.json()["code"] == "CONNECTOR_VALIDATION_EXCEPTION"


def test_a_registrys_rate_limit_is_handed_on(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.tags_error = RegistryRateLimitedError("docker.io", "quota", 12.3)
    answer = client.get("/registry/a/tags/list")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "13"


def test_a_workers_report_is_told_by_its_category(client: TestClient, application: MemoryApplication) -> None:
    def status(category: str) -> int:
        application.connector_tasks.tags_error = TaskFailedError(TaskFailure(code="x", category=category, message="m"))
        return client.get("/pierhead/v1/connectors/harnessImage/tags?repository=a").status_code

    categories = ["not-found", "unavailable", "unauthenticated", "denied", "invalid-input", "rate-limited", "error"]
    assert [status(category) for category in categories] == [404, 424, 424, 424, 400, 429, 424]


def test_tags_of_a_missing_connector_are_gone(client: TestClient) -> None:
    assert client.get("/pierhead/v1/connectors/nope/tags?repository=a").status_code == 404
    client.delete("/ng/api/connectors/harnessImage?forceDelete=true")
    assert client.get("/registry/a/tags/list").status_code == 404


def test_tags_are_cut_at_the_limit_and_it_is_said(client: TestClient, application: MemoryApplication) -> None:
    application.connector_tasks.tags = ("a", "b", "c")
    data = client.get("/pierhead/v1/connectors/harnessImage/tags?repository=x&limit=2").json()["data"]
    assert data == {"name": "x", "tags": ["a", "b"], "truncated": True}
    for limit in ("0", "-1", "1000001", "9" * 40):
        url = f"/pierhead/v1/connectors/harnessImage/tags?repository=x&limit={limit}"
        assert client.get(url).status_code == 400
