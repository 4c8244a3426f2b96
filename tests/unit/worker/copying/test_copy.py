"""Copies that go well: byte for byte, each blob moved once, as few requests as it takes, tags last."""

import pytest

from pierhead.testing.fake_registry import FakeRegistry, TokenLogin
from pierhead.testing.images import image, index, layer, multi_platform
from pierhead.worker.copying import blob_copy

from .conftest import PIECE


def seen(registry, method, kind):
    return [each for each in registry.requests if each.method == method and each.kind == kind]


def test_an_image_is_the_same_at_the_target(copier, source, target, small, large):
    made = image([small, large])
    source.add("team/tool", "1", made)
    outcome = copier.one(copier.image("team/tool:1", "mirror/tool:one"))
    assert (outcome.state, outcome.digest, outcome.error) == ("copied", str(made.descriptor.digest), None)
    assert target.content.find_manifest("mirror/tool", "one")[2] == made.raw
    for digest, content in made.blobs.items():
        assert target.content.find_blob("mirror/tool", digest) == content
    total = len(made.raw) + sum(map(len, made.blobs.values()))
    assert (outcome.bytes_total, outcome.bytes_done, outcome.bytes_fetched) == (total, total, total)
    assert outcome.bytes_mounted == 0


def test_states_are_told_in_order_and_the_last_is_the_outcome(copier, source, small):
    source.add("team/tool", "1", image([small]))
    outcome = copier.one("team/tool:1")
    states = list(dict.fromkeys(event.state.value for event in copier.events))
    assert states == ["resolving", "copying", "copied"]
    assert copier.events[-1] == outcome


@pytest.mark.parametrize("docker", [False, True])
def test_a_whole_index_is_copied_children_first_and_its_tag_last(copier, source, target, small, docker):
    made = index([image([small], docker=docker), image([layer({"a": "a"})], docker=docker)], docker=docker)
    source.add("team/tool", "1", made)
    assert copier.one("team/tool:1").digest == str(made.descriptor.digest)
    for descriptor, raw in made.documents:
        assert target.content.find_manifest("team/tool", str(descriptor.digest))[1:] == (descriptor.media_type, raw)
    put = [each.target for each in seen(target, "PUT", "manifests")]
    assert (len(put), put[-1]) == (3, "1")
    kinds = [each.kind for each in target.requests if each.method == "PUT"]
    assert kinds == sorted(kinds, key=["uploads", "manifests"].index)


def test_attestations_and_members_without_a_platform_come_along(copier, source, target, small):
    made = multi_platform([small], "tool")
    source.add("team/tool", "1", made)
    copier.one("team/tool:1")
    assert all(target.content.find_manifest("team/tool", str(each.digest)) for each, _ in made.documents)


def test_one_platform_is_copied_as_the_manifest_it_has_in_the_index(copier, source, target, small):
    made = multi_platform([small], "tool")
    source.add("team/tool", "1", made)
    wanted = made.manifests[1]
    outcome = copier.one(copier.image("team/tool:1", platforms=("linux/arm64",)))
    assert outcome.digest == str(wanted.digest)
    assert target.content.find_manifest("team/tool", "1")[0] == wanted.digest
    assert len(seen(target, "PUT", "manifests")) == 1


def test_what_is_there_already_costs_a_head_on_each_side(copier, source, target, small):
    source.add("team/tool", "1", image([small]))
    copier.one("team/tool:1")
    source.forget_requests(), target.forget_requests()
    assert copier.one("team/tool:1").state == "present"
    assert [each.method for each in (*source.requests, *target.requests)] == ["HEAD", "HEAD"]


def test_a_digest_given_beforehand_is_copied_though_the_tag_has_moved(copier, source, target, small):
    old = image([small])
    source.add("team/tool", "1", old)
    source.add("team/tool", "1", image([small, layer({"new": "new"})]))
    outcome = copier.one(copier.image("team/tool:1", digest=str(old.descriptor.digest)))
    assert outcome.digest == str(old.descriptor.digest)
    assert target.content.find_manifest("team/tool", "1")[0] == old.descriptor.digest


