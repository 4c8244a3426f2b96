"""Pushing (distribution-spec, "Pushing blobs" and "Pushing manifests"), request by request."""

import re
import socket
import threading
import time

import pytest
import trustme

from pierhead.oci.digest import Digest
from pierhead.registry.context import CallContext, Timeouts
from pierhead.registry.endpoint import Endpoint, TlsSettings
from pierhead.registry.errors import (
    BadResponseError,
    CallCancelledError,
    ConnectionLostError,
    RegistryDeniedError,
    RegistrySizeMismatchError,
    RegistryTimeoutError,
    RegistryUnavailableError,
)
from pierhead.registry.push import PushClient
from pierhead.registry.push_errors import (
    PiecesRefusedError,
    StoredOtherwiseError,
    TargetIncompleteError,
    UploadElsewhereError,
    UploadLostError,
)
from pierhead.registry.transport import Transport
from pierhead.registry.wire.payload import Streamed, Whole
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.scripted_registry import Reply

UPLOADS = "/v2/app/blobs/uploads/"
DATA = bytes(range(256)) * 40
DIGEST = Digest.of(DATA)


@pytest.fixture
def push_of(transport, endpoint_of):
    def make(registry, user=None, call=None, **settings):
        return PushClient(endpoint_of(registry, user, **settings), transport, call)

    return make


def started(registry, push_of, location="/up/1?s=0", **headers):
    registry.expect("POST", UPLOADS, Reply(202, headers={"Location": location, **headers}))
    client = push_of(registry)
    return client.uploads, client.uploads.start("app", DIGEST)


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:1/up",
        "http://127.0.0.1:1/up",
        "https://{authority}/up",
        "//127.0.0.2/up",
        "http://{authority}@127.0.0.2/up",
    ],
)
def test_an_upload_to_another_origin_is_refused(registry, push_of, location):
    """Another host, port or scheme (threats: T-A4)."""
    with pytest.raises((UploadElsewhereError, BadResponseError)):
        started(registry, push_of, location.format(authority=registry.authority))


@pytest.mark.parametrize("location", ["/up/1", "{url}/up/1", "/up/1?_state=a%3Db&x="])
def test_a_location_is_taken_as_it_is_and_the_digest_put_behind(registry, push_of, location):
    uploads, session = started(registry, push_of, location.format(url=registry.url))
    path = re.sub(r"^http://[^/]+", "", location.format(url=registry.url))
    joint = "&" if "?" in path else "?"
    registry.expect("PUT", f"{path}{joint}digest={str(DIGEST).replace(':', '%3A')}", Reply(201))
    uploads.commit(session, DIGEST, Whole(DATA))
    assert registry.requests[-1].body == DATA
    assert registry.requests[-1].header("content-type") == "application/octet-stream"


def test_a_start_without_a_location_makes_no_sense(registry, push_of):
    registry.expect("POST", UPLOADS, Reply(202))
    with pytest.raises(BadResponseError):
        push_of(registry).uploads.start("app", DIGEST)


@pytest.mark.parametrize("status", [200, 204, 206])
def test_a_start_with_another_status_is_none(registry, push_of, status):
    registry.expect("POST", UPLOADS, Reply(status, headers={"Location": "/up"}))
    with pytest.raises(BadResponseError):
        push_of(registry).uploads.start("app", DIGEST)


def test_who_may_not_push_is_told(registry, push_of):
    registry.expect("POST", UPLOADS, Reply.error(403, "DENIED", "read only"))
    with pytest.raises(RegistryDeniedError, match="read only"):
        push_of(registry).uploads.start("app", DIGEST)


@pytest.mark.parametrize(
    ("said", "offset"),
    [("0-99", 100), ("bytes=0-99", 100), ("bytes 0-99", 100), ("0-0", 0), (None, 100), ("1-5", 100), ("junk", 100)],
)
def test_a_piece_says_where_it_belongs_and_the_answer_how_far_it_is(registry, push_of, said, offset):
    uploads, session = started(registry, push_of)
    headers = {"Location": "/up/1?s=1"} | ({"Range": said} if said else {})
    registry.expect("PATCH", "/up/1?s=0", Reply(202, headers=headers))
    after = uploads.append(session, DIGEST, Whole(DATA[:100]))
    assert (after.offset, after.url.target) == (offset, "/up/1?s=1")
    assert registry.requests[-1].header("content-range") == "0-99"
    assert registry.requests[-1].header("content-length") == "100"


