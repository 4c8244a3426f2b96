"""What a registry server does, so that tests on the fake say something about real ones."""

import json

import pytest

from pierhead.oci.digest import Digest
from pierhead.oci.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from pierhead.testing.images import image, index, layer, multi_platform
from pierhead.testing.push import push_image

pytestmark = pytest.mark.interop

DATA = bytes(range(256)) * 40
DIGEST = Digest.of(DATA)
ABSENT = Digest.of(b"nobody pushed this")


def test_it_refuses_a_blob_whose_digest_is_another(send):
    answer = send.upload("refusals/wrong", Digest.of(b"other"), DATA)
    assert answer.status == 400
    assert send.error_code(answer) == "DIGEST_INVALID"
    assert send("HEAD", f"/v2/refusals/wrong/blobs/{Digest.of(b'other')}").status == 404


def test_it_says_that_a_blob_is_unknown(send):
    answer = send("GET", f"/v2/refusals/blob/blobs/{ABSENT}")
    assert answer.status == 404
    assert send.error_code(answer) == "BLOB_UNKNOWN"


@pytest.mark.parametrize("target", ["nothing-here", str(ABSENT)])
def test_it_says_that_a_manifest_is_unknown(send, target):
    answer = send("GET", f"/v2/refusals/manifest/manifests/{target}", headers={"Accept": OCI_MANIFEST})
    assert answer.status == 404
    assert send.error_code(answer) == "MANIFEST_UNKNOWN"


def test_it_says_that_a_repository_is_unknown(send):
    answer = send("GET", "/v2/refusals/nobody/tags/list")
    assert answer.status == 404
    assert send.error_code(answer) == "NAME_UNKNOWN"


def test_it_does_not_give_an_oci_manifest_to_who_does_not_accept_it(send, registry_url):
    push_image(registry_url, "accept/oci", "1", image([layer({"a": "a"})]))
    answer = send("GET", "/v2/accept/oci/manifests/1", headers={"Accept": DOCKER_MANIFEST})
    assert answer.status == 404


def test_it_answers_at_its_root(send):
    answer = send("GET", "/v2/")
    assert answer.status == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_pushed_blob_is_there_whole(send):
    assert send.upload("blobs/whole", DIGEST, DATA).status == 201
    head = send("HEAD", f"/v2/blobs/whole/blobs/{DIGEST}")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, str(len(DATA)), b"")
    got = send("GET", f"/v2/blobs/whole/blobs/{DIGEST}")
    assert (got.body, got.headers["Docker-Content-Digest"]) == (DATA, str(DIGEST))


def test_a_blob_can_be_pushed_in_pieces(send):
    started = send("POST", "/v2/blobs/pieces/blobs/uploads/")
    assert started.status == 202
    location = started.headers["Location"].removeprefix(send.url)
    for piece in (DATA[:1000], DATA[1000:]):
        answer = send("PATCH", location, piece, {"Content-Type": "application/octet-stream"})
        assert answer.status == 202
        location = answer.headers["Location"].removeprefix(send.url)
    assert answer.headers["Range"] == f"0-{len(DATA) - 1}"
    assert send("PUT", f"{location}&digest={DIGEST}").status == 201
    assert send("GET", f"/v2/blobs/pieces/blobs/{DIGEST}").body == DATA


def piece(send, location, data, **headers):
    answer = send("PATCH", location, data, {"Content-Type": "application/octet-stream", **headers})
    assert answer.status == 202
    return answer.headers["Location"].removeprefix(send.url)


def begun(send, repository):
    return send("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"].removeprefix(send.url)


def test_an_upload_tells_how_far_it_is(send):
    location = begun(send, "blobs/asked")
    asked = send("GET", location)
    assert (asked.status, asked.headers["Range"]) == (204, "0-0")
    location = piece(send, location, DATA[:1000])
    asked = send("GET", location)
    assert (asked.status, asked.headers["Range"]) == (204, "0-999")


def test_an_upload_is_known_by_its_newest_location_only(send):
    stale = begun(send, "blobs/stale")
    piece(send, stale, DATA[:1000])
    for method, body in (("GET", b""), ("PATCH", DATA[1000:])):
        answer = send(method, stale, body)
        assert (answer.status, send.error_code(answer)) == (404, "BLOB_UPLOAD_INVALID")


def test_an_upload_is_lost_when_a_piece_of_it_breaks_off(send):
    location = piece(send, begun(send, "blobs/broken"), DATA[:1000])
    send.break_off("PATCH", location, DATA[1000:3000], len(DATA))
    for _ in range(200):  # until the registry has noticed
        if (answer := send("GET", location)).status != 204:
            break
    assert (answer.status, send.error_code(answer)) == (404, "BLOB_UPLOAD_INVALID")


def test_it_refuses_a_manifest_whose_blobs_it_does_not_have(send):
    lacking = image([layer({"nobody": "pushed this"})])
    answer = send("PUT", "/v2/lacking/blobs/manifests/1", lacking.raw, {"Content-Type": OCI_MANIFEST})
    assert (answer.status, send.error_code(answer)) == (400, "MANIFEST_BLOB_UNKNOWN")
    parent = index([lacking])
    answer = send("PUT", "/v2/lacking/members/manifests/1", parent.raw, {"Content-Type": OCI_INDEX})
    assert (answer.status, send.error_code(answer)) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert send("GET", "/v2/lacking/blobs/manifests/1", headers={"Accept": OCI_MANIFEST}).status == 404


