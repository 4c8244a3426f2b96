"""Whatever a hostile registry says, its listening accomplice never sees a credential."""

import re
import ssl
from collections.abc import Callable, Iterator

import pytest
import trustme

from pierhead.kit.errors import AppError
from pierhead.kit.redact import SecretValue
from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import Anonymous, Endpoint, TlsSettings, UsernamePassword
from pierhead.registry.errors import AddressRefusedError
from pierhead.registry.origin import Origin
from pierhead.registry.transport import Transport
from pierhead.testing.scripted_registry import Received, Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
ANY = re.compile(r".*", re.DOTALL)
SECRETS = (b"s3cret-pass", b"YW5uOnMzY3JldC1wYXNz", b"czNjcmV0LXBhc3M", b"the-token", b"ann")
MANIFEST = "/v2/app/manifests/1"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "127.0.0.66", "localhost").configure_cert(context)
    return context


@pytest.fixture
def attacker() -> Iterator[ScriptedRegistry]:
    """On another address of the loopback, greedy for anything: asks for Basic, then takes what comes."""
    with ScriptedRegistry("127.0.0.66") as attacker:
        attacker.whenever("GET", ANY, greedy).whenever("HEAD", ANY, greedy).whenever("POST", ANY, greedy)
        yield attacker


@pytest.fixture
def tls_attacker(authority: trustme.CA) -> Iterator[ScriptedRegistry]:
    with ScriptedRegistry("127.0.0.66", tls=tls_context(authority)) as attacker:
        attacker.whenever("GET", ANY, greedy).whenever("HEAD", ANY, greedy)
        yield attacker


def greedy(request: Received) -> Reply:
    return Reply.challenge('Basic realm="mine"', f'Bearer realm="http://{request.header("host")}/token",service="x"')


def assert_nothing_leaked(attacker: ScriptedRegistry) -> None:
    for request in attacker.requests:
        assert not any(secret in request.raw for secret in SECRETS), request.raw
        assert request.header("authorization") is None
        assert request.header("cookie") is None


