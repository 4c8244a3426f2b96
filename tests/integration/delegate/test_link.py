"""The link's own care: TLS, proxies, ends of waits, caps; over real sockets."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
import trustme

from pierhead.delegate.alarm import Alarm
from pierhead.delegate.connection import Caller
from pierhead.delegate.errors import InterruptedPollError, ServerUnreachableError
from pierhead.delegate.health import HealthAddressError, HealthEndpoint
from pierhead.delegate.link import Link
from pierhead.kit.clock import SystemClock
from pierhead.kit.errors import AppError
from pierhead.kit.redact import SecretValue
from pierhead.protocol.agent import Done, PollAnswer, PollRequest
from pierhead.protocol.signatures import SigningKey
from pierhead.registry.endpoint import ProxySettings, TlsSettings
from pierhead.registry.errors import CallCancelledError
from pierhead.registry.origin import Origin
from pierhead.testing.control_plane import ControlPlane, Work
from pierhead.testing.scripted_registry import Received, ScriptedRegistry

POLL = PollRequest(session="s" * 16, free=1)


def link_to(url: str, *, tls: TlsSettings | None = None, proxy: ProxySettings | None = None) -> Link:
    clock = SystemClock()
    return Link(
        Caller(Origin.of(url), tls or TlsSettings(), proxy, clock), SigningKey.generate(), clock, threading.Event()
    )


class Raw:
    """A server that says these bytes to whoever asks, and nothing when there are none."""

    def __init__(self, answer: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._answer = answer
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._open.append(sock)
                sock.recv(65536)
                if self._answer:
                    sock.sendall(self._answer)

    def stop(self) -> None:
        self._listener.close()
        for sock in self._open:
            sock.close()


@pytest.fixture
def raw(request: pytest.FixtureRequest) -> Iterator[Raw]:
    server = Raw(getattr(request, "param", b""))
    yield server
    server.stop()


# --- waits end


def test_a_server_that_never_answers_is_given_up_soon_after_the_time(raw: Raw) -> None:
    began = time.monotonic()
    with pytest.raises(ServerUnreachableError):
        link_to(raw.url).post("poll", POLL, PollAnswer, limit_s=0.5, alarm=Alarm())
    assert 0.4 < time.monotonic() - began < 3.0


def test_an_alarm_ends_a_held_poll_at_once(raw: Raw) -> None:
    alarm = Alarm()
    threading.Timer(0.2, alarm.ring).start()
    began = time.monotonic()
    with pytest.raises(InterruptedPollError):
        link_to(raw.url).post("poll", POLL, PollAnswer, limit_s=30.0, alarm=alarm)
    assert time.monotonic() - began < 1.0


def test_stopping_ends_every_exchange(raw: Raw) -> None:
    clock, stop = SystemClock(), threading.Event()
    link = Link(Caller(Origin.of(raw.url), TlsSettings(), None, clock), SigningKey.generate(), clock, stop)
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(CallCancelledError):
        link.post("close", POLL, Done, limit_s=30.0)
    assert time.monotonic() - began < 2.0


def test_nobody_there_is_told_as_that() -> None:
    with pytest.raises(ServerUnreachableError, match="no answer from http://127"):
        link_to("http://127.0.0.1:1").post("poll", POLL, PollAnswer)


# --- answers that are none


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"Content-Length: 999999999\r\n\r\n",
        OK
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"10000\r\n"
        + b"x" * 0x10000
        + b"\r\n" * 1
        + b"fffffff\r\n"
        + b"x" * 400_000,
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        OK + b"X: " + b"y" * 40_000 + b"\r\n\r\n",
        OK + b"Content-Length: 5\r\n\r\n<htm>",
        OK + b'Content-Length: 39\r\n\r\n{"state":"ENABLED","state":"ENABLED"   }',
        OK + b'Content-Length: 35\r\n\r\n{"state":"ENABLED","surprise":true  }',
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found",
    ],
    indirect=True,
)
def test_an_answer_of_another_kind_is_waited_out_and_never_believed(raw: Raw) -> None:
    link = link_to(raw.url)
    with pytest.raises(ServerUnreachableError):
        link.post("poll", POLL, PollAnswer, limit_s=3.0)
    assert link.answered_at is None


LONG = "\x1b[2J\nforged\u2028" + "y" * 50_000


@pytest.mark.parametrize("code", ["delegate-revoked", "delegate-unknown", "token-invalid", LONG])
def test_what_a_server_says_is_one_line_of_moderate_length(code: str) -> None:
    body = json.dumps({"code": code, "message": LONG, "hint": LONG}).encode()
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    server = Raw(head + body)
    try:
        with pytest.raises(AppError) as caught:
            link_to(server.url).post("poll", POLL, PollAnswer)
    finally:
        server.stop()
    assert caught.value.message.isprintable()
    assert caught.value.hint.isprintable()
    assert "forged" in caught.value.message
    assert max(len(caught.value.message), len(caught.value.hint)) < 700


# --- answers that drip


class Dripping:
    """Says ``start``, then a byte now and then, for ever."""

    def __init__(self, start: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start = start
        self.over = threading.Event()
        self.drips = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._drip, args=(sock,), daemon=True).start()

    def _drip(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            sock.recv(65536)
            sock.sendall(self._start)
            while not self.over.wait(0.1):
                sock.sendall(b" ")
                self.drips.set()

    def stop(self) -> None:
        self.over.set()
        self._listener.close()


@pytest.fixture(params=[b"HTTP/1.1 200 OK\r\nX:", OK + b"Content-Length: 100000\r\n\r\n"], ids=["head", "body"])
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    server = Dripping(request.param)
    yield server
    server.stop()


def test_an_alarm_ends_an_answer_that_drips(dripping: Dripping) -> None:
    alarm = Alarm()
    threading.Thread(target=lambda: (dripping.drips.wait(5), alarm.ring()), daemon=True).start()
    began = time.monotonic()
    with pytest.raises(InterruptedPollError):
        link_to(dripping.url).post("poll", POLL, PollAnswer, alarm=alarm)
    assert time.monotonic() - began < 2.0


def test_the_last_words_are_not_waited_for_beyond_their_time(dripping: Dripping) -> None:
    began = time.monotonic()
    with pytest.raises(ServerUnreachableError):
        link_to(dripping.url).post("close", POLL, Done, limit_s=0.3, total_s=0.3)
    assert time.monotonic() - began < 2.0


# --- TLS and proxies


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[ControlPlane]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ControlPlane(tls=context) as plane:
        yield plane


def ca(authority: trustme.CA) -> TlsSettings:
    return TlsSettings(authority.cert_pem.bytes().decode())


def test_over_tls_the_authority_must_be_known(secure: ControlPlane, authority: trustme.CA, start) -> None:
    with pytest.raises(ServerUnreachableError) as caught:
        link_to(secure.url).post("poll", POLL, PollAnswer)
    assert "--ca-file" in caught.value.hint
    with pytest.raises(ServerUnreachableError):
        link_to(secure.url.replace("127.0.0.1", "localhost"), tls=ca(authority)).post("poll", POLL, PollAnswer)
    running = start(server=Origin.of(secure.url), tls=ca(authority), token=secure.token())
    secure.until(lambda: secure.count("poll"))
    assert running.is_alive


def test_over_tls_a_task_goes_through_and_room_is_told_at_once(secure, authority, start) -> None:
    from .test_faults import TASK, Gate

    gate = Gate()
    start(gate, server=Origin.of(secure.url), tls=ca(authority), token=secure.token(), capacity=1)
    first, second = secure.offer(Work("t1", TASK)), secure.offer(Work("t2", TASK))
    gate.wait_started()
    gate.go.set()
    secure.until(lambda: first.ends and second.ends, 5)


class Tunnel(ScriptedRegistry):
    """A proxy that takes CONNECT and passes bytes on."""

    def __init__(self) -> None:
        super().__init__("127.0.0.3")
        self.tunnels: list[Received] = []

    def _play(self, sock: socket.socket, request: Received) -> bool:
        self.tunnels.append(request)
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = request.target.rpartition(":")
        with socket.create_connection((host, int(port))) as upstream:
            back = threading.Thread(target=_copy, args=(upstream, sock), daemon=True)
            back.start()
            _copy(sock, upstream)
            back.join(10)
        return False


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_a_proxy_is_asked_for_a_tunnel_and_sees_nothing_of_what_goes_through(secure, authority, start) -> None:
    with Tunnel() as proxy:
        settings = ProxySettings(proxy.url, username="paul", password=SecretValue("proxy-pass"))
        running = start(server=Origin.of(secure.url), tls=ca(authority), token=secure.token(), proxy=settings)
        secure.until(lambda: secure.count("poll"))
        assert {request.target for request in proxy.tunnels} == {secure.url.removeprefix("https://")}
        assert proxy.tunnels[0].header("proxy-authorization") == "Basic cGF1bDpwcm94eS1wYXNz"
        running.stop()


# --- the health endpoint


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "192.168.1.1"])
def test_health_is_never_served_to_other_machines(host: str) -> None:
    with pytest.raises(HealthAddressError):
        HealthEndpoint(host, 0, lambda: (True, {}))


def test_health_says_503_when_it_is_not_well() -> None:
    import urllib.error
    import urllib.request

    endpoint = HealthEndpoint("127.0.0.1", 0, lambda: (False, {"state": "CONNECTING"}))
    try:
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"http://127.0.0.1:{endpoint.port}/healthz")
    finally:
        endpoint.close()
