"""Faults 3, 4, 7 and 9: trouble that passes, silence, trickles, names that do not resolve; and stopping on request."""

import re
import socket
import threading
from collections.abc import Callable, Sequence

import pytest

from pierhead.kit.retry import Backoff
from pierhead.oci.descriptor import Descriptor
from pierhead.registry.blobs import BlobBody
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext, Caps, Timeouts
from pierhead.registry.endpoint import Endpoint, TlsSettings
from pierhead.registry.errors import (
    AddressRefusedError,
    BadResponseError,
    BodyTooLargeError,
    CallCancelledError,
    ConnectionLostError,
    ConnectRefusedError,
    DeadlineExceededError,
    NameNotResolvedError,
    NameServerError,
    RegistryTimeoutError,
    RegistryUnavailableError,
)
from pierhead.registry.origin import Origin
from pierhead.registry.transport import Transport
from pierhead.registry.wire.addresses import OWN, PUBLIC_ONLY
from pierhead.registry.wire.client import Route, WireClient
from pierhead.testing.clock import FakeClock
from pierhead.testing.scripted_registry import Received, Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
EndpointOf = Callable[..., Endpoint]
MANIFEST = "/v2/app/manifests/1"
IMPATIENT = Timeouts(resolve_s=0.05, connect_s=0.5, tls_s=0.05, first_byte_s=0.05, idle_s=0.05, slice_s=0.01)
ONCE = Backoff(tries=1)


def test_a_blip_of_every_kind_is_tried_again(registry, client_of: ClientOf, manifest, clock: FakeClock) -> None:
    for status in (408, 425, 499, 500):
        registry.expect("GET", MANIFEST, Reply(status))
    registry.expect("GET", MANIFEST, manifest.reply())
    client_of(registry).get_manifest("app", "1")
    assert len(clock.waits) == 4


@pytest.mark.parametrize("status", [502, 503, 504, 520, 522, 524])
def test_trouble_that_stays_has_a_name_after_five_tries(registry, client_of: ClientOf, clock, status: int) -> None:
    registry.whenever("GET", MANIFEST, Reply(status, b"try later"))
    with pytest.raises(RegistryUnavailableError, match=str(status)) as caught:
        client_of(registry).get_manifest("app", "1")
    assert len(registry.requests) == 5
    assert caught.value.exchange.body == "try later"
    assert all(0 <= wait <= 8 for wait in clock.waits)


def test_a_503_that_says_when_is_asked_again_then(registry, client_of: ClientOf, manifest, clock) -> None:
    registry.expect("GET", MANIFEST, Reply(503, headers={"Retry-After": "40"})).expect(
        "GET", MANIFEST, manifest.reply()
    )
    client_of(registry).get_manifest("app", "1")
    assert clock.waits == [40.0]


@pytest.mark.parametrize("retry_after", ["86400", "1" + "0" * 20])
def test_a_503_that_says_tomorrow_is_not_waited_for(registry, client_of: ClientOf, clock, retry_after: str) -> None:
    registry.expect("GET", MANIFEST, Reply(503, headers={"Retry-After": retry_after}))
    with pytest.raises(RegistryUnavailableError):
        client_of(registry).get_manifest("app", "1")
    assert clock.waits == []


@pytest.mark.parametrize("status", [400, 403, 404, 505, 418])
def test_a_refusal_is_not_tried_again(registry, client_of: ClientOf, clock, status: int) -> None:
    registry.expect("GET", MANIFEST, Reply(status))
    with pytest.raises(Exception, match="app"):
        client_of(registry).get_manifest("app", "1")
    assert clock.waits == []


def test_a_reset_is_tried_again(registry, client_of: ClientOf, manifest, clock) -> None:
    registry.expect("GET", MANIFEST, Reply(raw=b"", is_reset=True)).expect("GET", MANIFEST, manifest.reply())
    client_of(registry).get_manifest("app", "1")
    assert len(clock.waits) == 1


