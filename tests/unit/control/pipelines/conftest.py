"""Connectors, the shipped catalogue and a way to plan a document against them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pierhead.control.catalogue import Catalogue, Infra, Pin
from pierhead.control.connectors import (
    AnonymousAuth,
    Connector,
    DockerRegistrySpec,
    ProviderType,
    UsernamePasswordAuth,
)
from pierhead.control.pipelines import Pipeline, Plan, parse_pipeline, resolve
from pierhead.control.scopes import Scope, ScopedReference

NOW = datetime(2026, 1, 5, tzinfo=UTC)
PASSWORD = UsernamePasswordAuth(ScopedReference.parse("account.password"), username="robot")

Connect = Callable[..., Connector]
Planner = Callable[..., Plan]


@pytest.fixture
def connect() -> Connect:
    """A connector: ``connect("mirror", url, credentials=True, scope=...)``."""

    def make(identifier: str, url: str, *, credentials: bool = False, scope: Scope | None = None) -> Connector:
        spec = DockerRegistrySpec(url, ProviderType.OTHER, PASSWORD if credentials else AnonymousAuth())
        return Connector(identifier, scope or Scope("acc"), identifier, identifier, "", {}, spec, 1, NOW, NOW)

    return make


@pytest.fixture
def connectors(connect: Connect) -> tuple[Connector, ...]:
    return (
        connect("harnessImage", "https://index.docker.io/v2/"),
        connect("mirror", "https://mirror.corp:5000/ci", credentials=True),
        connect("hub", "https://registry.hub.docker.com", credentials=True),
        connect("plain", "http://plain.corp:5000", credentials=True),
    )


@pytest.fixture
def plan(connectors: tuple[Connector, ...]) -> Planner:
    """The plan of a document (text or Pipeline); ``there`` are the connectors, ``pins`` maps fields to images."""

    def make(
        document: str | Pipeline,
        *,
        there: tuple[Connector, ...] = connectors,
        pins: dict[str, str] | None = None,
        infra: Infra = Infra.K8,
        stages: tuple[str, ...] = (),
        line: str | None = None,
    ) -> Plan:
        rows = {(each.scope, each.identifier): each for each in there}
        pinned = tuple(Pin("acc", infra, field, value, NOW, "ada") for field, value in (pins or {}).items())
        return resolve(
            parse_pipeline(document) if isinstance(document, str) else document,
            scope=Scope("acc", "default", "shop"),
            find_connector=lambda scope, identifier: rows.get((scope, identifier)),
            catalogue=Catalogue.load(),
            pins={infra: pinned},
            stages=stages,
            line=line,
        )

    return make


@pytest.fixture
def stage() -> Callable[..., str]:
    """A document of one stage; ``infra`` are lines of the Kubernetes spec, ``steps`` items of the list of steps."""

    def make(*steps: str, infra: str = "", spec: str = "", clone: bool = False) -> str:
        listed = "\n".join(f"          - step: {{identifier: s{index}, {step}}}" for index, step in enumerate(steps))
        return (
            "stages:\n  - stage:\n      identifier: build\n      type: CI\n      spec:\n"
            f"        cloneCodebase: {str(clone).lower()}\n"
            + (f"        {spec}\n" if spec else "")
            + (
                ""
                if "infrastructure:" in spec or "runtime:" in spec
                else "        infrastructure:\n          type: KubernetesDirect\n"
                f"          spec: {{connectorRef: account.cluster, namespace: builds{', ' + infra if infra else ''}}}\n"
            )
            + ("        execution:\n          steps:\n" + listed if steps else "        execution: {steps: []}")
            + "\n"
        )

    return make


@pytest.fixture
def example() -> Callable[[str], str]:
    folder = Path(__file__).parents[4] / "examples"
    return lambda name: (folder / f"{name}.yaml").read_text("utf-8")
