"""Webhooks over real sockets, and every address that nothing may be sent to."""

import socket
import threading
from collections.abc import Iterator

import pytest

from pierhead.adapters.notifiers import HttpWebhooks
from pierhead.control.notices import InvalidWebhookError, Receipt
from pierhead.kit.clock import SystemClock
from pierhead.kit.errors import AppError
from pierhead.registry.errors import AddressRefusedError, RegistryError
from pierhead.registry.wire.judge import AddressPolicy
from pierhead.testing.webhooks import Receiver

OPEN = AddressPolicy()
CLOSED = AddressPolicy(is_private_free=False)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def webhooks(policy: AddressPolicy = OPEN, limit_s: float = 5.0, addresses: tuple[str, ...] = ()) -> HttpWebhooks:
    def resolve(host: str, port: int) -> list[str]:
        del host, port
        return list(addresses)

    if addresses:
        return HttpWebhooks(SystemClock(), policy, resolve, limit_s=limit_s)
    return HttpWebhooks(SystemClock(), policy, limit_s=limit_s)


def test_body_and_headers_arrive_as_they_were_given(receiver: Receiver) -> None:
    body = '{"a":"ü"}'.encode()
    assert webhooks().post(receiver.url, {"Pierhead-Signature": "v1=ab"}, body) == Receipt(204)
    [posted] = receiver.posted
    assert (posted.url, posted.body, posted.headers["pierhead-signature"]) == ("/hook", body, "v1=ab")
    assert posted.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    with Receiver() as elsewhere:
        receiver.status, receiver.headers = status, {"Location": elsewhere.url}
        assert webhooks().post(receiver.url, {}, b"{}") == Receipt(status)
        assert elsewhere.posted == []
    assert len(receiver.posted) == 1


def test_a_refusal_with_a_wish_for_time_is_told(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": "120"}
    assert webhooks().post(receiver.url, {}, b"{}") == Receipt(503, 120.0)


def test_of_a_long_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.status, receiver.body = 200, b"x" * 5_000_000
    sender = webhooks()
    assert sender.post(receiver.url, {}, b"{}") == Receipt(200)
    assert sender.post(receiver.url, {}, b"{}") == Receipt(200)


def test_a_receiver_that_says_nothing_is_left(receiver: Receiver) -> None:
    receiver.hold.clear()
    with pytest.raises(RegistryError):
        webhooks(limit_s=0.2).post(receiver.url, {}, b"{}")


def test_a_body_that_never_ends_does_not_hold_the_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
                done.wait(10)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert webhooks(limit_s=0.6).post(url, {}, b"{}") == Receipt(200)
        done.set()
        thread.join(5)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example.com/",
        "hooks.example.com/x",
        "https://user:pass-word@hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://hooks.example.com/x?token=pass-word",
        "https://hooks.example.com/x?a=1&API_KEY=pass-word",
        "https://hooks.example.com/x?sig=",
        "https://hooks.example.com/x?se%63ret=pass-word",
        "http://hooks.example.com/",
        "https://hooks.example.com/" + "x" * 2048,
        "https://0x7f.1/",
        "https://2130706433/",
        "https://hooks.example.com/\r\nX: y",
        "file:///etc/passwd",
    ],
)
def test_a_url_that_no_webhook_can_have_is_refused_and_not_repeated(url: str) -> None:
    sender = webhooks(CLOSED)
    for ask in (sender.check, lambda text: sender.post(text, {}, b"{}")):
        with pytest.raises(InvalidWebhookError) as caught:
            ask(url)
        assert "pass-word" not in f"{caught.value.message} {caught.value.hint}"


FORBIDDEN = [
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/",
    "https://[fd00:ec2::254]/",
    "https://[::ffff:169.254.169.254]/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://224.0.0.1/",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_what_is_for_nobody_is_refused_whatever_the_server_may_reach(url: str) -> None:
    sender = webhooks(OPEN)
    for ask in (sender.check, lambda text: sender.post(text, {}, b"{}")):
        with pytest.raises(AddressRefusedError):
            ask(url)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://[::1]/", "https://[fc00::1]/"]
)
def test_private_addresses_are_refused_where_the_server_may_not_reach_them(url: str) -> None:
    for ask in (webhooks(CLOSED).check, lambda text: webhooks(CLOSED).post(text, {}, b"{}")):
        with pytest.raises(AddressRefusedError):
            ask(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "10.1.2.3"])
def test_a_name_is_judged_by_what_it_means_when_it_is_sent_to(receiver: Receiver, address: str) -> None:
    url = f"https://harmless.example.com:{receiver.port}/"
    sender = webhooks(CLOSED, addresses=(address,))
    sender.check(url)
    with pytest.raises(AddressRefusedError):
        sender.post(url, {}, b"{}")
    with pytest.raises(AddressRefusedError):
        webhooks(CLOSED, addresses=("1.1.1.1", address)).post(url, {}, b"{}")  # one bad address refuses all
    assert receiver.posted == []


def test_the_server_itself_is_refused_by_its_policy(receiver: Receiver) -> None:
    policy = AddressPolicy(refuses=lambda address, port: (address, port) == ("127.0.0.1", receiver.port))
    with pytest.raises(AppError):
        webhooks(policy).post(receiver.url, {}, b"{}")
    assert receiver.posted == []


def test_a_receiver_that_is_not_there_is_an_error_that_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RegistryError):
        webhooks().post(f"http://127.0.0.1:{port}/", {}, b"{}")