def test_a_kept_connection_that_died_meanwhile_is_replaced_without_a_pause(
    registry, client_of, manifest, clock
) -> None:
    registry.expect("GET", MANIFEST, manifest.reply()).expect("GET", MANIFEST, Reply(raw=b""))
    registry.expect("GET", MANIFEST, manifest.reply())
    client = client_of(registry)
    client.get_manifest("app", "1")
    client.get_manifest("app", "1")
    assert clock.waits == []
    assert registry.connections == 2


def test_a_kept_connection_that_was_closed_is_not_used(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("GET", MANIFEST, Reply(200, manifest.raw, manifest.headers, is_last=True))
    registry.expect("GET", MANIFEST, manifest.reply())
    client = client_of(registry)
    client.get_manifest("app", "1")
    client.get_manifest("app", "1")
    assert len(registry.requests) == 2


def test_a_connection_idle_for_long_is_not_used(registry, client_of: ClientOf, manifest, clock) -> None:
    registry.whenever("GET", MANIFEST, manifest.reply())
    client = client_of(registry)
    client.get_manifest("app", "1")
    clock.advance(60)
    client.get_manifest("app", "1")
    assert registry.connections == 2


def test_silence_before_the_answer_is_a_timeout(registry, endpoint_of: EndpointOf, clock) -> None:
    over = threading.Event()
    registry.whenever("GET", MANIFEST, Reply(200, hold=over))
    with Transport(clock, timeouts=IMPATIENT, backoff=ONCE) as transport, pytest.raises(RegistryTimeoutError) as caught:
        RegistryClient(endpoint_of(registry), transport).get_manifest("app", "1")
    over.set()
    assert caught.value.exchange.url.endswith(MANIFEST)


def test_silence_within_a_manifest_is_a_timeout(registry, endpoint_of: EndpointOf, manifest, clock) -> None:
    over = threading.Event()
    registry.whenever("GET", MANIFEST, Reply(200, manifest.raw, manifest.headers, cut_at=10, stall=over))
    with Transport(clock, timeouts=IMPATIENT, backoff=ONCE) as transport, pytest.raises(RegistryTimeoutError):
        RegistryClient(endpoint_of(registry), transport).get_manifest("app", "1")
    over.set()


def test_silence_within_a_blob_is_resumed(registry, endpoint_of: EndpointOf, blob: bytes, described, clock) -> None:
    over = threading.Event()
    wanted = described(blob)
    registry.expect("GET", f"/v2/app/blobs/{wanted.digest}", Reply(200, blob, cut_at=10, stall=over))
    rest = Reply(206, blob[10:], {"Content-Range": f"bytes 10-{len(blob) - 1}/{len(blob)}"})
    registry.expect("GET", f"/v2/app/blobs/{wanted.digest}", rest)
    with Transport(clock, timeouts=IMPATIENT) as transport:
        assert RegistryClient(endpoint_of(registry), transport).get_blob("app", wanted, 1 << 20) == blob
    over.set()


def read_on(body: BlobBody) -> None:
    buffer = memoryview(bytearray(10))
    while body.readinto(buffer):
        pass


class TickingClock(FakeClock):
    """Five seconds pass whenever somebody looks."""

    def monotonic(self) -> float:
        self.advance(5.0)
        return super().monotonic()


def test_a_trickle_is_too_slow(registry, endpoint_of: EndpointOf, described: Callable[[bytes], Descriptor]) -> None:
    big = bytes(100_000)
    wanted = described(big)
    registry.whenever("GET", f"/v2/app/blobs/{wanted.digest}", Reply(200, big))
    with Transport(TickingClock(), backoff=ONCE) as transport:
        body = RegistryClient(endpoint_of(registry), transport).open_blob("app", wanted)
        with pytest.raises(RegistryTimeoutError, match="slower"), body:
            read_on(body)
    assert body.position < 20_000


def test_a_reader_that_takes_its_time_is_not_taken_for_a_slow_registry(
    registry, client_of: ClientOf, described, clock
) -> None:
    big = bytes(100_000)
    wanted = described(big)
    registry.expect("GET", f"/v2/app/blobs/{wanted.digest}", Reply(200, big))
    buffer = memoryview(bytearray(20_000))
    with client_of(registry).open_blob("app", wanted) as body:
        while body.readinto(buffer):
            clock.advance(100)
    assert body.position == len(big)


def test_a_head_that_drips_is_cut_off(registry, endpoint_of: EndpointOf) -> None:
    registry.whenever("GET", MANIFEST, Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000))
    clock = TickingClock()
    with (
        Transport(clock, timeouts=Timeouts(first_byte_s=1.0), backoff=ONCE) as transport,
        pytest.raises(RegistryTimeoutError),
    ):
        RegistryClient(endpoint_of(registry), transport).get_manifest("app", "1")


