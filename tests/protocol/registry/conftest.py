"""A client on a clock that no test waits for, and a few words to write scripts with."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pierhead.kit.redact import SecretValue
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.endpoint import Anonymous, Endpoint, UsernamePassword
from pierhead.registry.origin import Origin
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PASSWORD = "s3cret-pass"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def transport(clock: FakeClock) -> Iterator[Transport]:
    with Transport(clock, rng=random.Random(1)) as transport:
        yield transport


@pytest.fixture
def registry() -> Iterator[ScriptedRegistry]:
    with ScriptedRegistry() as registry:
        yield registry


@pytest.fixture
def endpoint_of() -> Callable[..., Endpoint]:
    """``user`` gives it credentials; other settings are those of Endpoint."""

    def make(registry: ScriptedRegistry, user: str | None = None, **settings: Any) -> Endpoint:
        credential = Anonymous() if user is None else UsernamePassword(user, SecretValue(PASSWORD))
        return Endpoint(Origin.of(registry.url), credential, **{"connector": "account.test", **settings})

    return make


@pytest.fixture
def client_of(transport: Transport, endpoint_of: Callable[..., Endpoint]) -> Callable[..., RegistryClient]:
    def make(
        registry: ScriptedRegistry, user: str | None = None, call: CallContext | None = None, **settings: Any
    ) -> RegistryClient:
        return RegistryClient(endpoint_of(registry, user, **settings), transport, call)

    return make


class Manifest:
    """A small manifest and the answers a registry gives for it."""

    def __init__(self, text: str = "") -> None:
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": str(Digest.of(b"{}")), "size": 2}
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config,
            "layers": [],
            "annotations": {"text": text},
        }
        self.raw = json.dumps(document).encode()
        self.digest = Digest.of(self.raw)
        self.headers = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": str(self.digest)}

    def reply(self, **headers: str) -> Reply:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply(200, self.raw, {**self.headers, **more})


@pytest.fixture
def manifest() -> Manifest:
    return Manifest()


@pytest.fixture
def blob() -> bytes:
    return bytes(range(256)) * 40


@pytest.fixture
def described() -> Callable[[bytes], Descriptor]:
    return lambda data: Descriptor("application/octet-stream", Digest.of(data), len(data))
