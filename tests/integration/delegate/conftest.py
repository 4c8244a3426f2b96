import logging
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pierhead.delegate.executor import WorkerExecutor
from pierhead.delegate.patience import Patience
from pierhead.delegate.program import Delegate
from pierhead.delegate.settings import DelegateSettings
from pierhead.delegate.state import StateDirectory
from pierhead.kit.clock import SystemClock
from pierhead.registry.origin import Origin
from pierhead.testing.control_plane import ControlPlane


class Running:
    """A delegate on a thread of its own; ``error`` is what it ended by."""

    def __init__(self, settings: DelegateSettings, executor: object = None, rng: random.Random | None = None) -> None:
        self.settings = settings
        self.state = StateDirectory(settings.state)
        executor = executor or WorkerExecutor(settings.images, settings.allowed)
        self.delegate = Delegate(settings, self.state, executor, SystemClock(), rng or random.Random(1))
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def id(self) -> str:
        return self.state.identity.delegate_id

    def start(self) -> "Running":
        self._thread.start()
        return self

    def _run(self) -> None:
        try:
            self.delegate.run()
        except BaseException as error:
            self.error = error
        finally:
            self.state.release()

    def join(self, timeout_s: float = 10.0) -> None:
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), "the delegate did not end"

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self.delegate.leave()
        self._thread.join(10)


Start = Callable[..., Running]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses after failures a twentieth as long as in life."""
    real = Patience.pause_s
    monkeypatch.setattr(Patience, "pause_s", lambda self, error=None: real(self, error) / 20)


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as plane:
        yield plane


@pytest.fixture
def settings(plane: ControlPlane, tmp_path: Path) -> DelegateSettings:
    return DelegateSettings(
        server=Origin.of(plane.url),
        name="edge",
        host_name="edge-1",
        state=tmp_path / "state",
        images=tmp_path / "images",
        token=plane.token(),
        capacity=2,
        drain_timeout_s=5.0,
    )


@pytest.fixture
def start(settings: DelegateSettings, caplog: pytest.LogCaptureFixture) -> Iterator[Start]:
    """Starts delegates with changed settings; stops them all at the end."""
    caplog.set_level(logging.DEBUG, "pierhead")
    running: list[Running] = []

    def run(executor: object = None, **changes: object) -> Running:
        running.append(Running(replace(settings, **changes), executor).start())
        return running[-1]

    yield run
    for each in running:
        each.stop()