def test_cancelling_ends_a_wait_for_an_answer(registry, endpoint_of: EndpointOf, clock) -> None:
    cancel, over = threading.Event(), threading.Event()

    def answer(_: Received) -> Reply:
        cancel.set()
        return Reply(200, hold=over)

    registry.expect("GET", MANIFEST, answer)
    with Transport(clock, timeouts=Timeouts(slice_s=0.01)) as transport, pytest.raises(CallCancelledError):
        RegistryClient(endpoint_of(registry), transport, CallContext(cancel)).get_manifest("app", "1")
    over.set()


def test_cancelling_ends_a_blob_in_the_middle(registry, client_of: ClientOf, described) -> None:
    cancel = threading.Event()
    big = bytes(100_000)
    wanted = described(big)
    registry.expect("GET", f"/v2/app/blobs/{wanted.digest}", Reply(200, big))
    with client_of(registry, call=CallContext(cancel)).open_blob("app", wanted) as body:
        body.readinto(memoryview(bytearray(10)))
        cancel.set()
        with pytest.raises(CallCancelledError):
            read_on(body)


def test_cancelling_ends_a_pause_between_tries(registry, client_of: ClientOf, clock: FakeClock) -> None:
    cancel = threading.Event()

    def answer(_: Received) -> Reply:
        cancel.set()
        return Reply(503)

    registry.expect("GET", MANIFEST, answer)
    with pytest.raises(CallCancelledError):
        client_of(registry, call=CallContext(cancel)).get_manifest("app", "1")


def test_cancelling_ends_a_wait_at_a_closed_gate(registry, client_of: ClientOf) -> None:
    cancel = threading.Event()

    def answer(_: Received) -> Reply:
        cancel.set()
        return Reply(429, headers={"Retry-After": "60"})

    registry.expect("GET", MANIFEST, answer)
    with pytest.raises(CallCancelledError):
        client_of(registry, call=CallContext(cancel)).get_manifest("app", "1")


def test_a_cancelled_call_asks_for_nothing(registry, client_of: ClientOf) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CallCancelledError):
        client_of(registry, call=CallContext(cancel)).get_manifest("app", "1")
    assert registry.requests == []


def test_a_deadline_ends_a_wait_for_an_answer(registry, endpoint_of: EndpointOf, clock: FakeClock) -> None:
    over = threading.Event()

    def answer(_: Received) -> Reply:
        clock.advance(100)
        return Reply(200, hold=over)

    registry.expect("GET", MANIFEST, answer)
    call = CallContext(deadline_monotonic=clock.monotonic() + 50)
    with Transport(clock, timeouts=Timeouts(slice_s=0.01)) as transport, pytest.raises(DeadlineExceededError):
        RegistryClient(endpoint_of(registry), transport, call).get_manifest("app", "1")
    over.set()


def test_a_deadline_that_is_over_asks_for_nothing(registry, client_of: ClientOf, clock: FakeClock) -> None:
    with pytest.raises(DeadlineExceededError):
        client_of(registry, call=CallContext(deadline_monotonic=clock.monotonic())).get_manifest("app", "1")


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
def test_what_is_no_http_is_a_bad_response(registry, client_of: ClientOf, raw: bytes) -> None:
    registry.expect("GET", MANIFEST, Reply(raw=raw))
    with pytest.raises(BadResponseError):
        client_of(registry).get_manifest("app", "1")


