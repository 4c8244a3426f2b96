"""Hands a task to the worker. What the worker needs is loaded with the first task: an idle delegate stays small."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pierhead.protocol.agent import Unreachable
from pierhead.protocol.tasks import CopyEvent, ImageEvent, Result, Task
from pierhead.worker.cancel import CancelToken

from .allow_list import AllowList, accesses_of

if TYPE_CHECKING:
    from pierhead.registry.transport import Transport
    from pierhead.worker.runtimes.oci_layout import OciLayout


class Report(Protocol):
    """Where the work says how far it is; called on the working thread, must not block."""

    def image(self, event: ImageEvent) -> None: ...

    def copy(self, event: CopyEvent) -> None: ...

    def checkpoint(self, document: dict[str, object]) -> None: ...


class Executor(Protocol):
    def perform(self, task: Task, report: Report, cancel: CancelToken) -> Result:
        """Does it; failures are results. Ends within two seconds of a cancel."""

    def unreachable(self, task: Task, origins: tuple[str, ...], cancel: CancelToken) -> tuple[Unreachable, ...]:
        """Those registries of ``task`` among ``origins`` that cannot be connected to from here, and why."""

    def close(self) -> None: ...


class WorkerExecutor:
    """Thread-safe. Pulled images go into the layout in ``images``; connects to nothing that ``allowed`` refuses."""

    def __init__(self, images: Path, allowed: AllowList) -> None:
        self._images = images
        self._allowed = allowed
        self._lock = threading.Lock()
        self._tools: tuple[OciLayout, Transport] | None = None

    def perform(self, task: Task, report: Report, cancel: CancelToken) -> Result:
        from pierhead.worker.execute import execute

        layout, transport = self._made()
        return execute(
            task,
            layout=layout,
            transport=transport,
            emit=report.image,
            emit_copy=report.copy,
            checkpoint=report.checkpoint,
            cancel=cancel,
        )

    def unreachable(self, task: Task, origins: tuple[str, ...], cancel: CancelToken) -> tuple[Unreachable, ...]:
        from pierhead.worker.reach import unreachable

        found = unreachable(accesses_of(task), only=frozenset(origins), cancel=cancel, judge=self._allowed.check)
        return tuple(Unreachable(origin=origin, code=code, message=message) for origin, code, message in found)

    def close(self) -> None:
        with self._lock:
            if self._tools is not None:
                self._tools[1].close()

    def _made(self) -> tuple[OciLayout, Transport]:
        with self._lock:
            if self._tools is None:
                from pierhead.registry.transport import Transport
                from pierhead.worker.runtimes.oci_layout import OciLayout

                self._tools = OciLayout(self._images), Transport(judge=self._allowed.check)
            return self._tools
