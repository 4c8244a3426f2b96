"""Row 10 of the checklist and faults 6 to 8: blobs that break, resume, lie about their length or never end."""

import threading
from collections.abc import Callable

import pytest

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.errors import DigestMismatchError, SizeMismatchError
from pierhead.registry.blobs import BlobBody
from pierhead.registry.client import RegistryClient
from pierhead.registry.errors import (
    BadResponseError,
    BlobUnknownError,
    BodyTooLargeError,
    ConnectionLostError,
    RegistrySizeMismatchError,
    RegistryUnavailableError,
    ShortBodyError,
)
from pierhead.testing.clock import FakeClock
from pierhead.testing.scripted_registry import Received, Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
Described = Callable[[bytes], Descriptor]


def read_all(body: BlobBody, step: int = 1000) -> bytes:
    data = b""
    buffer = memoryview(bytearray(step))
    with body:
        while count := body.readinto(buffer):
            data += buffer[:count]
    return data


def path(descriptor: Descriptor) -> str:
    return f"/v2/app/blobs/{descriptor.digest}"


def part(blob: bytes, first: int, total: str | None = None, **more: object) -> Reply:
    """206 with the rest of ``blob`` from ``first`` on."""
    headers = {"Content-Range": f"bytes {first}-{len(blob) - 1}/{total or len(blob)}"}
    return Reply(206, blob[first:], headers, **more)  # type: ignore[arg-type]


def ranges(registry: ScriptedRegistry) -> list[str | None]:
    return [request.header("range") for request in registry.requests]


def test_a_blob_comes_as_it_is(registry, client_of: ClientOf, blob: bytes, described: Described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob))
    assert read_all(client_of(registry).open_blob("app", wanted)) == blob


def test_reading_on_after_the_end_gives_nothing(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob))
    body = client_of(registry).open_blob("app", wanted)
    assert read_all(body) == blob
    assert body.readinto(memoryview(bytearray(10))) == 0


def test_an_empty_blob_is_asked_for_and_empty(registry, client_of: ClientOf, described) -> None:
    registry.expect("GET", path(described(b"")), Reply(200, b""))
    assert client_of(registry).get_blob("app", described(b""), 10) == b""


@pytest.mark.parametrize("more", [{"length": None}, {"is_chunked": True}])
def test_a_length_that_is_not_told_is_counted(registry, client_of: ClientOf, blob: bytes, described, more) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob, **more))
    assert read_all(client_of(registry).open_blob("app", wanted)) == blob


def test_an_offset_asks_for_the_rest_only(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), part(blob, 500))
    assert read_all(client_of(registry).open_blob("app", wanted, 500)) == blob[500:]
    assert ranges(registry) == ["bytes=500-"]


def test_an_offset_at_the_end_asks_for_nothing(registry, client_of: ClientOf, blob: bytes, described) -> None:
    assert read_all(client_of(registry).open_blob("app", described(blob), len(blob))) == b""


def test_a_whole_answer_to_a_range_is_read_over(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob))
    assert read_all(client_of(registry).open_blob("app", wanted, 700)) == blob[700:]


def test_416_to_a_range_starts_from_the_beginning_and_reads_over(registry, client_of, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(416)).expect("GET", path(wanted), Reply(200, blob))
    assert read_all(client_of(registry).open_blob("app", wanted, 700)) == blob[700:]
    assert ranges(registry) == ["bytes=700-", None]


@pytest.mark.parametrize("cut_at", [0, 1, 5000, 10239])
@pytest.mark.parametrize("more", [{}, {"is_reset": True}, {"is_chunked": True}, {"length": None}])
def test_a_body_that_breaks_goes_on_where_it_broke(
    registry, client_of: ClientOf, blob: bytes, described, cut_at: int, more: dict[str, object]
) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob, cut_at=cut_at, **more))

    def rest(request: Received) -> Reply:
        text = request.header("range") or "bytes=0-"
        first = int(text[6:-1])
        return part(blob, first) if first else Reply(200, blob)

    registry.expect("GET", path(wanted), rest)
    assert read_all(client_of(registry).open_blob("app", wanted)) == blob


def test_a_server_without_ranges_is_resumed_by_reading_over(
    registry, client_of: ClientOf, blob: bytes, described
) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob, cut_at=6000)).expect("GET", path(wanted), Reply(200, blob))
    assert read_all(client_of(registry).open_blob("app", wanted)) == blob