def test_a_registry_with_more_bytes_than_it_was_sent_has_lost_count(registry, push_of):
    uploads, session = started(registry, push_of)
    registry.expect("PATCH", "/up/1?s=0", Reply(202, headers={"Range": "0-500"}))
    with pytest.raises(UploadLostError):
        uploads.append(session, DIGEST, Whole(DATA[:100]))


def test_an_answer_without_a_location_leaves_the_one_before(registry, push_of):
    uploads, session = started(registry, push_of, **{"OCI-Chunk-Min-Length": "77"})
    registry.expect("PATCH", "/up/1?s=0", Reply(202))
    after = uploads.append(session, DIGEST, Whole(DATA[:100]))
    assert (after.url, after.offset, after.least_bytes) == (session.url, 100, 77)


@pytest.mark.parametrize("status", [400, 405, 411, 413, 415, 422, 501])
def test_pieces_that_are_refused_have_an_error_of_their_own(registry, push_of, status):
    uploads, session = started(registry, push_of)
    registry.expect("PATCH", "/up/1?s=0", Reply(status))
    with pytest.raises(PiecesRefusedError):
        uploads.append(session, DIGEST, Whole(DATA))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404),
        Reply(410),
        Reply(416),
        Reply.error(400, "BLOB_UPLOAD_INVALID"),
        Reply.error(404, "BLOB_UPLOAD_UNKNOWN"),
    ],
)
def test_an_upload_that_is_gone_is_lost_at_each_step(registry, push_of, reply):
    uploads, session = started(registry, push_of)
    registry.expect("PATCH", "/up/1?s=0", reply).expect("PUT", re.compile("/up/1.*"), reply)
    with pytest.raises(UploadLostError):
        uploads.append(session, DIGEST, Whole(DATA))
    with pytest.raises(UploadLostError):
        uploads.commit(session, DIGEST)
    registry.expect("GET", "/up/1?s=0", Reply(404))
    assert uploads.ask(session, DIGEST) is None


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_may_have_arrived_is_never_sent_again_blindly(registry, push_of, method):
    """Not after a 5xx, not after a lost connection, not on a kept one that dies."""
    for reply, error in ((Reply(503), RegistryUnavailableError), (Reply(raw=b""), ConnectionLostError)):
        uploads, session = started(registry, push_of)
        registry.expect(method, re.compile(r"/up/1.*"), reply)
        send = uploads.append if method == "PATCH" else uploads.commit
        with pytest.raises(error):
            send(session, DIGEST, Whole(DATA))


def test_a_registry_is_asked_how_far_it_is(registry, push_of):
    uploads, session = started(registry, push_of)
    headers = {"Location": "/up/1?s=9", "Range": "0-41"}
    registry.expect("GET", "/up/1?s=0", Reply(503)).expect("GET", "/up/1?s=0", Reply(204, headers=headers))
    found = uploads.ask(session, DIGEST)
    assert (found.offset, found.url.target) == (42, "/up/1?s=9")


def test_a_commit_that_stores_something_else_is_found_out(registry, push_of):
    other = {"Docker-Content-Digest": str(Digest.of(b"other"))}
    for reply in (Reply(201, headers=other), Reply.error(400, "DIGEST_INVALID")):
        uploads, session = started(registry, push_of)
        registry.expect("PUT", re.compile("/up/1.*"), reply)
        with pytest.raises(StoredOtherwiseError):
            uploads.commit(session, DIGEST, Whole(DATA))


def test_a_digest_header_of_another_algorithm_says_nothing(registry, push_of):
    uploads, session = started(registry, push_of)
    sha512 = {"Docker-Content-Digest": str(Digest.of(DATA, "sha512"))}
    registry.expect("PUT", re.compile("/up/1.*"), Reply(201, headers=sha512))
    uploads.commit(session, DIGEST, Whole(DATA))