def test_a_tag_is_asked_for_once_so_that_it_may_move_meanwhile(copier, source, target, small, large):
    old = image([small, large])
    source.add("team/tool", "1", old)

    def move(event):
        if event.state == "copying":
            source.add("team/tool", "1", image([layer({"new": "new"})]))

    assert copier.one("team/tool:1", emit_copy=move).digest == str(old.descriptor.digest)
    assert target.content.find_manifest("team/tool", "1")[0] == old.descriptor.digest
    assert [each.target for each in seen(source, "HEAD", "manifests")] == ["1"]


def test_a_digest_is_the_name_of_the_target_when_it_has_no_tag(copier, source, target, small):
    made = image([small])
    source.add("team/tool", "1", made)
    outcome = copier.one(copier.image("team/tool:1", f"team/tool@{made.descriptor.digest}"))
    assert outcome.state == "copied"
    assert target.content.tags("team/tool") == []


def test_blobs_that_are_there_are_not_fetched(copier, source, target, small, large):
    source.add("team/tool", "1", image([small, large]))
    target.content.put_blob("team/tool", large.digest, large.content)
    outcome = copier.one("team/tool:1")
    assert (outcome.state, outcome.bytes_mounted, copier.fetched(large.digest)) == ("copied", large.size, 0)


def test_within_one_registry_blobs_are_mounted(copier, source, small, large):
    made = image([small, large])
    source.add("team/tool", "1", made)
    outcome = copier.one(copier.image("team/tool:1", "mirror/tool:1", within=source))
    assert outcome.state == "copied"
    assert outcome.bytes_fetched == len(made.raw)
    assert outcome.bytes_mounted == sum(map(len, made.blobs.values()))
    assert seen(source, "GET", "blobs") == []


def test_a_mount_that_is_refused_becomes_an_upload_in_the_same_session(copier, source, small, large):
    source.uploads.mounts = False
    source.add("team/tool", "1", image([small, large]))
    outcome = copier.one(copier.image("team/tool:1", "mirror/tool:1", within=source))
    assert outcome.state == "copied"
    assert len(seen(source, "POST", "uploads")) == 3
    assert outcome.bytes_mounted == 0


def test_a_layer_of_several_images_is_moved_once(copier, source, target, small, large):
    for name in ("a", "b", "c"):
        source.add(f"team/{name}", "1", image([small, large, layer({name: name})]))
    outcomes = copier.copy("team/a:1", "team/b:1", "team/c:1", copier.image("team/a:1", "team/a:2"))
    assert {outcome.state.value for outcome in outcomes} == {"copied"}
    assert copier.fetched(large.digest) == 1
    mounts = {each.path for each in seen(target, "POST", "uploads") if str(large.digest) in _unquoted(each.query)}
    assert len(mounts) == 2
    assert sum(outcome.bytes_mounted for outcome in outcomes) >= 3 * large.size


def _unquoted(query: str) -> str:
    return query.replace("%3A", ":")


def test_when_a_layers_first_way_fails_the_other_repositories_go_their_own(copier, source, target, small, large):
    made = image([small, large])
    source.add("team/a", "1", made)
    source.add("team/b", "1", made)
    source.content.remove_blob("team/a", large.digest)
    first, second = copier.copy("team/a:1", "team/b:1")
    assert second.state == "copied"
    assert first.state == "copied" or first.error.code == "blob-unknown"  # by which of them came first


def test_images_into_one_repository_have_another_source_asked_when_the_first_fails(copier, source, target, large):
    made = image([large])
    source.add("team/a", "1", made)
    source.add("team/b", "1", made)
    source.content.remove_blob("team/a", large.digest)
    first, second = copier.copy(copier.image("team/a:1", "mirror/all:a"), copier.image("team/b:1", "mirror/all:b"))
    assert second.state == "copied"
    assert first.state == "copied" or first.error.code == "blob-unknown"  # by which of them came first


def test_small_blobs_take_one_request_and_large_ones_go_piece_by_piece(copier, source, target, small, large):
    source.add("team/tool", "1", image([small, large]))
    copier.one("team/tool:1")
    sizes = [each.size for each in seen(target, "PATCH", "uploads")]
    assert sum(sizes) == large.size
    assert set(sizes[:-1]) == {PIECE}
    assert len(seen(target, "POST", "uploads")) == 3


