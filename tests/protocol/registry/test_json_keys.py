"""A whole JSON document as the password (user name _json_key): quotes, line ends and all arrive as they were."""

import base64
import json
from collections.abc import Callable

import pytest

from pierhead.kit.redact import SecretValue
from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import Endpoint, UsernamePassword
from pierhead.registry.origin import Origin
from pierhead.registry.transport import Transport
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry

MANIFEST = "/v2/app/manifests/1"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIE\n\"quoted\": 'é' \\ : =\n-----END PRIVATE KEY-----\n"
KEY = json.dumps({"type": "service_account", "private_key": PEM, "client_email": "ci@example.com"}, indent=2) + "\n"


@pytest.fixture
def client(registry: ScriptedRegistry, transport: Transport) -> RegistryClient:
    credential = UsernamePassword("_json_key", SecretValue(KEY))
    return RegistryClient(Endpoint(Origin.of(registry.url), credential), transport)


def shown(header: str | None) -> tuple[str, str]:
    assert header is not None
    name, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return name, password


def test_it_arrives_intact_at_the_token_server(registry, client, manifest) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{registry.url}/v2/token",service="r"'))
    registry.expect("GET", "/v2/token?service=r&scope=repository:app:pull", Reply.of_json({"token": "t"}))
    registry.expect("GET", MANIFEST, manifest.reply())
    client.get_manifest("app", "1")
    assert shown(registry.requests[1].header("authorization")) == ("_json_key", KEY)
    assert registry.authorizations()[-1] == "Bearer t"


def test_it_arrives_intact_at_a_registry_that_asks_for_basic(registry, client, manifest) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge('Basic realm="r"')).expect("GET", MANIFEST, manifest.reply())
    client.get_manifest("app", "1")
    assert shown(registry.requests[1].header("authorization")) == ("_json_key", KEY)


def test_a_refusal_that_repeats_it_does_not_show_it(registry: ScriptedRegistry, client: Callable[..., object]) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge('Basic realm="r"'))
    registry.expect("GET", MANIFEST, Reply(401, KEY.encode(), {"WWW-Authenticate": 'Basic realm="r"'}))
    with pytest.raises(Exception) as refusal:
        client.get_manifest("app", "1")  # type: ignore[attr-defined]
    assert "MIIE" not in f"{refusal.value} {getattr(refusal.value, 'exchange', '')!r}"