def test_a_blob_of_another_size_is_not_the_blob(registry, push_of, described):
    registry.expect("HEAD", f"/v2/app/blobs/{DIGEST}", Reply(200, length=5))
    with pytest.raises(RegistrySizeMismatchError):
        push_of(registry).uploads.has("app", described(DATA))


@pytest.mark.parametrize("status", [404, 401, 403, 405])
def test_a_mount_that_is_refused_becomes_a_plain_upload(registry, push_of, status):
    query = f"?mount={str(DIGEST).replace(':', '%3A')}&from=base"
    registry.expect("POST", f"{UPLOADS}{query}", Reply(status))
    registry.expect("POST", UPLOADS, Reply(202, headers={"Location": "/up/1"}))
    assert push_of(registry).uploads.mount("app", DIGEST, "base").url.target == "/up/1"


def test_a_manifest_is_sent_as_it_is(registry, push_of, manifest):
    registry.expect("PUT", "/v2/app/manifests/1", Reply(201, headers=manifest.headers))
    push_of(registry).put_manifest("app", "1", "application/x", manifest.raw, manifest.digest)
    assert (registry.requests[0].body, registry.requests[0].header("content-type")) == (manifest.raw, "application/x")


def test_a_manifest_whose_blobs_are_missing_may_be_tried_again(registry, push_of, manifest):
    registry.expect("PUT", "/v2/app/manifests/1", Reply.error(400, "MANIFEST_BLOB_UNKNOWN"))
    with pytest.raises(TargetIncompleteError) as caught:
        push_of(registry).put_manifest("app", "1", "application/x", manifest.raw, manifest.digest)
    assert caught.value.retryable


# --- the body on the wire


class Impatient:
    """Answers as soon as it has read the head, and reads no more."""

    def __init__(self, answer: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._answer = answer
        self.release = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        sock, _ = self._listener.accept()
        with sock:
            sock.recv(4096)
            sock.sendall(self._answer)
            self.release.wait(20)
        self._listener.close()


def body(megabytes: int = 64):
    piece = memoryview(bytearray(1 << 20))
    return Streamed(megabytes << 20, (piece for _ in range(megabytes)))


def test_an_answer_before_the_end_of_the_body_ends_it(endpoint_of):
    server = Impatient(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with Transport() as transport:
        uploads = PushClient(Endpoint.for_url(server.url), transport).uploads
        session = _session(server.url)
        with pytest.raises(RegistryDeniedError):
            uploads.commit(session, DIGEST, body())
    server.release.set()


def test_a_registry_that_takes_nothing_any_more_is_given_up():
    server = Impatient(b"")
    times = Timeouts(idle_s=0.3, slice_s=0.1)
    with Transport(timeouts=times) as transport:
        uploads = PushClient(Endpoint.for_url(server.url), transport).uploads
        with pytest.raises(RegistryTimeoutError):
            uploads.commit(_session(server.url), DIGEST, body())
    server.release.set()


def test_a_cancel_is_noticed_while_a_body_is_sent():
    server = Impatient(b"")
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    with Transport() as transport:
        uploads = PushClient(Endpoint.for_url(server.url), transport, CallContext(cancel)).uploads
        with pytest.raises(CallCancelledError):
            uploads.commit(_session(server.url), DIGEST, body())
    server.release.set()
    assert time.monotonic() - began < 2


def test_a_body_goes_through_tls_whole(described):
    authority = trustme.CA()
    data = bytes(range(256)) * 20_000
    with FakeRegistry(tls=server_context(authority)) as fake, Transport() as transport:
        tls = TlsSettings(ca_pem=authority.cert_pem.bytes().decode())
        uploads = PushClient(Endpoint.for_url(fake.url, tls=tls), transport).uploads
        for payload in (
            Whole(data),
            Streamed(len(data), (data[at : at + 100_000] for at in range(0, len(data), 100_000))),
        ):
            uploads.commit(uploads.start("app", Digest.of(data)), Digest.of(data), payload)
        assert uploads.has("app", described(data))


def server_context(authority):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _session(url: str):
    from pierhead.registry.origin import Url
    from pierhead.registry.uploads import Session

    return Session("app", Url.parse(f"{url}/up/1"))
