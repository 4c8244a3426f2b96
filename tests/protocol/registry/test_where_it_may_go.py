"""A delegate's own list holds for every host that the client is led to: nothing is sent to those that are not on it."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pierhead
from pierhead.delegate.allow_list import AllowList
from pierhead.delegate.errors import RegistryNotAllowedError
from pierhead.protocol.tasks import RegistryAccess
from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import Endpoint, ProxySettings
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry
from pierhead.worker.connection_test import run_connection_test
from pierhead.worker.reach import unreachable

MANIFEST = "/v2/app/manifests/1"
ANY = re.compile(r".*", re.DOTALL)

ListedOf = Callable[..., RegistryClient]


@pytest.fixture
def other() -> Iterator[ScriptedRegistry]:
    """On another address of the loopback; takes whatever comes."""
    with ScriptedRegistry("127.0.0.66") as other:
        other.whenever("GET", ANY, Reply.of_json({"token": "t"})).whenever("CONNECT", ANY)
        yield other


@pytest.fixture
def listed_of(endpoint_of) -> Iterator[ListedOf]:
    """A client for a registry, with these on the list."""
    opened: list[Transport] = []

    def make(registry: ScriptedRegistry, *listed: str, user: str | None = "ann", **settings: object) -> RegistryClient:
        judge = AllowList(listed).check
        opened.append(Transport(FakeClock(), rng=random.Random(1), judge=judge))
        return RegistryClient(endpoint_of(registry, user, **settings), opened[-1])

    yield make
    for each in opened:
        each.close()


def refused(client: RegistryClient, place: str) -> None:
    with pytest.raises(RegistryNotAllowedError) as caught:
        client.get_manifest("app", "1")
    assert place in caught.value.message
    assert f"--allow-registry {place}" in caught.value.hint


def test_a_registry_that_is_not_listed_gets_no_connection(registry, listed_of: ListedOf) -> None:
    refused(listed_of(registry, "registry.corp"), registry.authority)
    assert registry.connections == 0


def test_no_name_is_looked_up_for_a_host_that_is_not_listed(endpoint_of, registry) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    endpoint = Endpoint.for_url("https://stolen-data.evil.example")
    with Transport(resolve=resolve, judge=AllowList(("a.corp",)).check) as transport:
        refused(RegistryClient(endpoint, transport), "stolen-data.evil.example:443")


def test_a_token_server_that_is_not_listed_gets_no_credentials_though_the_order_trusts_it(
    registry, other, listed_of: ListedOf
) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{other.url}/token"'))
    trusted = frozenset({other.authority})
    refused(listed_of(registry, registry.authority, trusted_realm_hosts=trusted), other.authority)
    assert other.connections == 0


def test_a_listed_token_server_does_not_lead_to_one_that_is_not(registry, other, listed_of: ListedOf) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{registry.url}/token"'))
    registry.expect("GET", "/token?scope=repository:app:pull", Reply.redirect(f"{other.url}/token"))
    trusted = frozenset({other.authority})
    refused(listed_of(registry, registry.authority, trusted_realm_hosts=trusted), other.authority)
    assert other.connections == 0


def test_a_redirect_to_what_is_not_listed_is_not_followed(registry, other, listed_of: ListedOf) -> None:
    registry.expect("GET", MANIFEST, Reply.redirect(f"{other.url}/x"))
    refused(listed_of(registry, registry.authority), other.authority)
    assert other.connections == 0


def test_a_proxy_that_is_not_listed_gets_neither_request_nor_its_own_password(
    registry, other, listed_of: ListedOf
) -> None:
    client = listed_of(registry, registry.authority, proxy=ProxySettings.parse(f"http://p:pw@{other.authority}"))
    refused(client, other.authority)
    assert other.connections == registry.connections == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_listed_proxy_is_not_asked_for_what_is_not_listed(other, listed_of: ListedOf, scheme: str) -> None:
    endpoint = Endpoint.for_url(f"{scheme}://elsewhere.example:5000", proxy=ProxySettings(other.url))
    with Transport(judge=AllowList((other.authority,)).check) as transport:
        refused(RegistryClient(endpoint, transport), "elsewhere.example:5000")
    assert other.connections == 0


def test_a_realm_behind_a_listed_proxy_is_judged_as_well(registry, other, listed_of: ListedOf) -> None:
    other.expect("GET", f"{registry.url}{MANIFEST}", Reply.challenge('Bearer realm="http://realm.example/token"'))
    proxy, trusted = ProxySettings(other.url), frozenset({"realm.example"})
    listed = (registry.authority, other.authority)
    refused(listed_of(registry, *listed, proxy=proxy, trusted_realm_hosts=trusted), "realm.example:80")
    assert len(other.requests) == 1
    assert other.authorizations() == [None]


def test_what_is_listed_is_gone_to_token_server_and_proxy_included(
    registry, other, listed_of: ListedOf, manifest
) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{other.url}/token"'))
    registry.expect("GET", MANIFEST, manifest.reply())
    trusted = frozenset({other.authority})
    listed_of(registry, "127.0.0.1:*", other.authority, trusted_realm_hosts=trusted).get_manifest("app", "1")
    assert other.authorizations() == ["Basic YW5uOnMzY3JldC1wYXNz"]


def test_the_look_before_a_task_connects_to_nothing_that_is_not_listed(other) -> None:
    judge = AllowList(("a.corp",)).check
    ways = (RegistryAccess(url=other.url), RegistryAccess(url="https://a.corp", proxy_url=other.url))
    found = unreachable(ways, judge=judge)
    assert {(each.origin, each.code) for each in found} == {
        (other.url, "registry-not-allowed"),
        ("https://a.corp", "registry-not-allowed"),
    }
    assert other.connections == 0


def test_a_connection_test_ends_before_its_first_step_and_says_where_to_list_it(registry, endpoint_of) -> None:
    with Transport(judge=AllowList(("a.corp",)).check) as transport:
        report = run_connection_test(endpoint_of(registry), transport)
    assert report.error is not None
    assert (report.error.code, report.error.category) == ("registry-not-allowed", "denied")
    assert f"--allow-registry {registry.authority}" in report.error.hint
    assert registry.connections == 0


def test_sockets_are_opened_where_a_judge_was_asked_before() -> None:
    """Who dials anew must ask as well; the delegate's own link goes to its one server."""
    root = Path(pierhead.__file__).parent
    dialling = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if "Dialer(" in path.read_text()}
    assert dialling == {
        "registry/wire/client.py",
        "worker/connection_test/reach.py",
        "delegate/connection.py",
    }
