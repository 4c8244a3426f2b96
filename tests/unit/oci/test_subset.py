"""Some platforms of an index, and an index of its own with only them."""

import json

import pytest

from pierhead.oci.digest import Digest
from pierhead.oci.documents import parse_document
from pierhead.oci.errors import PlatformNotFoundError
from pierhead.oci.platform import Platform
from pierhead.oci.subset import rewritten, subset
from pierhead.testing.images import LINUX_AMD64, LINUX_ARM64, image, index, layer, multi_platform


@pytest.fixture
def made():
    return multi_platform([layer({"a": "a"})], "tool")


def parsed(made):
    return parse_document(made.raw, made.descriptor.media_type)


def test_what_attests_a_chosen_entry_is_chosen_with_it(made):
    document = parsed(made)
    amd64, arm64, attestation = made.manifests
    assert [each.digest for each in subset(document, [LINUX_AMD64])] == [amd64.digest, attestation.digest]
    assert [each.digest for each in subset(document, [LINUX_ARM64])] == [arm64.digest]


def test_entries_keep_the_order_of_the_index(made):
    chosen = subset(parsed(made), [LINUX_ARM64, LINUX_AMD64])
    assert [each.digest for each in chosen] == [each.digest for each in made.manifests]


def test_a_platform_that_is_not_there_is_refused_by_name(made):
    with pytest.raises(PlatformNotFoundError) as caught:
        subset(parsed(made), [LINUX_AMD64, Platform("linux", "s390x")])
    assert "linux/s390x" in caught.value.message


@pytest.mark.parametrize("docker", [False, True])
def test_the_new_index_names_the_original_and_is_the_same_each_time(docker):
    images = [image([layer({"a": str(each)})], platform=each, docker=docker) for each in (LINUX_AMD64, LINUX_ARM64)]
    made = index(images, docker=docker)
    document, digest = parsed(made), made.descriptor.digest
    entries = subset(document, [LINUX_ARM64])
    new = rewritten(document, entries, digest)
    assert new.annotations["dev.pierhead.source.digest"] == str(digest)
    assert [each.digest for each in new.manifests] == [images[1].descriptor.digest]
    assert new.media_type == made.descriptor.media_type
    assert Digest.of(new.raw) == Digest.of(rewritten(document, entries, digest).raw) != digest


def test_entries_are_kept_as_they_were_written_unknown_fields_and_all(made):
    given = json.loads(made.raw)
    given["manifests"][0]["x-unknown"] = {"kept": True}
    given["annotations"] = {"own": "kept"}
    raw = json.dumps(given).encode()
    document = parse_document(raw, made.descriptor.media_type)
    new = json.loads(rewritten(document, subset(document, [LINUX_AMD64]), Digest.of(raw)).raw)
    assert new["manifests"] == [given["manifests"][0], given["manifests"][2]]
    assert new["annotations"]["own"] == "kept"
