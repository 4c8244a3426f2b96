"""Signatures, SBOMs and attestations that travel with an image, by the API for referrers and by the tags before it."""

import json
import threading

import pytest

from pierhead.oci.digest import Digest
from pierhead.protocol.tasks import CopyState
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import artifact, image, layer, multi_platform

INDEX = "application/vnd.oci.image.index.v1+json"
SBOM, SIGNATURE = "application/spdx+json", "application/vnd.example.signature"


def fallback(digest) -> str:
    return f"{digest.algorithm}-{digest.encoded}"


def attach(registry, repository, *artifacts, with_tag: bool = False):
    """As a client would: by digest, and in the list of the fallback tag where the registry keeps none."""
    for each in artifacts:
        for digest, content in each.blobs.items():
            registry.content.put_blob(repository, digest, content)
        registry.content.put_manifest(repository, str(each.descriptor.digest), each.descriptor.media_type, each.raw)
        if with_tag:
            subject = Digest.parse(json.loads(each.raw)["subject"]["digest"])
            held = registry.content.find_manifest(repository, fallback(subject))
            members = json.loads(held[2])["manifests"] if held else []
            members.append(each.descriptor.to_json() | {"artifactType": json.loads(each.raw)["artifactType"]})
            raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": members}).encode()
            registry.content.put_manifest(repository, fallback(subject), INDEX, raw)


def listed(registry, repository, digest) -> set[str]:
    if registry.has_referrers:
        return {entry["digest"] for entry in registry.content.referrers(repository, str(digest))}
    held = registry.content.find_manifest(repository, fallback(digest))
    return {entry["digest"] for entry in json.loads(held[2])["manifests"]} if held else set()


@pytest.fixture(params=["api", "tag"])
def there(request, source):
    source.has_referrers = request.param == "api"
    return source


@pytest.fixture(params=["api", "tag"])
def here(request, target):
    target.has_referrers = request.param == "api"
    return target


@pytest.fixture
def made(small):
    return multi_platform([small], "tool")


def signed(registry, made, repository="team/tool", tag="1"):
    """The image with an SBOM of the index, a signature of that SBOM, and a signature of one platform's manifest."""
    registry.add(repository, tag, made)
    sbom = artifact(SBOM, b"{}sbom", made.descriptor, annotations={"made": "here"})
    of_sbom = artifact(SIGNATURE, b"signature of the sbom", sbom.descriptor)
    of_platform = artifact(SIGNATURE, b"signature of a platform", made.manifests[1])
    attach(registry, repository, sbom, of_sbom, of_platform, with_tag=not registry.has_referrers)
    return sbom, of_sbom, of_platform


def test_evidence_comes_along_with_its_own_evidence(copier, there, here, made):
    evidence = signed(there, made)
    outcome = copier.one(copier.image("team/tool:1", "mirror/tool:1", referrers=True))
    assert (outcome.error, outcome.state, outcome.referrers, outcome.referrers_left_out) == (None, "copied", 3, 0)
    for each in evidence:
        subject = json.loads(each.raw)["subject"]["digest"]
        assert here.content.find_manifest("mirror/tool", str(each.descriptor.digest))[2] == each.raw
        assert str(each.descriptor.digest) in listed(here, "mirror/tool", Digest.parse(subject))
        assert all(here.content.find_blob("mirror/tool", digest) == raw for digest, raw in each.blobs.items())
    assert [seen.target for seen in here.requests if seen.method == "PUT" and seen.kind == "manifests"][-1] == "1"


def test_without_the_wish_nothing_of_it_is_asked_for(copier, source, target, made):
    source.has_referrers = True
    signed(source, made)
    outcome = copier.one("team/tool:1")
    assert (outcome.state, outcome.referrers, source.count(kind="referrers")) == ("copied", None, 0)
    assert source.count(kind="tags") == 0


def test_the_same_again_is_present_and_fetches_no_document_from_the_source(copier, there, here, made):
    signed(there, made)
    wanted = copier.image("team/tool:1", referrers=True)
    copier.one(wanted)
    there.forget_requests(), here.forget_requests()
    outcome = copier.one(wanted)
    assert (outcome.state, outcome.referrers) == ("present", 0)
    gets = [each for each in there.requests if each.method == "GET" and each.kind == "manifests"]
    assert all(each.target.startswith("sha256-") for each in gets)  # lists of referrers, nothing else
    assert [each for each in here.requests if each.method == "PUT"] == []


