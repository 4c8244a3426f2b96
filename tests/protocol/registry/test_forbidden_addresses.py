"""Where the server's own worker never goes, whatever connectors, name servers and registries say (G-27, T-F1 to T-F6).

The attempts are made in a network of their own, in which somebody listens on every forbidden address.
"""

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pierhead.protocol.tasks import (
    FailedResult,
    ListTagsTask,
    ReadTagsTask,
    RegistryAccess,
    ResolveTask,
    Task,
    TaskFailure,
    TestConnectionTask,
    TestReport,
)
from pierhead.registry.errors import AddressRefusedError, RegistryError
from pierhead.registry.origin import Origin
from pierhead.registry.transport import Transport
from pierhead.registry.wire.addresses import AddressKind, check_name, kind_of_name
from pierhead.registry.wire.judge import AddressPolicy
from pierhead.server.own_addresses import OwnAddresses, platform_policy
from pierhead.server.settings import Settings
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.forbidden.spellings import SCHEMES, all_hosts
from pierhead.testing.network import is_possible
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry
from pierhead.worker.execute import execute

ANY = re.compile(".*")
DENY = AddressPolicy(is_private_free=False)
in_a_network = pytest.mark.skipif(
    not is_possible() or shutil.which("unshare") is None, reason="network namespaces need root"
)