def test_pieces_are_as_large_as_the_registry_wants_them(copier, source, target, large):
    target.uploads.least_bytes = 3 * PIECE
    source.add("team/tool", "1", image([large]))
    assert copier.one("team/tool:1").state == "copied"
    assert {each.size for each in seen(target, "PATCH", "uploads")[:-1]} == {3 * PIECE}


def test_pieces_that_would_be_too_large_for_us_go_in_one_request(copier, source, target, large):
    target.uploads.least_bytes = 1 << 40
    source.add("team/tool", "1", image([large]))
    assert copier.one("team/tool:1").state == "copied"
    assert seen(target, "PATCH", "uploads") == []


def test_an_empty_blob_is_copied(copier, source, target, monkeypatch):
    from pierhead.oci.digest import Digest
    from pierhead.testing.images import Layer

    empty = Layer(b"", Digest.of(b""), 0, Digest.of(b""))
    source.add("team/tool", "1", image([empty]))
    assert copier.one("team/tool:1").state == "copied"
    assert target.content.find_blob("team/tool", empty.digest) == b""


def test_one_token_does_for_a_repository_that_is_pushed_to(copier, source, small, large):
    source.add("team/tool", "1", image([small, large]))
    with FakeRegistry(TokenLogin({"robot": "right"})) as target:
        copier.target = target
        outcome = copier.one(copier.image("team/tool:1", to_login=("robot", "right")))
        assert (outcome.state, outcome.error) == ("copied", None)
        assert target.count("GET", "token") <= 2  # the first requests may come at once


def test_tokens_that_end_in_the_middle_are_renewed(copier, source, large, monkeypatch):
    source.add("team/tool", "1", image([large]))
    with FakeRegistry(TokenLogin({"robot": "right"})) as target:
        copier.target = target
        record = target.record

        def forget(request, status):
            record(request, status)
            if request.method == "PATCH" and status == 202:
                target.door.tokens.forget()

        monkeypatch.setattr(target, "record", forget)
        outcome = copier.one(copier.image("team/tool:1", to_login=("robot", "right")))
        assert (outcome.state, outcome.error) == ("copied", None)
        assert target.content.find_blob("team/tool", large.digest) == large.content
    assert copier.fetched(large.digest) == 1


def test_a_mount_asks_for_the_right_to_pull_from_the_other_repository(copier, small, monkeypatch):
    with FakeRegistry(TokenLogin({"robot": "right"})) as registry:
        registry.add("team/tool", "1", image([small]))
        login = {"from_login": ("robot", "right"), "to_login": ("robot", "right")}
        outcome = copier.one(copier.image("team/tool:1", "mirror/tool:1", within=registry, **login))
        assert (outcome.state, outcome.bytes_mounted > 0) == ("copied", True)
        asked = [each.query for each in registry.requests if each.kind == "token"]
    assert any("scope=repository:mirror/tool:pull,push&scope=repository:team/tool:pull" in each for each in asked)


def test_a_hundred_small_images_are_copied_at_once(copier, source, target, small):
    names = [f"team/n{n}" for n in range(100)]
    for name in names:
        source.add(name, "1", image([small, layer({name: name})]))
    outcomes = copier.copy(*[f"{name}:1" for name in names])
    assert {outcome.state.value for outcome in outcomes} == {"copied"}
    assert [outcome.key for outcome in outcomes] == [f"{name}:1 " for name in names]
    assert copier.fetched(small.digest) == 1


def test_no_more_than_a_few_pieces_of_a_blob_are_in_memory(copier, source, target, monkeypatch):
    rooms = []
    make = blob_copy._pieces
    monkeypatch.setattr(blob_copy, "_pieces", lambda: rooms.append(make()) or rooms[-1])
    source.add("team/tool", "1", image([layer({"a": bytes(range(256)) * 4096, "b": "b"})]))
    copier.one("team/tool:1")
    assert all(len(piece.room) <= PIECE for pair in rooms for piece in pair)