def answer_with_token(registry: ScriptedRegistry, reply: Callable[[Received], Reply]) -> None:
    """A registry that wants tokens from its own realm and then does its worst."""

    def answer(request: Received) -> Reply:
        if request.target.startswith("/token"):
            return Reply.of_json({"token": "the-token"})
        if not (request.header("authorization") or "").startswith("Bearer"):
            return Reply.challenge(f'Bearer realm="{registry.url}/token"')
        return reply(request)

    registry.whenever("GET", ANY, answer).whenever("HEAD", ANY, answer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("work", ["manifest", "resolve", "blob", "tags", "probe"])
def test_redirects_of_every_request_leave_credentials_behind(
    registry, attacker, client_of: ClientOf, blob, described, status: int, work: str
) -> None:
    answer_with_token(registry, lambda _: Reply.redirect(f"{attacker.url}/steal", status))
    client = client_of(registry, user="ann")
    calls: dict[str, Callable[[], object]] = {
        "manifest": lambda: client.get_manifest("app", "1"),
        "resolve": lambda: client.resolve("app", "1"),
        "blob": lambda: client.open_blob("app", described(blob)),
        "tags": lambda: list(client.list_tags("app")),
        "probe": client.probe,
    }
    with pytest.raises(AppError):
        calls[work]()
    assert attacker.requests
    assert_nothing_leaked(attacker)


@pytest.mark.parametrize(
    "realm",
    [
        "{attacker}/token",
        "{attacker}/token?x={registry}",
        "//127.0.0.66:{port}/token",
        "http://169.254.169.254/token",
        "http://{registry_authority}@127.0.0.66:{port}/",
        "http://127.0.0.66:{port}#@{registry_authority}/",
        "http://127.0.0.66:{port}\\@{registry_authority}/",
        "http://127.0.0.66:{port}?@{registry_authority}/",
    ],
)
def test_a_foreign_realm_gets_nothing(registry, attacker, client_of: ClientOf, realm: str) -> None:
    text = realm.format(
        attacker=attacker.url, registry=registry.url, port=attacker.port, registry_authority=registry.authority
    )
    registry.whenever("GET", ANY, Reply.challenge(f'Bearer realm="{text}",service="x"'))
    with pytest.raises(AppError):
        client_of(registry, user="ann").get_manifest("app", "1")
    assert attacker.requests == []


def test_another_port_of_the_same_address_is_another_origin(registry, client_of: ClientOf) -> None:
    with ScriptedRegistry() as neighbour:
        neighbour.whenever("GET", ANY, greedy)
        registry.whenever("GET", ANY, Reply.challenge(f'Bearer realm="{neighbour.url}/token"'))
        with pytest.raises(AppError):
            client_of(registry, user="ann").get_manifest("app", "1")
        assert neighbour.requests == []


def test_a_token_server_that_redirects_away_gets_nothing_carried_along(registry, attacker, client_of: ClientOf) -> None:
    registry.whenever("GET", MANIFEST, Reply.challenge(f'Bearer realm="{registry.url}/token"'))
    registry.whenever("GET", re.compile(r"/token.*"), Reply.redirect(f"{attacker.url}/token"))
    with pytest.raises(AppError):
        client_of(registry, user="ann").get_manifest("app", "1")
    assert_nothing_leaked(attacker)
    assert attacker.requests == []


def test_a_token_server_that_redirects_to_the_metadata_service_gets_no_visit(registry, client_of: ClientOf) -> None:
    registry.whenever("GET", MANIFEST, Reply.challenge(f'Bearer realm="{registry.url}/token"'))
    registry.whenever("GET", re.compile(r"/token.*"), Reply.redirect("http://169.254.169.254/latest/"))
    for user in (None, "ann"):
        with pytest.raises(AppError):
            client_of(registry, user=user).get_manifest("app", "1")


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.5", "fd00:ec2::254", "0.0.0.0", "::ffff:10.0.0.5"])
@pytest.mark.parametrize("user", [None, "ann"])
def test_a_trusted_realm_at_an_address_of_another_kind_is_not_visited(registry, clock, address: str, user) -> None:
    """The name is of the same owner; where it leads to is not for us, whoever controls the name."""
    where = {"registry.example.com": ["127.0.0.1"], "auth.example.com": [address]}
    credential = Anonymous() if user is None else UsernamePassword(user, SecretValue("s3cret-pass"))
    endpoint = Endpoint(Origin("http", "registry.example.com", registry.port), credential)
    registry.whenever("GET", MANIFEST, Reply.challenge('Bearer realm="http://auth.example.com/token"'))
    with Transport(clock, resolve=lambda host, _: where[host]) as transport, pytest.raises(AddressRefusedError):
        RegistryClient(endpoint, transport).get_manifest("app", "1")


def test_a_next_page_on_another_host_is_not_visited(registry, attacker, client_of: ClientOf) -> None:
    page = Reply.of_json({"tags": ["1"]}, headers={"Link": f'<{attacker.url}/v2/app/tags/list?last=1>; rel="next"'})
    answer_with_token(registry, lambda _: page)
    with pytest.raises(AppError):
        list(client_of(registry, user="ann").list_tags("app"))
    assert attacker.requests == []


def test_no_way_leads_from_https_to_http(
    authority: trustme.CA, attacker, blob, described, transport: Transport, endpoint_of
) -> None:
    with ScriptedRegistry(tls=tls_context(authority)) as registry:
        settings = TlsSettings(ca_pem=authority.cert_pem.bytes().decode())
        client = RegistryClient(endpoint_of(registry, "ann", tls=settings), transport)
        for reply in (
            Reply.redirect(f"{attacker.url}/x"),
            Reply.challenge(f'Bearer realm="{attacker.url}/token"'),
            Reply.challenge(f'Bearer realm="http://{registry.authority}/token"'),
        ):
            registry.expect("GET", MANIFEST, reply)
            with pytest.raises(AppError):
                client.get_manifest("app", "1")
        registry.expect("GET", f"/v2/app/blobs/{described(blob).digest}", Reply.redirect(f"{attacker.url}/x"))
        with pytest.raises(AppError):
            client.open_blob("app", described(blob))
    assert attacker.requests == []


def test_a_listed_realm_is_not_followed_down_to_http_either(authority, attacker, transport, endpoint_of) -> None:
    with ScriptedRegistry(tls=tls_context(authority)) as registry:
        settings = TlsSettings(ca_pem=authority.cert_pem.bytes().decode())
        endpoint = endpoint_of(registry, "ann", tls=settings, trusted_realm_hosts=frozenset({attacker.authority}))
        registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{attacker.url}/token"'))
        with pytest.raises(AppError):
            RegistryClient(endpoint, transport).get_manifest("app", "1")
    assert attacker.requests == []


def test_a_client_certificate_is_not_shown_to_storage(
    authority: trustme.CA, transport, endpoint_of, blob, described
) -> None:
    asking = tls_context(authority)
    asking.verify_mode = ssl.CERT_OPTIONAL
    authority.configure_trust(asking)
    shown: list[object] = []
    certificate = authority.issue_cert("client.test")
    settings = TlsSettings(
        ca_pem=authority.cert_pem.bytes().decode(),
        client_certificate_pem=certificate.private_key_and_cert_chain_pem.bytes().decode(),
    )
    with ScriptedRegistry(tls=asking) as registry, _Watched("127.0.0.66", tls=asking, shown=shown) as storage:
        registry.expect("GET", f"/v2/app/blobs/{described(blob).digest}", Reply.redirect(f"{storage.url}/x"))
        storage.expect("GET", "/x", Reply(200, blob))
        RegistryClient(endpoint_of(registry, "ann", tls=settings), transport).get_blob("app", described(blob), 1 << 20)
    assert shown == [None]


class _Watched(ScriptedRegistry):
    """Notes the certificate each client shows."""

    def __init__(self, host: str, *, tls: ssl.SSLContext, shown: list[object]) -> None:
        super().__init__(host, tls=tls)
        self._shown = shown

    def _play(self, sock: ssl.SSLSocket, request: Received) -> bool:  # type: ignore[override]
        self._shown.append(sock.getpeercert() or None)
        return super()._play(sock, request)


def test_a_tls_failure_is_never_tried_again_without_tls(attacker, transport: Transport, endpoint_of) -> None:
    endpoint = endpoint_of(attacker, "ann")
    secure = Endpoint(Origin("https", endpoint.origin.host, endpoint.origin.port), endpoint.credential)
    with pytest.raises(AppError):
        RegistryClient(secure, transport).get_manifest("app", "1")
    assert attacker.requests == []


def test_errors_show_neither_password_nor_token(registry, client_of: ClientOf) -> None:
    def echo(request: Received) -> Reply:
        return Reply.error(403, "DENIED", f"you sent {request.header('authorization')} and s3cret-pass")

    answer_with_token(registry, echo)
    with pytest.raises(AppError) as caught:
        client_of(registry, user="ann").get_manifest("app", "1")
    shown = f"{caught.value} {caught.value.hint} {caught.value.exchange!r}"
    assert not any(secret.decode() in shown for secret in SECRETS[:4])