def attempts(directory: Path, seed: int, count: int, through_the_api: int, *more: str) -> dict[str, Any]:
    program = [sys.executable, "-W", "ignore", "-m", "pierhead.testing.forbidden"]
    words = [str(seed), str(count), str(through_the_api), str(directory), *more]
    done = subprocess.run(
        ["unshare", "--net", "--mount", *program, *words], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def failure(task: Task, transport: Transport) -> TaskFailure:
    result = execute(task, transport=transport)
    assert isinstance(result, FailedResult | TestReport)
    assert result.error is not None
    return result.error


@in_a_network
def test_three_hundred_attempts_end_in_no_connection(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    told = attempts(tmp_path, seed, 260, 40)
    assert (told["forbidden"], told["unexplained"], told["suspects"]) == (0, 0, [])
    assert told["evil"] > 50
    assert all(int(status) < 500 for status in told["statuses"])


@in_a_network
def test_the_same_attempts_arrive_where_nothing_guards_against_them(tmp_path: Path) -> None:
    """Else the test above would show nothing."""
    told = attempts(tmp_path, 1, 150, 0, "unguarded")
    assert told["forbidden"] > 10
    assert {"spelling", "proxy", "rebinding"} <= {suspect.partition(" ")[0] for suspect in told["suspects"]}


def test_no_spelling_of_a_forbidden_address_is_let_through() -> None:
    hosts = all_hosts()
    assert len(hosts) > 150
    for scheme in SCHEMES:
        for host in hosts:
            try:
                origin = Origin.of(f"{scheme}{host}:80/v2/")
                check_name(origin.host)
            except RegistryError:
                continue
            assert origin.host == "8.8.4.4" or kind_of_name(origin.host) not in (None, AddressKind.PUBLIC), host


@pytest.mark.parametrize(
    "ask",
    [
        lambda access: TestConnectionTask(registry=access),
        lambda access: ListTagsTask(registry=access, repository="a/b"),
        lambda access: ResolveTask(registry=access, reference="r.example/a/b:1"),
        lambda access: ReadTagsTask(registry=access, repository="a/b", tags=("1",)),
    ],
)
def test_what_is_refused_answers_alike_whether_somebody_listens_there_or_not(
    registry: ScriptedRegistry, ask: Callable[[RegistryAccess], Any]
) -> None:
    closed = "http://127.0.0.1:1"
    said = []
    for url in (registry.url, closed):
        with Transport(FakeClock(), addresses=DENY) as transport:
            error = failure(ask(RegistryAccess(url=url)), transport)
        said.append((error.code, error.message, error.hint, error.retryable))
    assert said[0] == said[1]
    assert registry.connections == 0


def test_the_refusal_names_both_ways_to_allow_a_private_registry(registry: ScriptedRegistry) -> None:
    with Transport(FakeClock(), addresses=DENY) as transport:
        error = failure(TestConnectionTask(registry=RegistryAccess(url=registry.url)), transport)
    assert error.code == "address-refused"
    assert "allowPrivateAddresses" in error.hint
    assert "PIERHEAD_PRIVATE_ADDRESSES=allow" in error.hint


def test_nothing_is_said_of_allowing_what_nobody_can_allow() -> None:
    access = RegistryAccess(url="http://169.254.169.254")
    with Transport(FakeClock(), addresses=DENY) as transport:
        error = failure(TestConnectionTask(registry=access), transport)
    assert "PIERHEAD" not in error.hint


def test_a_connector_that_is_allowed_private_addresses_reaches_them_and_another_does_not_by_its_connection() -> None:
    with FakeRegistry() as registry, Transport(addresses=DENY) as transport:
        allowed = RegistryAccess(url=registry.url, allow_private=True)
        tests = [TestConnectionTask(registry=access) for access in (allowed, RegistryAccess(url=registry.url))]
        first, second = (execute(test, transport=transport) for test in tests)
    assert first.error is None or first.error.code != "address-refused"
    assert second.error is not None
    assert second.error.code == "address-refused"


def test_a_redirect_of_a_registry_that_is_refused_is_not_even_heard_of() -> None:
    with ScriptedRegistry("127.0.0.66") as inside, ScriptedRegistry() as front, Transport(addresses=DENY) as transport:
        front.whenever("GET", "/v2/a/b/tags/list?n=1000", Reply.redirect(f"{inside.url}/x"))
        task = ListTagsTask(registry=RegistryAccess(url=front.url), repository="a/b")
        assert failure(task, transport).code == "address-refused"
        assert inside.connections == front.connections == 0


def test_a_proxy_may_be_private_by_the_same_rule_only(registry: ScriptedRegistry) -> None:
    access = RegistryAccess(url="http://registry.example", proxy_url=SecretStr(registry.url))
    with Transport(FakeClock(), addresses=DENY) as transport:
        error = failure(ListTagsTask(registry=access, repository="a/b"), transport)
    assert error.code == "address-refused"
    assert registry.connections == 0


def test_a_connection_through_an_allowed_proxy_is_no_way_in_for_others(registry: ScriptedRegistry) -> None:
    inside = "http://127.0.0.9:5000"
    registry.whenever("GET", ANY, Reply.of_json({"name": "a/b", "tags": ["1"]}))
    with Transport(FakeClock(), addresses=DENY) as transport:
        for is_allowed in (True, False):
            access = RegistryAccess(url=inside, proxy_url=SecretStr(registry.url), allow_private=is_allowed)
            result = execute(ListTagsTask(registry=access, repository="a/b", limit=1000), transport=transport)
    assert isinstance(result, FailedResult)
    assert result.error.code == "address-refused"
    assert registry.connections == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost.", "[::ffff:127.0.0.1]", "name.example"])
def test_the_server_itself_is_refused_by_whatever_name_though_private_addresses_are_allowed(host: str) -> None:
    settings = Settings(data=Path("unused"), may_reach_private=True)
    with ScriptedRegistry() as server:
        policy = platform_policy(settings, ("127.0.0.1", server.port))
        with Transport(FakeClock(), addresses=policy, resolve=lambda *_: ["127.0.0.1"]) as transport:
            task = ListTagsTask(registry=RegistryAccess(url=f"http://{host}:{server.port}"), repository="a/b")
            assert failure(task, transport).code == "address-refused"
        assert server.connections == 0


@pytest.mark.parametrize(
    ("bound", "address", "port", "is_refused"),
    [
        ("127.0.0.1", "127.0.0.1", 8411, True),
        ("127.0.0.1", "::ffff:127.0.0.1", 8411, True),
        ("127.0.0.1", "127.0.0.1", 5000, False),
        ("127.0.0.1", "127.0.0.2", 8411, False),
        ("0.0.0.0", "127.0.0.2", 8411, True),
        ("0.0.0.0", "8.8.8.8", 8411, False),
        ("::", "127.0.0.1", 8411, True),
        ("::", "::1", 8411, True),
    ],
)
def test_an_address_is_the_servers_own_when_it_listens_there(
    bound: str, address: str, port: int, is_refused: bool
) -> None:
    assert OwnAddresses(frozenset({(bound, 8411)})).refuses(address, port) is is_refused


def test_a_shared_database_is_refused_as_the_server_is() -> None:
    from pierhead.kit.redact import SecretValue

    url = SecretValue("postgresql://ann:geheim@127.0.0.1:6543/pier")
    policy = platform_policy(Settings(data=Path("unused"), database_url=url, may_reach_private=True), None)
    assert policy.refuses("127.0.0.1", 6543)
    assert not policy.refuses("127.0.0.1", 6544)


def test_a_name_with_one_private_address_among_public_ones_is_refused_before_any_connection() -> None:
    resolve = lambda *_: ["8.8.8.8", "10.0.0.1"]  # noqa: E731
    with Transport(FakeClock(), addresses=DENY, resolve=resolve) as transport:
        task = ListTagsTask(registry=RegistryAccess(url="http://mixed.example"), repository="a/b")
        error = failure(task, transport)
    assert error.code == AddressRefusedError.code