def test_evidence_that_is_attached_later_follows_though_the_image_is_there(copier, there, here, made):
    there.add("team/tool", "1", made)
    wanted = copier.image("team/tool:1", referrers=True)
    assert copier.one(wanted).referrers == 0
    late = artifact(SIGNATURE, b"late", made.descriptor)
    attach(there, "team/tool", late, with_tag=not there.has_referrers)
    outcome = copier.one(wanted)
    assert (outcome.state, outcome.referrers) == ("copied", 1)
    assert str(late.descriptor.digest) in listed(here, "team/tool", made.descriptor.digest)


def test_what_others_listed_at_the_target_stays_listed(copier, source, target, small):
    made = image([small])
    source.has_referrers = True
    source.add("team/tool", "1", made)
    ours, theirs = (artifact(SIGNATURE, data, made.descriptor) for data in (b"ours", b"theirs"))
    attach(source, "team/tool", ours)
    attach(target, "team/tool", theirs, with_tag=True)
    copier.one(copier.image("team/tool:1", referrers=True))
    both = {str(each.descriptor.digest) for each in (ours, theirs)}
    assert listed(target, "team/tool", made.descriptor.digest) == both
    raw = target.content.find_manifest("team/tool", fallback(made.descriptor.digest))[2]
    entry = next(e for e in json.loads(raw)["manifests"] if e["digest"] == str(ours.descriptor.digest))
    assert (entry["artifactType"], entry["size"]) == (SIGNATURE, len(ours.raw))


def test_cosigns_tags_come_along(copier, source, target, made):
    source.add("team/tool", "1", made)
    names = {}
    for suffix, about in ((".sig", made.descriptor), (".att", made.manifests[0]), (".sbom", made.manifests[1])):
        names[fallback(about.digest) + suffix] = image([layer({"signature": suffix})])
    for tag, each in names.items():
        source.add("team/tool", tag, each)
    outcome = copier.one(copier.image("team/tool:1", referrers=True))
    assert (outcome.state, outcome.referrers) == ("copied", 3)
    assert all(target.content.find_manifest("team/tool", tag)[2] == each.raw for tag, each in names.items())
    assert copier.one(copier.image("team/tool:1", referrers=True)).state == "present"


@pytest.mark.parametrize(("has_api", "requests"), [(False, 2), (True, 4)])
def test_an_image_without_evidence_costs_few_requests_more(copier, source, target, made, has_api, requests):
    source.has_referrers = has_api
    source.add("team/tool", "1", made)
    copier.one("team/tool:1")
    source.forget_requests()
    assert copier.one(copier.image("team/tool:1", referrers=True)).state == "present"
    more = [each.kind for each in source.requests if each.method == "GET"]
    assert (len(more), more.count("tags")) == (requests, 1)  # one list of tags; of three manifests, or of the first


def test_a_list_that_names_what_is_gone_does_not_stop_the_image(copier, source, target, small):
    made = image([small])
    source.add("team/tool", "1", made)
    gone = artifact(SIGNATURE, b"gone", made.descriptor)
    attach(source, "team/tool", gone, with_tag=True)
    del source.content._repositories["team/tool"].manifests[gone.descriptor.digest]
    outcome = copier.one(copier.image("team/tool:1", referrers=True))
    assert (outcome.state, outcome.referrers, outcome.referrers_left_out) == ("copied", 0, 1)


def test_one_platform_brings_its_own_evidence_only(copier, source, target, made):
    source.has_referrers = target.has_referrers = True
    _, _, of_platform = signed(source, made)
    outcome = copier.one(copier.image("team/tool:1", referrers=True, platforms=("linux/arm64",)))
    assert (outcome.state, outcome.referrers) == ("copied", 1)
    assert target.content.find_manifest("team/tool", str(of_platform.descriptor.digest))


