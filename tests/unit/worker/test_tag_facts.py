"""What tags mean, read against a fake registry: digests by HEAD, dates and labels from configs."""

import json

import pytest

from pierhead.oci.digest import Digest
from pierhead.oci.media_types import OCI_CONFIG, OCI_MANIFEST
from pierhead.protocol.tasks import FailedResult, ListTagsTask, ReadTagsTask, RegistryAccess, TagFactsResult
from pierhead.registry.context import Caps
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import FakeRegistry, Scripted, TokenLogin
from pierhead.testing.images import image, layer, multi_platform
from pierhead.worker.execute import execute, pages

LABELS = {"org.opencontainers.image.version": "1.2", "long": "x" * 2000}


def read(fake, *tags: str, with_configs: bool = False, repository: str = "team/app", **access):
    task = ReadTagsTask(
        registry=RegistryAccess(connector="account.test", url=fake.url, **access),
        repository=repository,
        tags=tags,
        with_configs=with_configs,
    )
    return execute(task, transport=Transport(FakeClock()))


def facts(result) -> dict:
    assert isinstance(result, TagFactsResult), result
    return {each.tag: each for each in result.tags}


@pytest.fixture
def app():
    return image([layer({"a": "b"})], labels=LABELS)


def test_digests_cost_one_head_each_and_no_get(fake, app) -> None:
    for tag in ("1.0", "1.1", "latest"):
        fake.add("team/app", tag, app)
    found = facts(read(fake, "1.0", "latest", "1.0"))
    assert [each.digest for each in found.values()] == [str(app.descriptor.digest)] * 2
    assert (fake.count("HEAD", "manifests"), fake.count("GET", "manifests")) == (2, 0)


def test_a_tag_that_is_not_there_does_not_spoil_the_others(fake, app) -> None:
    fake.add("team/app", "1.0", app)
    found = facts(read(fake, "none", "1.0"))
    assert (found["none"].digest, found["none"].problem_code) == (None, "manifest-unknown")
    assert found["none"].problem_category == "not-found"
    assert found["1.0"].digest


def test_the_config_says_date_and_labels_and_the_manifest_the_size(fake, app) -> None:
    fake.add("team/app", "1.0", app)
    found = facts(read(fake, "1.0", with_configs=True))["1.0"]
    assert found.created == "2026-01-05T12:00:00+00:00"
    assert found.labels["org.opencontainers.image.version"] == "1.2"
    assert len(found.labels["long"]) == 512
    manifest = json.loads(app.raw)
    assert found.image_bytes == manifest["config"]["size"] + sum(each["size"] for each in manifest["layers"])
    assert found.config_platform == "linux/amd64"


def test_of_an_index_the_platforms_are_told_and_the_likely_config_read(fake) -> None:
    made = multi_platform([layer({"a": "b"})], "tool")
    fake.add("team/app", "1.0", made)
    found = facts(read(fake, "1.0", with_configs=True))["1.0"]
    assert {each.platform for each in found.platforms} >= {"linux/amd64"}
    assert (found.config_platform, found.digest) == ("linux/amd64", str(made.descriptor.digest))
    assert found.created


def test_an_artifact_that_is_no_image_keeps_its_digest(fake) -> None:
    config = b'{"not": "a config", "created": 5}'
    digest = Digest.of(config)
    raw = json.dumps(
        {
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
            "config": {"mediaType": OCI_CONFIG, "digest": str(digest), "size": len(config)},
        }
    ).encode()  # fmt: skip
    fake.content.put_blob("team/app", digest, config)
    fake.content.put_manifest("team/app", "odd", OCI_MANIFEST, raw)
    found = facts(read(fake, "odd", with_configs=True))["odd"]
    assert found.digest == str(Digest.of(raw))
    assert (found.created, bool(found.problem)) == (None, True)


def test_a_registry_that_wants_a_login_fails_the_task_once(app) -> None:
    with FakeRegistry(TokenLogin({"u": "secret-password"})) as fake:
        fake.add("team/app", "1", app)
        result = read(fake, *(str(number) for number in range(200)))
        assert isinstance(result, FailedResult)
        assert result.error.code == "registry-unauthenticated"
        assert fake.count("HEAD", "manifests") < 30, "it goes on asking after a refusal"


def test_a_registry_that_stops_in_the_middle_leaves_what_was_read(fake, app) -> None:
    for number in range(40):
        fake.add("team/app", f"1.{number}", app)
    fake.faults.script(Scripted("HEAD", "/1.20", 429, times=99))
    fake.faults.script(Scripted("GET", "/1.20", 429, times=99))
    found = facts(read(fake, *(f"1.{number}" for number in range(40))))
    unread = [each for each in found.values() if each.digest is None]
    assert found["1.0"].digest
    assert found["1.20"] in unread
    assert {each.problem_code for each in unread} == {"registry-rate-limited"}


def test_pages_of_tags_arrive_one_by_one(app) -> None:
    with FakeRegistry(page_cap=2) as fake:
        for number in range(5):
            fake.add("team/app", f"1.{number}", app)
        task = ListTagsTask(registry=RegistryAccess(url=fake.url), repository="team/app", limit=100)
        arriving = pages(task, transport=Transport(FakeClock()))
        assert next(arriving).tags == ("1.0", "1.1")
        assert fake.count("GET", "tags") == 1
        rest = list(arriving)
        assert [(page.tags, page.truncated) for page in rest] == [(("1.2", "1.3"), False), (("1.4",), False)]
        cut = list(pages(task.model_copy(update={"limit": 3}), transport=Transport(FakeClock())))
        assert [(page.tags, page.truncated) for page in cut] == [(("1.0", "1.1"), False), (("1.2",), True)]


def test_pages_that_fail_end_with_the_failure(fake) -> None:
    task = ListTagsTask(registry=RegistryAccess(url=fake.url), repository="team/none", limit=100)
    [failed] = pages(task, transport=Transport(FakeClock()))
    assert isinstance(failed, FailedResult)
    assert failed.error.category == "not-found"


def test_a_list_longer_than_is_read_is_cut_and_says_so(app) -> None:
    with FakeRegistry(page_cap=2) as fake:
        for number in range(7):
            fake.add("team/app", f"1.{number}", app)
        task = ListTagsTask(registry=RegistryAccess(url=fake.url), repository="team/app", limit=100)
        transport = Transport(FakeClock(), caps=Caps(list_entries=4))
        result = execute(task, transport=transport)
        assert (result.tags, result.truncated) == (("1.0", "1.1", "1.2", "1.3"), True)
        assert list(pages(task, transport=transport))[-1].truncated
