"""Several platforms of an index: the index as it is with members missing, or a new one that names the original."""

import json

import pytest

from pierhead.testing.images import image, multi_platform

SOURCE_DIGEST = "dev.pierhead.source.digest"
BOTH = ("linux/amd64", "linux/arm64")


@pytest.fixture
def made(small):
    return multi_platform([small], "tool")


@pytest.fixture
def lenient(target):
    """A registry that takes an index with members missing, as the specification has it."""
    missing = target.content.missing
    target.content.missing = lambda name, raw: [] if b'"manifests"' in raw else missing(name, raw)
    return target


def put(registry) -> list[str]:
    return [each.target for each in registry.requests if each.method == "PUT" and each.kind == "manifests"]


def test_a_sparse_index_keeps_its_digest_and_brings_the_chosen_only(copier, source, lenient, made):
    source.add("team/tool", "1", made)
    outcome = copier.one(copier.image("team/tool:1", platforms=("linux/arm64",), index="sparse"))
    assert (outcome.state, outcome.digest) == ("copied", str(made.descriptor.digest))
    assert outcome.source_digest == outcome.digest
    assert put(lenient) == [str(made.manifests[1].digest), "1"]
    assert lenient.content.find_manifest("team/tool", "1")[2] == made.raw
    assert copier.one(copier.image("team/tool:1", platforms=("linux/arm64",), index="sparse")).state == "present"


def test_more_platforms_of_a_sparse_index_follow_though_its_tag_is_there(copier, source, lenient, made):
    source.add("team/tool", "1", made)
    copier.one(copier.image("team/tool:1", platforms=("linux/arm64",), index="sparse"))
    outcome = copier.one(copier.image("team/tool:1", platforms=BOTH, index="sparse"))
    assert outcome.state == "copied"
    assert all(lenient.content.find_manifest("team/tool", str(each.digest)) for each in made.manifests)


def test_a_target_that_takes_no_sparse_index_is_told_with_the_way_out(copier, source, target, made):
    source.add("team/tool", "1", made)
    outcome = copier.one(copier.image("team/tool:1", platforms=("linux/arm64",), index="sparse"))
    assert (outcome.state, outcome.error.code) == ("failed", "sparse-index-refused")
    assert "rewritten" in outcome.error.hint
    assert target.content.tags("team/tool") == []


def test_a_rewritten_index_has_the_chosen_and_names_the_original(copier, source, target, made):
    source.add("team/tool", "1", made)
    wanted = copier.image("team/tool:1", platforms=("linux/amd64",), index="rewritten")
    outcome = copier.one(wanted)
    assert (outcome.state, outcome.source_digest) == ("copied", str(made.descriptor.digest))
    digest, _, raw = target.content.find_manifest("team/tool", "1")
    assert str(digest) == outcome.digest != outcome.source_digest
    document = json.loads(raw)
    amd64, _, attestation = (str(each.digest) for each in made.manifests)
    assert [entry["digest"] for entry in document["manifests"]] == [amd64, attestation]
    assert document["annotations"][SOURCE_DIGEST] == outcome.source_digest
    assert copier.one(wanted).state == "present"


def test_the_same_platforms_in_another_order_are_the_same_index(copier, source, target, made):
    source.add("team/tool", "1", made)
    first = copier.one(copier.image("team/tool:1", platforms=BOTH, index="rewritten"))
    again = copier.one(copier.image("team/tool:1", platforms=BOTH[::-1], index="rewritten"))
    assert (again.state, again.digest) == ("present", first.digest)


@pytest.mark.parametrize("mode", ["sparse", "rewritten"])
def test_an_image_without_an_index_is_copied_as_it_is(copier, source, target, small, mode):
    made = image([small])
    source.add("team/tool", "1", made)
    outcome = copier.one(copier.image("team/tool:1", platforms=BOTH, index=mode))
    assert (outcome.state, outcome.digest) == ("copied", str(made.descriptor.digest))


@pytest.mark.parametrize("mode", ["sparse", "rewritten"])
@pytest.mark.parametrize("single", [True, False])
def test_a_platform_that_is_not_there_fails_by_name(copier, source, small, mode, single):
    source.add("team/tool", "1", image([small]) if single else multi_platform([small], "tool"))
    outcome = copier.one(copier.image("team/tool:1", platforms=("linux/s390x",), index=mode))
    assert (outcome.state, outcome.error.code) == ("failed", "platform-not-found")


def test_one_platform_says_what_the_whole_was(copier, source, made):
    source.add("team/tool", "1", made)
    outcome = copier.one(copier.image("team/tool:1", platforms=("linux/arm64",)))
    assert outcome.source_digest == str(made.descriptor.digest)
    assert outcome.digest == str(made.manifests[1].digest)


def test_a_mode_without_platforms_is_refused(copier, source, made):
    source.add("team/tool", "1", made)
    assert copier.one(copier.image("team/tool:1", index="sparse")).error.code == "no-platforms"
