"""A whole server between two registries, for mirrors."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pierhead.control.connectors import parse_connector
from pierhead.control.mirroring import MirrorRun
from pierhead.server.bootstrap import Application, open_application
from pierhead.server.settings import Settings
from pierhead.testing.fake_registry import FakeRegistry


@pytest.fixture
def source() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def target() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def application(tmp_path: Path, source: FakeRegistry, target: FakeRegistry) -> Iterator[Application]:
    application = open_application(Settings(data=tmp_path / "data"), serves=False)
    for name, registry in (("src", source), ("dst", target)):
        spec = {
            "dockerRegistryUrl": registry.url,
            "providerType": "Other",
            "auth": {"type": "Anonymous"},
            "executeOnDelegate": False,
            "allowPrivateAddresses": True,
        }
        document = {"identifier": name, "name": name, "type": "DockerRegistry", "spec": spec}
        application.connectors.create(parse_connector({"connector": document}, application.account.id))
    yield application
    application.close()


@pytest.fixture
def run(application: Application, ended: Callable[[MirrorRun], MirrorRun]) -> Callable[..., MirrorRun]:
    def start(*, is_plan: bool = False, asked_key: str = "") -> MirrorRun:
        begun = application.mirroring.tasks.start(application.scope, "m", is_plan=is_plan, asked_key=asked_key)
        return ended(begun)

    return start


@pytest.fixture
def ended(application: Application) -> Callable[[MirrorRun], MirrorRun]:
    """Waits for the end of a run."""

    def wait(run: MirrorRun) -> MirrorRun:
        for _ in range(20):
            if run.state.is_final:
                return run
            application.queue.wait_for_end(run.task_id, 10)
            run = application.mirroring.service.run(run.scope.account, run.id)
        raise AssertionError(run)

    return wait
