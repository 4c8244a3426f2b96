"""Copies that are stopped at every step of theirs: a tag never comes too early, and the end is the same each time."""

import pytest

from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import artifact, image, layer, multi_platform
from pierhead.worker.cancel import CancelToken

from .conftest import Copier
from .test_evidence import attach, fallback

TAG = "1"


def state(registry):
    """Everything that a registry has, by name."""
    content = registry.content
    return {
        name: (set(held.blobs), dict(held.manifests), dict(held.tags)) for name, held in content._repositories.items()
    }


@pytest.fixture(scope="module")
def full():
    """An image with evidence of both kinds."""
    with FakeRegistry() as source:
        made = multi_platform([layer({"a": "a"}), layer({"b": "b" * 3000})], "tool")
        source.add("team/tool", TAG, made)
        sbom = artifact("application/spdx+json", b"sbom", made.descriptor)
        signature = artifact("application/x.signature", b"signature", sbom.descriptor)
        attach(source, "team/tool", sbom, signature, with_tag=True)
        source.add("team/tool", fallback(made.manifests[0].digest) + ".sig", image([layer({"s": "s"})]))
        yield source


def copied(source, target, cancel=None):
    copier = Copier(source, target)
    try:
        return copier.one(copier.image("team/tool:1", referrers=True), cancel=cancel)
    finally:
        copier.transport.close()


@pytest.fixture(scope="module")
def whole(full):
    with FakeRegistry() as target:
        assert copied(full, target).referrers == 3
        return state(target)


def stopped_after(target, steps: int, cancel: CancelToken) -> None:
    """The copy is cancelled when the target has taken so many blobs and manifests."""
    content, left = target.content, [steps]

    def counted(put):
        def do(*given):
            done = put(*given)
            left[0] -= 1
            if left[0] == 0:
                cancel.cancel()
            return done

        return do

    content.put_manifest, content.put_blob = counted(content.put_manifest), counted(content.put_blob)


@pytest.mark.parametrize("steps", range(1, 21))
def test_a_copy_that_is_stopped_anywhere_ends_in_the_same_state(full, whole, steps):
    with FakeRegistry() as target:
        cancel = CancelToken()
        stopped_after(target, steps, cancel)
        copied(full, target, cancel)
        half_way = state(target).get("team/tool", (set(), {}, {}))
        if TAG in half_way[2]:  # it was at its end already
            assert {name: held[1:] for name, held in state(target).items()} == {
                name: held[1:] for name, held in whole.items()
            }
        outcome = copied(full, target)
        assert outcome.state in ("copied", "present")
        (blobs, manifests, tags), (all_blobs, all_manifests, all_tags) = state(target)["team/tool"], whole["team/tool"]
        assert (blobs, tags) == (all_blobs, all_tags)
        assert manifests.keys() >= all_manifests.keys()  # a list of referrers half-way there may be left without a tag
