"""What refers to an image, as registries list it: the API with its pages and filters, and the tag before the API."""

import json

import pytest

from pierhead.oci.digest import Digest
from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import BadResponseError, BodyTooLargeError, RedirectRefusedError, RegistryError
from pierhead.registry.referrers import fallback_tag
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry, Scripted
from pierhead.testing.images import artifact, image, layer

INDEX = "application/vnd.oci.image.index.v1+json"
SUBJECT = image([layer({"a": "a"})]).descriptor
OTHER = Digest.of(b"other")


@pytest.fixture
def registry():
    with FakeRegistry(has_referrers=True, page_cap=3) as registry:
        registry.content.put_manifest("team/tool", "1", SUBJECT.media_type, b"{}")
        yield registry


@pytest.fixture
def client(registry):
    with Transport(FakeClock()) as transport:
        yield RegistryClient(Endpoint.for_url(registry.url), transport)


def add(registry, count, kind="application/x"):
    made = [artifact(kind, str(n).encode(), SUBJECT) for n in range(count)]
    for each in made:
        registry.content.put_manifest("team/tool", str(each.descriptor.digest), each.descriptor.media_type, each.raw)
    return {each.descriptor.digest for each in made}


def found(client, **more):
    return {entry.digest for entry in client.referrers("team/tool", SUBJECT.digest, **more).referrers}


def put_list(registry, *digests) -> None:
    members = [SUBJECT.to_json() | {"digest": str(digest)} for digest in digests]
    raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": members}).encode()
    registry.content.put_manifest("team/tool", fallback_tag(SUBJECT.digest), INDEX, raw)


def test_every_page_is_read(registry, client):
    wanted = add(registry, 7)
    assert found(client) == wanted
    assert registry.count(kind="referrers") == 3


def test_none_is_an_answer(client):
    answer = client.referrers("team/tool", SUBJECT.digest)
    assert (answer.referrers, answer.is_by_api) == ((), True)


@pytest.mark.parametrize("filters", [True, False])
def test_a_type_is_filtered_whether_or_not_the_registry_does_it(registry, client, filters):
    wanted = add(registry, 2, "application/wanted")
    add(registry, 2, "application/other")
    if not filters:
        members = registry.content.referrers("team/tool", str(SUBJECT.digest))
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": members}).encode()
        registry.faults.script(Scripted("GET", str(SUBJECT.digest), 200, body, {"Content-Type": INDEX}))
    assert found(client, artifact_type="application/wanted") == wanted


@pytest.mark.parametrize(
    ("status", "content_type"),
    [
        (404, "text/plain"),
        (405, "text/plain"),
        (400, "application/json"),
        (200, "text/html"),
        (200, "application/json"),
    ],
)
def test_a_registry_without_the_api_is_asked_for_the_tag(registry, client, status, content_type):
    put_list(registry, OTHER)
    page = Scripted("GET", f"/referrers/{SUBJECT.digest}", status, b"<html>", {"Content-Type": content_type})
    registry.faults.script(page)
    answer = client.referrers("team/tool", SUBJECT.digest)
    assert ({entry.digest for entry in answer.referrers}, answer.is_by_api) == ({OTHER}, False)


def test_what_is_known_not_to_be_there_is_not_asked_for(registry, client):
    put_list(registry, OTHER)
    assert found(client, has_api=False) == {OTHER}
    assert registry.count(kind="referrers") == 0
    registry.forget_requests()
    assert found(client, has_api=False, has_tag=False) == set()
    assert registry.count() == 0


def test_no_api_and_no_tag_is_none(registry, client):
    registry.has_referrers = False
    assert found(client) == set()


def test_a_tag_that_is_no_index_lists_nothing(registry, client):
    registry.has_referrers = False
    made = image([layer({"b": "b"})])
    registry.add("team/tool", fallback_tag(SUBJECT.digest), made)
    assert found(client) == set()


@pytest.mark.parametrize("status", [429, 503])
def test_not_now_is_never_none(registry, client, status):
    registry.faults.script(Scripted("GET", f"/referrers/{SUBJECT.digest}", status, times=100))
    with pytest.raises(RegistryError) as caught:
        found(client)
    assert caught.value.code in ("registry-rate-limited", "registry-unavailable")


def test_no_right_is_never_none():
    with (
        FakeRegistry(BasicLogin({"user": "secret"}), has_referrers=True) as registry,
        Transport(FakeClock()) as transport,
    ):
        client = RegistryClient(Endpoint.for_url(registry.url), transport)
        with pytest.raises(RegistryError) as caught:
            found(client)
    assert caught.value.code == "registry-unauthenticated"


def test_a_thousand_are_taken_and_one_more_is_refused(registry, client):
    registry.page_cap = 2000
    add(registry, 1000)
    assert len(found(client)) == 1000
    add(registry, 1001)
    with pytest.raises(BodyTooLargeError):
        found(client)


def test_more_than_a_thousand_under_the_tag_are_refused(registry, client):
    registry.has_referrers = False
    put_list(registry, *(Digest.of(str(n).encode()) for n in range(1001)))
    with pytest.raises(BodyTooLargeError):
        found(client)


def page(link: str) -> Scripted:
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
    return Scripted("GET", str(SUBJECT.digest), 200, body, {"Content-Type": INDEX, "Link": link}, times=10)


def test_pages_that_go_round_end(registry, client):
    registry.faults.script(page('<?start=1>; rel="next"'))
    with pytest.raises(BadResponseError):
        found(client)


def test_a_page_on_another_host_is_not_asked_for(registry, client):
    registry.faults.script(page('<http://evil.example.com/v2/x?start=1>; rel="next"'))
    with pytest.raises(RedirectRefusedError):
        found(client)


def test_a_type_cannot_add_to_the_query(registry, client):
    found(client, artifact_type="a&artifactType=b")
    assert [seen.query for seen in registry.requests] == ["artifactType=a%26artifactType%3Db"]