def test_interim_answers_are_passed_over(registry, client_of: ClientOf, manifest) -> None:
    final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(manifest.raw), manifest.raw)
    registry.expect("GET", MANIFEST, Reply(raw=b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + final))
    assert client_of(registry).get_manifest("app", "1").raw == manifest.raw


@pytest.mark.parametrize(
    "raw", [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40_000]
)
def test_a_head_over_32_kib_is_refused(registry, client_of: ClientOf, raw: bytes) -> None:
    registry.expect("GET", MANIFEST, Reply(raw=raw))
    with pytest.raises(BodyTooLargeError):
        client_of(registry).get_manifest("app", "1")


def test_http_1_0_without_keep_alive_is_understood(registry, client_of: ClientOf, manifest) -> None:
    raw = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(manifest.raw), manifest.raw)
    registry.expect("GET", MANIFEST, Reply(raw=raw)).expect("GET", MANIFEST, Reply(raw=raw))
    client = client_of(registry)
    client.get_manifest("app", "1")
    client.get_manifest("app", "1")
    assert registry.connections == 2


def transport_to(clock: FakeClock, resolve: Callable[[str, int], Sequence[str]], backoff: Backoff = ONCE) -> Transport:
    return Transport(clock, timeouts=IMPATIENT, backoff=backoff, resolve=resolve)


def by_name(registry: ScriptedRegistry, name: str = "registry.test") -> Endpoint:
    return Endpoint(Origin("http", name, registry.port))


def test_a_name_that_does_not_exist_is_not_asked_for_twice(registry, clock) -> None:
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with (
        transport_to(clock, resolve, Backoff()) as transport,
        pytest.raises(NameNotResolvedError, match=r"registry\.test"),
    ):
        RegistryClient(by_name(registry), transport).get_manifest("app", "1")
    assert asked == ["registry.test"]


def test_a_name_server_in_trouble_is_asked_again(registry, clock, manifest) -> None:
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        if len(asked) < 3:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return ["127.0.0.1"]

    registry.expect("GET", MANIFEST, manifest.reply())
    with transport_to(clock, resolve, Backoff()) as transport:
        RegistryClient(by_name(registry), transport).get_manifest("app", "1")
    assert len(asked) == 3


@pytest.mark.parametrize("error", [UnicodeError("label too long"), socket.gaierror(socket.EAI_FAIL, "failed")])
def test_other_failures_of_resolving_have_the_name_too(registry, clock, error: Exception) -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        raise error

    with transport_to(clock, resolve) as transport, pytest.raises(NameNotResolvedError):
        RegistryClient(by_name(registry), transport).get_manifest("app", "1")


def test_a_name_without_addresses_does_not_resolve(registry, clock) -> None:
    with transport_to(clock, lambda *_: []) as transport, pytest.raises(NameNotResolvedError):
        RegistryClient(by_name(registry), transport).get_manifest("app", "1")


def test_a_resolver_that_hangs_is_left_behind(registry, clock) -> None:
    over = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        over.wait(10)
        return []

    with transport_to(clock, resolve) as transport, pytest.raises(NameServerError):
        RegistryClient(by_name(registry), transport).get_manifest("app", "1")
    over.set()


def test_the_next_address_is_tried_when_the_first_refuses(registry, clock, manifest) -> None:
    registry.expect("GET", MANIFEST, manifest.reply())
    with transport_to(clock, lambda *_: ["127.0.0.99", "127.0.0.98", "127.0.0.1"]) as transport:
        RegistryClient(by_name(registry), transport).get_manifest("app", "1")
    assert registry.requests[0].header("host") == f"registry.test:{registry.port}"