def test_evidence_in_a_circle_ends(copier, source, target, small):
    """No digest can name itself, but a fallback tag can list anything."""
    made = image([small])
    source.add("team/tool", "1", made)
    raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [made.descriptor.to_json()]}).encode()
    source.content.put_manifest("team/tool", fallback(made.descriptor.digest), INDEX, raw)
    assert copier.one(copier.image("team/tool:1", referrers=True)).state == CopyState.COPIED


def test_more_referrers_than_a_thousand_are_refused_and_no_tag_is_set(copier, source, target, small):
    made = image([small])
    source.add("team/tool", "1", made)
    entry = made.descriptor.to_json()
    members = [entry | {"digest": str(Digest.of(str(n).encode()))} for n in range(1001)]
    raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": members}).encode()
    source.content.put_manifest("team/tool", fallback(made.descriptor.digest), INDEX, raw)
    outcome = copier.one(copier.image("team/tool:1", referrers=True))
    assert (outcome.state, outcome.error.code) == ("failed", "registry-body-too-large")
    assert not target.content.tags("team/tool")


def test_two_tags_of_one_image_do_not_take_each_others_entries_away(copier, source, target, small):
    made = image([small])
    for tag in ("1", "2", "3", "4"):
        source.add("team/tool", tag, made)
    signatures = [artifact(SIGNATURE, str(n).encode(), made.descriptor) for n in range(4)]
    attach(source, "team/tool", *signatures, with_tag=True)
    outcomes = copier.copy(*(copier.image(f"team/tool:{tag}", referrers=True) for tag in ("1", "2", "3", "4")))
    assert {outcome.state.value for outcome in outcomes} == {"copied"}
    wanted = {str(each.descriptor.digest) for each in signatures}
    assert listed(target, "team/tool", made.descriptor.digest) == wanted


def test_a_fallback_tag_that_is_no_list_is_left_alone(copier, source, target, small):
    made = image([small])
    source.add("team/tool", "1", made)
    attach(source, "team/tool", artifact(SIGNATURE, b"s", made.descriptor), with_tag=True)
    other = image([layer({"other": "thing"})])
    target.add("team/tool", fallback(made.descriptor.digest), other)
    outcome = copier.one(copier.image("team/tool:1", referrers=True))
    assert (outcome.state, outcome.error.code) == ("failed", "referrers-tag")
    assert target.content.find_manifest("team/tool", fallback(made.descriptor.digest))[2] == other.raw
    assert "1" not in target.content.tags("team/tool")


def test_a_target_that_loses_a_race_for_the_list_tries_again(copier, source, target, small):
    """Somebody else writes the list between our writing and our reading again."""
    made = image([small])
    source.has_referrers = True
    source.add("team/tool", "1", made)
    ours = artifact(SIGNATURE, b"ours", made.descriptor)
    attach(source, "team/tool", ours)
    tag, put, raced = fallback(made.descriptor.digest), target.content.put_manifest, threading.Event()

    def interfere(repository, name, media_type, raw):
        digest = put(repository, name, media_type, raw)
        if name == tag and not raced.is_set():
            raced.set()
            put(repository, name, media_type, b'{"schemaVersion":2,"mediaType":"%s","manifests":[]}' % INDEX.encode())
        return digest

    target.content.put_manifest = interfere
    assert copier.one(copier.image("team/tool:1", referrers=True)).state == "copied"
    assert raced.is_set()
    assert listed(target, "team/tool", made.descriptor.digest) == {str(ours.descriptor.digest)}


def test_the_list_of_tags_is_asked_for_once_for_many_images_of_a_repository(copier, source, target, small):
    for n in range(5):
        source.add("team/tool", str(n), image([small, layer({"n": str(n)})]))
    copier.copy(*(copier.image(f"team/tool:{n}", referrers=True) for n in range(5)))
    assert source.count(kind="tags") == 1


def test_a_registry_that_lists_no_tags_is_asked_for_each(copier, small, target):
    made = image([small])
    with FakeRegistry() as source:
        copier.source = source
        source.add("team/tool", "1", made)
        source.add("team/tool", fallback(made.descriptor.digest) + ".sig", image([layer({"s": "s"})]))
        source.content.tags = lambda _: None
        outcome = copier.one(copier.image("team/tool:1", referrers=True))
    assert (outcome.state, outcome.referrers) == ("copied", 1)
