"""Which registries cannot be connected to: name, port, TLS, proxy; nothing about credentials."""

import socket
import threading
import time

import pytest
import trustme

from pierhead.protocol.tasks import CopyImage, CopyTask, ListTagsTask, PullImage, PullTask, RegistryAccess
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry
from pierhead.worker.access import accesses_of
from pierhead.worker.cancel import CancelToken
from pierhead.worker.reach import unreachable


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def silent():
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def test_each_way_to_fail_has_its_code(closed_port, fake):
    accesses = [
        RegistryAccess(url="https://no-such-registry.invalid"),
        RegistryAccess(url=closed_port),
        RegistryAccess(url="http://169.254.169.254"),
        RegistryAccess(url=f"https://{fake.host}"),
        RegistryAccess(url="http://registry.example", proxy_url=closed_port),
    ]
    found = {each.origin: each.code for each in unreachable(accesses)}
    assert found == {
        "https://no-such-registry.invalid": "name-not-resolved",
        closed_port: "connect-refused",
        "http://169.254.169.254": "address-refused",
        f"https://{fake.host}": "tls-failed",
        "http://registry.example": "connect-refused",
    }


def test_a_certificate_that_is_not_trusted_is_no_way(fake):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FakeRegistry(tls=context) as secure:
        (found,) = unreachable([RegistryAccess(url=secure.url)])
        assert found.code == "tls-failed"
        ca_pem = authority.cert_pem.bytes().decode()
        assert unreachable([RegistryAccess(url=secure.url, ca_pem=ca_pem)]) == ()


def test_who_would_be_refused_is_reached_all_the_same():
    with FakeRegistry(BasicLogin({"robot": "right"})) as fake:
        assert unreachable([RegistryAccess(url=fake.url)]) == ()
        assert fake.requests == ()


def test_silence_ends_after_the_time_given(silent):
    began = time.monotonic()
    (found,) = unreachable([RegistryAccess(url=silent)], timeout_s=0.6)
    assert found.code == "registry-timeout"
    assert time.monotonic() - began < 3


def test_a_cancel_ends_it_and_finds_nothing():
    cancel = CancelToken()
    cancel.cancel()
    assert unreachable([RegistryAccess(url="https://no-such-registry.invalid")], cancel=cancel) == ()


def test_only_the_origins_asked_for_are_tried(fake, closed_port):
    accesses = [RegistryAccess(url=fake.url), RegistryAccess(url=closed_port)]
    assert unreachable(accesses, only=[fake.url]) == ()
    assert [each.origin for each in unreachable(accesses, only=[closed_port])] == [closed_port]


def test_what_is_no_address_is_left_to_the_task():
    assert unreachable([RegistryAccess(url="ftp://x"), RegistryAccess(url="http://x", username="half")]) == ()


def test_many_are_tried_at_once(silent):
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"https://localhost:{other.getsockname()[1]}"
        began = time.monotonic()
        found = unreachable([RegistryAccess(url=silent), RegistryAccess(url=url)], timeout_s=1.0)
    assert len(found) == 2
    assert time.monotonic() - began < 2
    assert threading.active_count() < 50


def test_every_registry_of_a_task_is_known():
    here, there = RegistryAccess(url="https://a.example"), RegistryAccess(url="https://b.example")
    copy = CopyImage(key="k", source="a/b:1", target="c/d:1", from_registry=here, to_registry=there)
    pull = PullImage(key="k", reference="a/b:1", registry=here)
    assert accesses_of(CopyTask(images=(copy, copy))) == (here, there)
    assert accesses_of(PullTask(images=(pull, pull))) == (here,)
    assert accesses_of(ListTagsTask(registry=there, repository="x")) == (there,)


def test_a_registry_is_known_by_the_name_the_task_gives_it(monkeypatch) -> None:
    asked: list[str] = []

    def nowhere(host: str, port: int) -> list[str]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr("pierhead.worker.connection_test.reach.system_resolve", nowhere)

    (found,) = unreachable([RegistryAccess(url="https://docker.io")], only={"https://docker.io"})

    assert found.origin == "https://docker.io"
    assert asked == ["registry-1.docker.io"]