def test_a_body_that_always_breaks_is_given_up(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.whenever("GET", path(wanted), Reply(200, blob, cut_at=100))
    with pytest.raises(ShortBodyError) as caught:
        read_all(client_of(registry).open_blob("app", wanted))
    assert len(registry.requests) == 5
    assert caught.value.exchange.url.endswith(str(wanted.digest))


def test_a_server_that_drips_a_byte_for_each_connection_is_given_up(registry, client_of, blob, described) -> None:
    wanted = described(blob)

    def drip(request: Received) -> Reply:
        text = request.header("range")
        first = int(text[6:-1]) if text else 0
        return part(blob, first, cut_at=1) if first else Reply(200, blob, cut_at=1)

    registry.whenever("GET", path(wanted), drip)
    with pytest.raises(ShortBodyError):
        read_all(client_of(registry).open_blob("app", wanted))
    assert len(registry.requests) == 5


def test_progress_earns_new_tries(registry, client_of: ClientOf, described) -> None:
    big = bytes(9 * 1024 * 1024)
    wanted = described(big)
    step = 1024 * 1024 + 1

    def some(request: Received) -> Reply:
        text = request.header("range")
        first = int(text[6:-1]) if text else 0
        return part(big, first, cut_at=step) if first else Reply(200, big, cut_at=step)

    registry.whenever("GET", path(wanted), some)
    assert len(read_all(client_of(registry).open_blob("app", wanted), 1 << 20)) == len(big)
    assert len(registry.requests) == 9


def test_the_rest_may_come_in_parts(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(206, blob[100:200], {"Content-Range": f"bytes 100-199/{len(blob)}"}))
    registry.expect("GET", path(wanted), part(blob, 200, total="*"))
    assert read_all(client_of(registry).open_blob("app", wanted, 100)) == blob[100:]


@pytest.mark.parametrize(
    "content_range",
    [
        "",
        "bytes 0-10239/10240",
        "bytes 501-10239/10240",
        "bytes 500-10240/10241",
        "bytes 500-499/10240",
        "bytes */10240",
        "lines 500-10239/10240",
        "bytes 500-10239",
        "bytes 500-99999999999999999999/10240",
        "nonsense",
    ],
)
def test_a_part_other_than_asked_for_is_refused(registry, client_of: ClientOf, blob, described, content_range) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(206, blob[500:], {"Content-Range": content_range}))
    with pytest.raises(BadResponseError):
        read_all(client_of(registry).open_blob("app", wanted, 500))


def test_a_part_of_a_blob_of_another_size_is_refused(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), part(blob, 500, total="20000"))
    with pytest.raises(SizeMismatchError):
        client_of(registry).open_blob("app", wanted, 500)


def test_a_part_that_was_not_asked_for_is_refused(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), part(blob, 500))
    with pytest.raises(BadResponseError):
        client_of(registry).open_blob("app", wanted)


@pytest.mark.parametrize("length", [10239, 10241, 0])
def test_a_length_other_than_the_manifest_says_is_refused_before_reading(
    registry, client_of, blob, described, length
) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob, length=length, is_last=True))
    with pytest.raises(RegistrySizeMismatchError, match="not 10,240") as caught:
        client_of(registry).open_blob("app", wanted)
    assert caught.value.exchange.status == 200


@pytest.mark.parametrize("more", [{"length": None}, {"is_chunked": True}])
def test_bytes_behind_the_promised_end_are_refused(registry, client_of: ClientOf, blob: bytes, described, more) -> None:
    registry.expect("GET", path(described(blob)), Reply(200, blob + b"x", **more))
    with pytest.raises(SizeMismatchError):
        read_all(client_of(registry).open_blob("app", described(blob)))


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 10240\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10240\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10240, 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10240\r\n\r\n",
    ],
)
def test_a_broken_frame_is_a_bad_response(registry, client_of: ClientOf, blob: bytes, described, raw: bytes) -> None:
    registry.expect("GET", path(described(blob)), Reply(raw=raw))
    with pytest.raises(BadResponseError):
        read_all(client_of(registry).open_blob("app", described(blob)))


def test_equal_repeated_lengths_are_one(registry, client_of: ClientOf, described) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"
    registry.expect("GET", path(described(b"abc")), Reply(raw=raw))
    assert read_all(client_of(registry).open_blob("app", described(b"abc"))) == b"abc"


