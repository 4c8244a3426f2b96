"""Runs a delegate in the foreground: takes its state directory, listens to signals, cleans up."""

import contextlib
import gc
import logging
import random
import resource
import signal
import threading
from collections.abc import Iterator

from pierhead.kit.clock import SystemClock

from . import log_lines
from .executor import WorkerExecutor
from .program import Delegate, Stage
from .settings import DelegateSettings
from .state import StateDirectory

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(settings: DelegateSettings) -> int:
    """Blocks until a signal has it end, then 0. Raises AppError when the delegate cannot begin or go on."""
    log_lines.set_up(settings.log_level, is_json=settings.is_json, has_colour=settings.has_colour)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold keys
    for note in settings.notes:
        log.info("%s", note)
    with StateDirectory(settings.state) as state:
        clock = SystemClock()
        rng = random.Random()  # noqa: S311  # spreads load, guards nothing
        executor = WorkerExecutor(settings.images, settings.allowed)
        delegate = Delegate(settings, state, executor, clock, rng)
        gc.freeze()  # what is loaded by now stays
        with _health(settings, delegate, clock), _signals(delegate):
            delegate.run()
    return 0


@contextlib.contextmanager
def _signals(delegate: Delegate) -> Iterator[None]:
    """The first one drains, the second one leaves at once."""

    def hear(_number: int, _frame: object) -> None:
        if delegate.stage is Stage.WORKING:
            delegate.drain()
        else:
            delegate.leave()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, hear) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


@contextlib.contextmanager
def _health(settings: DelegateSettings, delegate: Delegate, clock: SystemClock) -> Iterator[None]:
    if settings.health is None:
        yield
        return

    from .health import ALIVE_WITHIN_S, HealthEndpoint

    def look() -> tuple[bool, dict[str, object]]:
        answered_at = delegate.link.answered_at
        age_s = None if answered_at is None else clock.monotonic() - answered_at
        shown = {
            "state": delegate.membership.state or "CONNECTING",
            "stage": delegate.stage.name.lower(),
            "tasks": delegate.crew.count,
            "lastAnswerAgeS": None if age_s is None else round(age_s, 1),
        }
        return age_s is not None and age_s < ALIVE_WITHIN_S, shown

    endpoint = HealthEndpoint(*settings.health, look)
    try:
        yield
    finally:
        endpoint.close()
