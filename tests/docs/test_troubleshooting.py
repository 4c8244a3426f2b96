"""Every failure that the troubleshooting guide shows is brought about for real, and is told as the guide shows it."""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from pierhead.control.connectors import parse_connector
from pierhead.control.secrets import SecretDraft
from pierhead.demo.content import PIPELINE, demo_images
from pierhead.kit.redact import SecretValue
from pierhead.server.bootstrap import Application, open_application
from pierhead.server.settings import Settings
from pierhead.testing.fake_registry import BasicLogin, BlobFault, FakeRegistry, Scripted, Then, TokenLogin
from pierhead.testing.registry_access import Login

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/troubleshooting.md"
SHOWN = re.findall(r"^```text (\w+)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
PATIENCE_S = 60
USER, PASSWORD = "builder", "right"
MANIFEST = "/manifests/1.16.92"
NAMES = ("registry.example.com", "auth.example.net")


@dataclass
class World:
    """A Pierhead whose connector ``mirror`` leads to what a failure needs."""

    application: Application
    stack: ExitStack
    hosts: list[str] = field(default_factory=list)

    def registry(self, login: Login | None = None, *, tls: bool = False, rate_limit: int | None = None) -> FakeRegistry:
        context = _certificate() if tls else None
        registry = self.stack.enter_context(FakeRegistry(login, tls=context, rate_limit=rate_limit))
        demo_images().push(registry.add)
        self.hosts.append(registry.host)
        return registry

    def answering(self, status: int, code: str = "", message: str = "") -> FakeRegistry:
        """A registry that answers so whatever manifest it is asked for."""
        registry = self.registry()
        body = f'{{"errors":[{{"code":"{code}","message":"{message}"}}]}}'.encode() if code else b""
        registry.faults.script(Scripted("HEAD", MANIFEST, status, times=99))
        registry.faults.script(Scripted("GET", MANIFEST, status, body, times=99))
        return registry

    def with_blob_fault(self, then: Then, after_bytes: int) -> FakeRegistry:
        """The base layer that all images share never arrives as it should."""
        registry = self.registry()
        blobs = [pair for each in demo_images().images.values() for pair in each.blobs.items()]
        base, _ = max(blobs, key=lambda pair: len(pair[1]) if isinstance(pair[1], bytes) else 0)
        registry.faults.hit_blob(base, BlobFault(then, after_bytes=after_bytes, times=99))
        return registry

    def connector(self, url: str, password: str | None = None, **more: object) -> None:
        auth: dict[str, object] = {"type": "Anonymous"}
        if password is not None:
            draft = SecretDraft(self.application.scope, "mirrorToken", "token", SecretValue(password))
            self.application.secrets.create(draft)
            auth = {"type": "UsernamePassword", "spec": {"username": USER, "passwordRef": "account.mirrorToken"}}
        spec = {"dockerRegistryUrl": url, "providerType": "Other", "auth": auth, "allowPrivateAddresses": True}
        spec |= more
        body = {"identifier": "mirror", "name": "mirror", "type": "DockerRegistry", "spec": spec}
        self.application.connectors.create(parse_connector(body, self.application.account.id))

    def failure(self, infrastructure: str) -> dict[str, str]:
        """What a run says of ci-addon; ``infrastructure`` is one more line of the stage's."""
        text = PIPELINE.replace("account.mirror   #", f"account.mirror\n              {infrastructure} #")
        run = self.application.runs.initialize(text.encode(), self.application.scope, "test", ("scan",))
        with self.application.runs.changes(run.id) as bell:
            seen = -1  # it may have changed before there was a bell
            while not run.state.is_final:
                bell.wait(seen, PATIENCE_S)
                seen = bell.count
                run = self.application.runs.get(run.account, run.id)
        told = next(image.facts.failure for image in run.images if image.facts.failure)
        exchange = told.exchange or {}
        answer = exchange.get("status") or "no answer"
        said = f"{exchange.get('method')} {exchange.get('url')} -> {answer}"
        return {"cause": told.message, "code": told.code, "exchange": said, "remedy": told.hint}

    def as_in_the_guide(self, text: str) -> str:
        for host, name in zip(self.hosts, NAMES, strict=False):
            text = text.replace(f"http://{host}", f"https://{name}").replace(host, name)
        return text.replace("127.0.0.1", NAMES[0])


def _certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def missing_tag(world: World) -> None:
    world.connector(world.answering(404, "MANIFEST_UNKNOWN", "manifest unknown").url)


def private(world: World) -> None:
    world.connector(world.registry(BasicLogin({USER: PASSWORD})).url)


def wrong_password(world: World) -> None:
    world.connector(world.registry(BasicLogin({USER: PASSWORD})).url, "another one")


def denied(world: World) -> None:
    world.connector(world.answering(403, "DENIED", "requested access to the resource is denied").url, PASSWORD)


def foreign_realm(world: World) -> None:
    login = TokenLogin({USER: PASSWORD})
    registry, tokens = world.registry(login), world.registry(login)
    registry.door = tokens.door
    world.connector(registry.url, PASSWORD)


def rate_limit(world: World) -> None:
    registry = world.registry(rate_limit=1)
    registry.rate.retry_after = "21600"
    world.connector(registry.url)


def no_name(world: World) -> None:
    world.connector("https://registry.invalid")


def refused(world: World) -> None:
    registry = world.registry()
    registry.stop()
    world.connector(registry.url)


def proxy_refused(world: World) -> None:
    world.connector(world.registry(tls=True).url, proxyUrl=world.registry().url)


def unknown_authority(world: World) -> None:
    world.connector(world.registry(tls=True).url)


def no_tls(world: World) -> None:
    world.connector(world.registry().url.replace("http:", "https:"))


def timeout(world: World) -> str:
    world.connector(world.with_blob_fault(Then.HOLD, after_bytes=100_000).url)
    return "initTimeout: 3s"


def trouble(world: World) -> None:
    world.connector(world.answering(503).url)


def wrong_bytes(world: World) -> None:
    world.connector(world.with_blob_fault(Then.FLIP, after_bytes=100).url)


def no_platform(world: World) -> str:
    world.connector(world.registry().url)
    return "nodeSelector: {kubernetes.io/arch: s390x}"


def never(world: World) -> str:
    world.connector(world.registry().url)
    return "imagePullPolicy: Never"


def no_connector(world: World) -> None:
    """There is none."""


def metadata(world: World) -> None:
    world.connector("http://169.254.169.254")


def private_network(world: World) -> None:
    world.connector("https://10.0.0.5", allowPrivateAddresses=False)


SCENARIOS: dict[str, Callable[[World], str | None]] = {
    scenario.__name__: scenario
    for scenario in (
        *(missing_tag, private, wrong_password, denied, foreign_realm, rate_limit, no_name, refused, proxy_refused),
        *(unknown_authority, no_tls, timeout, trouble, wrong_bytes, no_platform, never, no_connector, private_network),
        metadata,
    )
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        application = open_application(Settings(data=tmp_path / "data"))
        stack.callback(application.close)
        yield World(application, stack)


@pytest.mark.parametrize(("scenario", "shown"), SHOWN, ids=[name for name, _ in SHOWN])
def test_a_failure_is_told_as_the_guide_shows_it(world: World, scenario: str, shown: str) -> None:
    told = world.failure(SCENARIOS[scenario](world) or "")
    for line in shown.splitlines():
        name, text = line.split(maxsplit=1)
        assert _steady(text) == _steady(world.as_in_the_guide(told[name])), name


def test_the_guide_leaves_no_scenario_out() -> None:
    assert [name for name, _ in SHOWN] == list(SCENARIOS)


def _steady(text: str) -> str:
    """Who waits behind another one's 429 is told how long that wait still is."""
    return re.sub(r"(for|after) [\d,]+ s\b", r"\1 # s", re.sub(r"[\d,]+ of [\d,]+ bytes", "# of # bytes", text))