def test_a_missing_blob_has_a_name(registry, client_of: ClientOf, blob: bytes, described) -> None:
    registry.expect("GET", path(described(blob)), Reply(404))
    with pytest.raises(BlobUnknownError):
        client_of(registry).open_blob("app", described(blob))


def test_a_small_blob_is_whole_and_checked(registry, client_of: ClientOf, blob: bytes, described) -> None:
    registry.expect("GET", path(described(blob)), Reply(200, blob))
    assert client_of(registry).get_blob("app", described(blob), 1 << 20) == blob


def test_a_small_blob_with_wrong_bytes_is_refused(registry, client_of: ClientOf, blob: bytes, described) -> None:
    registry.expect("GET", path(described(blob)), Reply(200, b"x" + blob[1:]))
    with pytest.raises(DigestMismatchError) as caught:
        client_of(registry).get_blob("app", described(blob), 1 << 20)
    assert caught.value.exchange.status == 200


def test_a_blob_over_the_cap_is_not_asked_for(registry, client_of: ClientOf, blob: bytes, described) -> None:
    with pytest.raises(BodyTooLargeError):
        client_of(registry).get_blob("app", described(blob), 100)
    assert registry.requests == []


def test_an_expired_token_in_the_middle_of_a_blob_is_renewed(
    registry, client_of, blob: bytes, described, clock
) -> None:
    wanted = described(blob)
    challenge = Reply.challenge(f'Bearer realm="{registry.url}/token"')
    token = "/token?scope=repository:app:pull"
    registry.expect("GET", path(wanted), challenge).expect("GET", token, Reply.of_json({"token": "t1"}))
    registry.expect("GET", path(wanted), Reply(200, blob, cut_at=300))
    registry.expect("GET", path(wanted), challenge).expect("GET", token, Reply.of_json({"token": "t2"}))
    registry.expect("GET", path(wanted), part(blob, 300))
    assert read_all(client_of(registry).open_blob("app", wanted)) == blob


def test_a_registry_in_trouble_is_asked_again(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(503)).expect("GET", path(wanted), Reply(200, blob))
    assert read_all(client_of(registry).open_blob("app", wanted)) == blob


def test_trouble_that_stays_is_not_multiplied(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob, cut_at=100))
    registry.whenever("GET", path(wanted), Reply(500))
    with pytest.raises(RegistryUnavailableError):
        read_all(client_of(registry).open_blob("app", wanted))
    assert len(registry.requests) == 6


def test_readers_in_many_threads_do_not_mix(registry, client_of: ClientOf, described) -> None:
    blobs = [bytes([number]) * 50_000 for number in range(8)]
    for data in blobs:
        registry.whenever("GET", path(described(data)), Reply(200, data))
    client = client_of(registry)
    results: dict[int, bytes] = {}

    def pull(number: int) -> None:
        for _ in range(5):
            results[number] = read_all(client.open_blob("app", described(blobs[number])), 7000)

    threads = [threading.Thread(target=pull, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[number] for number in range(8)] == blobs
    assert registry.connections <= 8


def test_a_blob_that_is_left_unread_costs_its_connection_only(registry, client_of: ClientOf, blob, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply(200, blob)).expect("GET", path(wanted), Reply(200, blob))
    client = client_of(registry)
    with client.open_blob("app", wanted) as body:
        body.readinto(memoryview(bytearray(10)))
    assert read_all(client.open_blob("app", wanted)) == blob
    assert registry.connections == 2


def test_a_connection_serves_one_blob_after_the_other(registry, client_of: ClientOf, blob: bytes, described) -> None:
    wanted = described(blob)
    client = client_of(registry)
    for _ in range(3):
        registry.expect("GET", path(wanted), Reply(200, blob))
        assert read_all(client.open_blob("app", wanted)) == blob
    assert registry.connections == 1


@pytest.mark.parametrize("offset", [-1, 10241])
def test_an_offset_outside_the_blob_is_a_mistake_of_the_caller(
    registry, client_of, blob, described, offset: int
) -> None:
    with pytest.raises(ValueError, match="offset"):
        client_of(registry).open_blob("app", described(blob), offset)


def test_a_registry_that_resets_every_connection_is_named(
    registry, client_of: ClientOf, blob, described, clock: FakeClock
) -> None:
    registry.whenever("GET", path(described(blob)), Reply(raw=b"", is_reset=True))
    with pytest.raises(ConnectionLostError):
        client_of(registry).open_blob("app", described(blob))
    assert len(registry.requests) == 5
    assert len(clock.waits) == 4
