"""Rows 5, 8 and 9 of the checklist: manifests, their digests, and why a HEAD was refused."""

import gzip
from collections.abc import Callable

import pytest

from pierhead.kit.errors import UnsupportedError
from pierhead.oci.digest import Digest
from pierhead.oci.errors import DigestMismatchError, InvalidDigestError, InvalidDocumentError
from pierhead.oci.media_types import OCI_INDEX, OCI_MANIFEST
from pierhead.registry.client import RegistryClient
from pierhead.registry.errors import (
    BadResponseError,
    BodyTooLargeError,
    ManifestUnknownError,
    NotOfferedError,
    RegistryDeniedError,
    RegistryDigestMismatchError,
    RegistryV1Error,
    RepositoryUnknownError,
    RequestRefusedError,
)
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
MANIFEST = "/v2/app/manifests/1"


def test_all_types_are_asked_for_on_one_line_and_encodings_not_at_all(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("GET", MANIFEST, manifest.reply())
    client_of(registry).get_manifest("app", "1")
    (request,) = registry.requests
    accepts = [value for name, value in request.headers if name == "accept"]
    assert len(accepts) == 1
    assert {OCI_INDEX, OCI_MANIFEST} < set(accepts[0].split(", "))
    assert request.header("accept-encoding") == "identity"


def test_a_head_is_enough_when_it_tells_digest_size_and_type(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("HEAD", MANIFEST, manifest.reply())
    found = client_of(registry).resolve("app", "1")
    assert (found.digest, found.size, found.media_type) == (manifest.digest, len(manifest.raw), OCI_MANIFEST)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": OCI_MANIFEST},
        {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": "nonsense"},
        {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": "md5:" + "0" * 32},
        {"Content-Type": "text/plain", "Docker-Content-Digest": "sha256:" + "0" * 64},
        {"Docker-Content-Digest": "sha256:" + "0" * 64},
    ],
)
def test_a_head_that_tells_too_little_is_followed_by_a_get(registry, client_of: ClientOf, manifest, headers) -> None:
    registry.expect("HEAD", MANIFEST, Reply(200, manifest.raw, headers)).expect("GET", MANIFEST, manifest.reply())
    assert client_of(registry).resolve("app", "1").digest == manifest.digest


def test_a_head_without_length_is_followed_by_a_get(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("HEAD", MANIFEST, Reply(200, headers=manifest.headers, length=None))
    registry.expect("GET", MANIFEST, manifest.reply())
    assert client_of(registry).resolve("app", "1").size == len(manifest.raw)


@pytest.mark.parametrize("status", [403, 404, 405, 400, 501])
def test_a_refused_head_is_asked_for_its_reason_by_get(registry, client_of: ClientOf, manifest, status: int) -> None:
    registry.expect("HEAD", MANIFEST, Reply(status)).expect("GET", MANIFEST, manifest.reply())
    assert client_of(registry).resolve("app", "1").digest == manifest.digest


def test_the_reason_of_a_denied_head_comes_from_the_get(registry, client_of: ClientOf) -> None:
    registry.expect("HEAD", MANIFEST, Reply(403))
    registry.expect("GET", MANIFEST, Reply.error(403, "DENIED", "project is archived"))
    with pytest.raises(RegistryDeniedError, match="project is archived"):
        client_of(registry).resolve("app", "1")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply.error(404, "MANIFEST_UNKNOWN"), ManifestUnknownError),
        (Reply.error(404, "NAME_UNKNOWN"), RepositoryUnknownError),
        (Reply(404, b"<html>not found"), ManifestUnknownError),
        (Reply(410), ManifestUnknownError),
        (Reply.error(403, "DENIED"), RegistryDeniedError),
        (Reply(451), RegistryDeniedError),
        (Reply.error(400, "NAME_INVALID"), RequestRefusedError),
        (Reply.error(400, "UNSUPPORTED"), NotOfferedError),
        (Reply(405), NotOfferedError),
        (Reply(302), BadResponseError),
        (Reply(304), BadResponseError),
        (Reply(400, b"Client sent an HTTP request to an HTTPS server.\n"), BadResponseError),
        (Reply(404, headers={"X-Docker-Registry-Version": "0.9.1"}), RegistryV1Error),
    ],
)
def test_every_refusal_has_its_own_name_and_carries_the_exchange(registry, client_of: ClientOf, reply, error) -> None:
    registry.expect("GET", MANIFEST, reply)
    with pytest.raises(error) as caught:
        client_of(registry).get_manifest("app", "1")
    assert type(caught.value) is error
    assert (caught.value.exchange.method, caught.value.exchange.status) == ("GET", reply.status)
    assert caught.value.exchange.connector == "account.test"
    assert registry.authority in str(caught.value)
    assert caught.value.hint or error is NotOfferedError


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/json; charset=utf-8", "application/octet-stream"]
)
def test_a_missing_or_vague_type_is_taken_from_the_document(
    registry, client_of: ClientOf, manifest, content_type
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    registry.expect("GET", MANIFEST, Reply(200, manifest.raw, headers))
    assert client_of(registry).get_manifest("app", "1").descriptor.media_type == OCI_MANIFEST


def test_parameters_of_the_type_do_not_matter(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("GET", MANIFEST, manifest.reply(Content_Type=f"{OCI_MANIFEST}; charset=utf-8"))
    fetched = client_of(registry).get_manifest("app", "1")
    assert fetched.descriptor.media_type == OCI_MANIFEST
    assert fetched.parse().raw == manifest.raw


def test_a_web_page_is_no_manifest(registry, client_of: ClientOf) -> None:
    registry.expect("GET", MANIFEST, Reply(200, b"<html>Log in", {"Content-Type": "text/html; charset=utf-8"}))
    with pytest.raises(BadResponseError, match="web page"):
        client_of(registry).get_manifest("app", "1")


def test_a_document_that_is_none_carries_the_exchange_too(registry, client_of: ClientOf) -> None:
    registry.expect("GET", MANIFEST, Reply(200, b"{}"))
    with pytest.raises(InvalidDocumentError) as caught:
        client_of(registry).get_manifest("app", "1")
    assert caught.value.exchange.status == 200


def test_schema_1_is_reported_as_unsupported(registry, client_of: ClientOf) -> None:
    headers = {"Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws"}
    registry.expect("GET", MANIFEST, Reply(200, b'{"schemaVersion":1,"fsLayers":[]}', headers))
    with pytest.raises(UnsupportedError):
        client_of(registry).get_manifest("app", "1")


def test_bytes_with_another_digest_than_asked_for_are_refused(registry, client_of: ClientOf, manifest) -> None:
    wanted = Digest.of(b"something else")
    registry.expect(
        "GET", f"/v2/app/manifests/{wanted}", Reply(200, manifest.raw, {"Docker-Content-Digest": str(wanted)})
    )
    with pytest.raises(DigestMismatchError) as caught:
        client_of(registry).get_manifest("app", str(wanted))
    assert isinstance(caught.value, RegistryDigestMismatchError)
    assert caught.value.exchange.status == 200


def test_a_header_that_disagrees_with_the_bytes_is_refused(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("GET", MANIFEST, manifest.reply(Docker_Content_Digest=f"sha256:{'0' * 64}"))
    with pytest.raises(RegistryDigestMismatchError):
        client_of(registry).get_manifest("app", "1")


def test_a_head_that_names_another_digest_than_asked_for_is_not_believed(
    registry, client_of: ClientOf, manifest
) -> None:
    target = f"/v2/app/manifests/{manifest.digest}"
    registry.expect("HEAD", target, manifest.reply(Docker_Content_Digest=f"sha256:{'0' * 64}"))
    registry.expect("GET", target, Reply(200, manifest.raw, {"Content-Type": OCI_MANIFEST}))
    assert client_of(registry).resolve("app", str(manifest.digest)).digest == manifest.digest


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_digest_of_either_algorithm_is_checked(registry, client_of: ClientOf, manifest, algorithm: str) -> None:
    digest = Digest.of(manifest.raw, algorithm)
    registry.expect("GET", f"/v2/app/manifests/{digest}", manifest.reply())
    assert client_of(registry).get_manifest("app", str(digest)).descriptor.digest == digest


def test_a_sha512_header_is_the_digest_of_a_tag(registry, client_of: ClientOf, manifest) -> None:
    digest = Digest.of(manifest.raw, "sha512")
    registry.expect("GET", MANIFEST, manifest.reply(Docker_Content_Digest=str(digest)))
    assert client_of(registry).get_manifest("app", "1").descriptor.digest == digest


def test_a_manifest_over_4_mib_is_refused_before_it_is_read(registry, client_of: ClientOf) -> None:
    registry.expect("GET", MANIFEST, Reply(200, b"x", length=5 * 1024 * 1024, cut_at=1))
    with pytest.raises(BodyTooLargeError):
        client_of(registry).get_manifest("app", "1")


def test_an_endless_manifest_is_read_no_further_than_the_cap(registry: ScriptedRegistry, client_of: ClientOf) -> None:
    def endless():
        while True:
            yield b"x" * 65536

    registry.expect("GET", MANIFEST, Reply(200, endless, is_chunked=True))
    with pytest.raises(BodyTooLargeError):
        client_of(registry).get_manifest("app", "1")


def test_a_compressed_manifest_is_refused_and_not_unpacked(registry, client_of: ClientOf, manifest) -> None:
    reply = Reply(200, gzip.compress(manifest.raw), {**manifest.headers, "Content-Encoding": "gzip"})
    registry.expect("GET", MANIFEST, reply)
    with pytest.raises(BadResponseError, match="gzip"):
        client_of(registry).get_manifest("app", "1")


@pytest.mark.parametrize("encoding", ["identity", " Identity "])
def test_the_encoding_identity_is_none(registry, client_of: ClientOf, manifest, encoding: str) -> None:
    registry.expect("GET", MANIFEST, manifest.reply(Content_Encoding=encoding))
    client_of(registry).get_manifest("app", "1")


def test_a_manifest_cut_short_is_fetched_again(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("GET", MANIFEST, Reply(200, manifest.raw, manifest.headers, cut_at=10))
    registry.expect("GET", MANIFEST, manifest.reply())
    assert client_of(registry).get_manifest("app", "1").raw == manifest.raw


@pytest.mark.parametrize("target", ["", "a b", "a/../b", "x" * 129, "-a", "a?b", "a#b", "a\n", "é"])
def test_what_is_no_tag_is_never_sent(registry, client_of: ClientOf, target: str) -> None:
    with pytest.raises(RequestRefusedError):
        client_of(registry).get_manifest("app", target)


@pytest.mark.parametrize("target", ["sha256:abc", "md5:" + "0" * 32, "sha256:" + "g" * 64, "sha256:../../x", ":"])
def test_what_is_no_digest_is_never_sent(registry, client_of: ClientOf, target: str) -> None:
    with pytest.raises(InvalidDigestError):
        client_of(registry).get_manifest("app", target)


@pytest.mark.parametrize("repository", ["", "/a", "a/", "a//b", "a/../b", "%2e%2e", "a b", "a?b", "a#", "a" * 256, "é"])
def test_what_is_no_repository_is_never_sent(registry, client_of: ClientOf, repository: str) -> None:
    with pytest.raises(RequestRefusedError):
        client_of(registry).resolve(repository, "1")


def test_names_up_to_255_characters_are_sent(registry, client_of: ClientOf, manifest) -> None:
    name = "/".join(["a" * 50] * 5)
    registry.expect("GET", f"/v2/{name}/manifests/1", manifest.reply())
    client_of(registry).get_manifest(name, "1")


def test_warnings_are_kept_once_each(registry, client_of: ClientOf, manifest) -> None:
    warning = '299 - "this tag \\"1\\" will go"'
    registry.expect("GET", MANIFEST, manifest.reply(Warning=warning)).expect(
        "GET", MANIFEST, manifest.reply(Warning=warning)
    )
    registry.expect("GET", MANIFEST, manifest.reply(Warning='199 - "not for us"'))
    client = client_of(registry)
    for _ in range(3):
        client.get_manifest("app", "1")
    assert client.warnings == ('this tag "1" will go',)


def test_the_last_exchange_is_there_to_be_shown(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("GET", MANIFEST, manifest.reply())
    client = client_of(registry)
    assert client.last_exchange is None
    client.get_manifest("app", "1")
    assert str(client.last_exchange) == f"GET {registry.url}{MANIFEST} -> 200"
