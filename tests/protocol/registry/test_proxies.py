"""Proxies: only those of the connector, by CONNECT for https, and their credentials only to them."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme

from pierhead.kit.redact import SecretValue
from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import ProxySettings, TlsSettings
from pierhead.registry.errors import AddressRefusedError, ProxyRefusedError
from pierhead.registry.transport import Transport
from pierhead.testing.scripted_registry import Received, Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
MANIFEST = "/v2/app/manifests/1"
USER = ProxySettings("http://127.0.0.1:1", username="paul", password=SecretValue("proxy-pass"))
PROXY_BASIC = "Basic cGF1bDpwcm94eS1wYXNz"


class Tunnel(ScriptedRegistry):
    """A proxy that takes CONNECT and passes bytes on."""

    def _play(self, sock: socket.socket, request: Received) -> bool:
        if request.method != "CONNECT":
            return super()._play(sock, request)
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = request.target.rpartition(":")
        with socket.create_connection((host, int(port))) as upstream:
            back = threading.Thread(target=_copy, args=(upstream, sock), daemon=True)
            back.start()
            _copy(sock, upstream)
            back.join(10)
        return False


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def proxy() -> Iterator[Tunnel]:
    with Tunnel("127.0.0.3") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[ScriptedRegistry]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedRegistry(tls=context) as registry:
        yield registry


def with_user(proxy: ScriptedRegistry) -> ProxySettings:
    return ProxySettings(proxy.url, username="paul", password=SecretValue("proxy-pass"))


def test_plain_http_goes_through_in_absolute_form(registry, proxy, client_of: ClientOf, manifest) -> None:
    proxy.expect("GET", f"{registry.url}{MANIFEST}", manifest.reply())
    client_of(registry, user="ann", proxy=with_user(proxy)).get_manifest("app", "1")
    (request,) = proxy.requests
    assert request.header("host") == registry.authority
    assert request.header("proxy-authorization") == PROXY_BASIC
    assert registry.requests == []


def test_https_goes_through_a_tunnel_that_the_proxy_cannot_read(
    secure, proxy, authority, endpoint_of, manifest
) -> None:
    secure.expect("GET", MANIFEST, Reply.challenge('Basic realm="x"')).expect("GET", MANIFEST, manifest.reply())
    endpoint = endpoint_of(secure, "ann", proxy=with_user(proxy), tls=TlsSettings(authority.cert_pem.bytes().decode()))
    with Transport() as transport:
        RegistryClient(endpoint, transport).get_manifest("app", "1")
    (connect,) = proxy.requests
    assert str(connect) == f"CONNECT {secure.authority}"
    assert connect.header("proxy-authorization") == PROXY_BASIC
    assert connect.header("authorization") is None
    assert all(request.header("proxy-authorization") is None for request in secure.requests)


@pytest.mark.parametrize("status", [407, 403, 502])
def test_a_proxy_that_refuses_is_named(secure, endpoint_of, status: int) -> None:
    with ScriptedRegistry() as proxy:
        proxy.expect("CONNECT", secure.authority, Reply(status))
        endpoint = endpoint_of(secure, proxy=ProxySettings(proxy.url))
        with Transport() as transport, pytest.raises(ProxyRefusedError, match=str(status)) as caught:
            RegistryClient(endpoint, transport).get_manifest("app", "1")
    assert "proxy" in caught.value.hint
    assert secure.requests == []


@pytest.mark.parametrize("no_proxy", [("*",), ("127.0.0.1",), ("127.0.0.0/8",), ("other.test", "{authority}")])
def test_no_proxy_leads_around_it(registry, proxy, client_of: ClientOf, manifest, no_proxy: tuple[str, ...]) -> None:
    registry.expect("GET", MANIFEST, manifest.reply())
    entries = tuple(entry.format(authority=registry.authority) for entry in no_proxy)
    client_of(registry, proxy=ProxySettings(proxy.url, entries)).get_manifest("app", "1")
    assert proxy.requests == []


def test_proxies_of_the_environment_are_ignored(registry, proxy, client_of: ClientOf, manifest, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    registry.expect("GET", MANIFEST, manifest.reply())
    client_of(registry).get_manifest("app", "1")
    assert proxy.requests == []


def test_connections_of_different_proxy_users_are_not_shared(registry, proxy, client_of: ClientOf, manifest) -> None:
    proxy.whenever("GET", re.compile(".*"), manifest.reply())
    for password in ("one", "two"):
        settings = ProxySettings(proxy.url, username="paul", password=SecretValue(password))
        client_of(registry, proxy=settings).get_manifest("app", "1")
    assert proxy.connections == 2


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/x", "http://metadata.google.internal/x", "http://10.1.2.3/x"]
)
def test_a_redirect_through_a_proxy_is_judged_as_well(registry, proxy, client_of: ClientOf, location: str) -> None:
    proxy.expect("GET", f"{registry.url}{MANIFEST}", Reply.redirect(location))
    with pytest.raises(AddressRefusedError):
        client_of(registry, proxy=ProxySettings(proxy.url)).get_manifest("app", "1")