def test_the_next_address_is_tried_when_the_first_swallows_everything(registry, clock, manifest) -> None:
    registry.expect("GET", MANIFEST, manifest.reply())
    with socket.socket() as hole, socket.socket() as filler, socket.socket() as filler2:
        hole.bind(("127.0.0.77", registry.port))
        hole.listen(0)
        for sock in (filler, filler2):  # a full backlog drops further connections without a word
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.77", registry.port))
        with transport_to(clock, lambda *_: ["127.0.0.77", "127.0.0.1"]) as transport:
            RegistryClient(by_name(registry), transport).get_manifest("app", "1")


def test_an_address_that_swallows_everything_is_a_timeout(registry, clock) -> None:
    with socket.socket() as hole, socket.socket() as filler, socket.socket() as filler2:
        hole.bind(("127.0.0.78", registry.port))
        hole.listen(0)
        for sock in (filler, filler2):
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.78", registry.port))
        with (
            transport_to(clock, lambda *_: ["127.0.0.78"]) as transport,
            pytest.raises(RegistryTimeoutError, match="connecting"),
        ):
            RegistryClient(by_name(registry), transport).get_manifest("app", "1")


def test_a_port_where_nobody_listens_is_refused_by_name(clock) -> None:
    with ScriptedRegistry() as gone:
        pass
    with (
        transport_to(clock, lambda *_: ["127.0.0.1"]) as transport,
        pytest.raises(ConnectRefusedError, match="refused"),
    ):
        RegistryClient(by_name(gone), transport).get_manifest("app", "1")


def test_ipv6_works_and_is_written_with_brackets(client_of: ClientOf, manifest) -> None:
    with ScriptedRegistry("::1") as registry:
        registry.expect("GET", MANIFEST, manifest.reply())
        client_of(registry).get_manifest("app", "1")
        assert registry.requests[0].header("host") == f"[::1]:{registry.port}"


def test_one_forbidden_address_among_good_ones_refuses_the_name(registry, clock) -> None:
    mixed = ["127.0.0.1", "169.254.169.254"]
    with transport_to(clock, lambda *_: mixed) as transport, pytest.raises(AddressRefusedError, match="link-local"):
        RegistryClient(by_name(registry), transport).get_manifest("app", "1")
    assert registry.requests == []


def test_a_name_is_resolved_once_and_the_checked_address_is_used(registry, clock, manifest) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    registry.expect("GET", MANIFEST, manifest.reply())
    with transport_to(clock, lambda *_: next(answers)) as transport:
        RegistryClient(by_name(registry), transport).get_manifest("app", "1")
    assert next(answers) == ["169.254.169.254"]


def test_a_connection_opened_for_its_own_connector_is_no_way_in_for_another(registry, clock) -> None:
    """A registry on the inside used by one connector, and another connector's registry that redirects there."""
    registry.whenever("GET", "/", Reply(200, b"inside"))
    wire = WireClient(clock, Timeouts(), Caps(), "test")
    origin = Origin.of(registry.url)
    response = wire.send(Route(origin, TlsSettings(), None, OWN, OWN), "GET", "/", [], CallContext())
    assert response.read(100, "it") == b"inside"
    response.close()
    for _ in range(2):
        with pytest.raises(AddressRefusedError):
            wire.send(Route(origin, TlsSettings(), None, PUBLIC_ONLY, PUBLIC_ONLY), "GET", "/", [], CallContext())
    wire.close()
    assert len(registry.requests) == 1


def test_a_closed_transport_keeps_no_connection(registry, endpoint_of, clock, manifest) -> None:
    registry.whenever("GET", re.compile(".*"), manifest.reply())
    transport = Transport(clock)
    client = RegistryClient(endpoint_of(registry), transport)
    client.get_manifest("app", "1")
    transport.close()
    client.get_manifest("app", "1")
    client.get_manifest("app", "1")
    assert registry.connections == 3


def test_a_connection_lost_in_the_head_is_named(registry, client_of: ClientOf) -> None:
    registry.whenever("GET", MANIFEST, Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Le"))
    with pytest.raises(ConnectionLostError, match="in the middle"):
        client_of(registry).get_manifest("app", "1")