def test_an_upload_can_be_given_up(send):
    location = send("POST", "/v2/blobs/given-up/blobs/uploads/").headers["Location"].removeprefix(send.url)
    assert send("DELETE", location).status == 204
    assert send("PUT", f"{location}&digest={DIGEST}", DATA).status == 404


def test_a_blob_is_mounted_from_another_repository(send):
    send.upload("mount/source", DIGEST, DATA)
    answer = send("POST", f"/v2/mount/target/blobs/uploads/?mount={DIGEST}&from=mount/source")
    assert answer.status == 201
    assert send("GET", f"/v2/mount/target/blobs/{DIGEST}").body == DATA


def test_a_mount_of_what_is_not_there_starts_an_upload(send):
    answer = send("POST", f"/v2/mount/empty/blobs/uploads/?mount={ABSENT}&from=mount/nowhere")
    assert (answer.status, bool(answer.headers["Location"])) == (202, True)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=100-199", slice(100, 200)),
        ("bytes=10000-", slice(10000, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=10239-99999", slice(10239, None)),
    ],
)
def test_a_range_of_a_blob_is_answered_exactly(send, asked, expected):
    send.upload("blobs/range", DIGEST, DATA)
    answer = send("GET", f"/v2/blobs/range/blobs/{DIGEST}", headers={"Range": asked})
    assert (answer.status, answer.body) == (206, DATA[expected])
    start, stop, _ = expected.indices(len(DATA))
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(DATA)}"


def test_a_range_behind_the_end_is_refused(send):
    send.upload("blobs/range", DIGEST, DATA)
    assert send.status(f"/v2/blobs/range/blobs/{DIGEST}", {"Range": f"bytes={len(DATA)}-"}) == 416


@pytest.mark.parametrize("docker", [False, True])
def test_a_manifest_comes_back_byte_for_byte_by_tag_and_by_digest(send, registry_url, docker):
    pushed = image([layer({"a": "a"})], docker=docker)
    push_image(registry_url, "manifests/bytes", "1.0", pushed)
    kind = pushed.descriptor.media_type
    for target in ("1.0", str(pushed.descriptor.digest)):
        got = send("GET", f"/v2/manifests/bytes/manifests/{target}", headers={"Accept": kind})
        assert (got.status, got.body, got.headers["Content-Type"]) == (200, pushed.raw, kind)
        assert got.headers["Docker-Content-Digest"] == str(pushed.descriptor.digest)


def test_the_head_of_a_manifest_tells_digest_and_size(send, registry_url):
    pushed = image([layer({"a": "a"})])
    push_image(registry_url, "manifests/head", "1", pushed)
    head = send("HEAD", "/v2/manifests/head/manifests/1", headers={"Accept": OCI_MANIFEST})
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(pushed.raw)))
    assert head.headers["Docker-Content-Digest"] == str(pushed.descriptor.digest)


def test_an_index_and_all_below_it_can_be_had(send, registry_url):
    pushed = multi_platform([layer({"etc/os-release": "ID=pierhead\n"})], "tool")
    push_image(registry_url, "manifests/index", "1", pushed)
    head = send("HEAD", "/v2/manifests/index/manifests/1", headers={"Accept": OCI_INDEX})
    assert head.headers["Docker-Content-Digest"] == str(pushed.descriptor.digest)
    for descriptor, raw in pushed.documents:
        path = f"/v2/manifests/index/manifests/{descriptor.digest}"
        assert send("GET", path, headers={"Accept": descriptor.media_type}).body == raw


def test_a_tag_moves(send, registry_url):
    for text in ("old", "new"):
        pushed = image([layer({"a": text})])
        push_image(registry_url, "tags/moving", "latest", pushed)
    got = send("HEAD", "/v2/tags/moving/manifests/latest", headers={"Accept": OCI_MANIFEST})
    assert got.headers["Docker-Content-Digest"] == str(pushed.descriptor.digest)


def test_tags_are_listed(send, registry_url):
    pushed = image([layer({"a": "a"})])
    for tag in ("b", "a", "1.10", "1.9"):
        push_image(registry_url, "tags/listed", tag, pushed)
    listed = json.loads(send("GET", "/v2/tags/listed/tags/list").body)
    assert (listed["name"], sorted(listed["tags"])) == ("tags/listed", ["1.10", "1.9", "a", "b"])


def test_repositories_are_listed_in_pages(send, registry_url):
    pushed = image([layer({"a": "a"})])
    for name in ("catalog/c", "catalog/a", "catalog/b"):
        push_image(registry_url, name, "1", pushed)
    path, found = "/v2/_catalog?n=2", []
    for _ in range(200):
        answer = send("GET", path)
        page = json.loads(answer.body)["repositories"]
        assert len(page) <= 2
        found += page
        link = answer.headers["Link"]
        if not link:
            break
        path = link.partition(">")[0].strip("<").removeprefix(send.url)
    assert {"catalog/a", "catalog/b", "catalog/c"} <= set(found)
    assert len(found) == len(set(found))
