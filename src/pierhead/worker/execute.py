"""Tasks of the protocol done, for a delegate and for the server's own worker alike.

What fails is part of the result; nothing that a registry, a task's texts or a disk can do is raised.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import overload

from pierhead.kit.errors import AppError
from pierhead.oci.digest import Digest
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.protocol import tasks as wire
from pierhead.registry.transport import Transport

from .access import endpoint_of
from .cancel import CancelToken
from .connection_test import run_connection_test
from .copy_task import Checkpoint, EmitCopy, run_copy
from .discreet import Discretion
from .failures import Subject, failure_of
from .inspection.run import inspect
from .lookup import list_repositories, list_tags, resolve, tag_pages
from .progress import ImageProgress
from .pull import ImageRequest, PullPolicy, pull_images
from .runtimes.oci_layout import OciLayout
from .survey import survey
from .tag_facts import read_tags
from .wire import event_to_wire, failure_about, failure_to_wire, report_to_wire

Emit = Callable[[wire.ImageEvent], None]


@overload
def execute(
    task: wire.PullTask, *, layout: OciLayout, transport: Transport, emit: Emit, cancel: CancelToken | None = None
) -> wire.PullResult | wire.FailedResult: ...


@overload
def execute(
    task: wire.TestConnectionTask, *, transport: Transport, cancel: CancelToken | None = None
) -> wire.TestReport: ...


@overload
def execute(
    task: wire.ListTagsTask, *, transport: Transport, cancel: CancelToken | None = None
) -> wire.TagsResult | wire.FailedResult: ...


@overload
def execute(
    task: wire.ListRepositoriesTask, *, transport: Transport, cancel: CancelToken | None = None
) -> wire.RepositoriesResult | wire.FailedResult: ...


@overload
def execute(
    task: wire.ResolveTask, *, transport: Transport, cancel: CancelToken | None = None
) -> wire.ResolveResult | wire.FailedResult: ...


@overload
def execute(
    task: wire.ReadTagsTask, *, transport: Transport, cancel: CancelToken | None = None
) -> wire.TagFactsResult | wire.FailedResult: ...


@overload
def execute(
    task: wire.SurveyTask, *, transport: Transport, cancel: CancelToken | None = None
) -> wire.SurveyResult | wire.FailedResult: ...


@overload
def execute(
    task: wire.InspectTask, *, transport: Transport, cancel: CancelToken | None = None
) -> wire.InspectResult | wire.FailedResult: ...


@overload
def execute(
    task: wire.CopyTask,
    *,
    transport: Transport,
    emit_copy: EmitCopy | None = None,
    checkpoint: Checkpoint | None = None,
    cancel: CancelToken | None = None,
) -> wire.CopyResult | wire.FailedResult: ...


@overload
def execute(
    task: wire.Task,
    *,
    layout: OciLayout | None = None,
    transport: Transport,
    emit: Emit | None = None,
    emit_copy: EmitCopy | None = None,
    checkpoint: Checkpoint | None = None,
    cancel: CancelToken | None = None,
) -> wire.Result: ...


def execute(
    task: wire.Task,
    *,
    layout: OciLayout | None = None,
    transport: Transport,
    emit: Emit | None = None,
    emit_copy: EmitCopy | None = None,
    checkpoint: Checkpoint | None = None,
    cancel: CancelToken | None = None,
) -> wire.Result:
    """``emit``, ``emit_copy`` and ``checkpoint`` are called on the calling thread. Raises TypeError for misuse only.

    A pull needs a ``layout``, and gives its events to ``emit``. A copy gives its events to ``emit_copy``, and to
    ``checkpoint`` what another attempt needs to go on (at most 16 KiB of JSON, for ``CopyTask.checkpoint``).
    """
    told = Discretion(task)
    heard = _Heard(told, emit or _unheard, emit_copy or _unheard)
    return told.about(_done(task, layout, transport, heard, checkpoint, cancel or CancelToken()))


def pages(
    task: wire.ListTagsTask, *, transport: Transport, cancel: CancelToken | None = None
) -> Iterator[wire.TagsResult | wire.FailedResult]:
    """A list of tags as its pages arrive; a failure is the last of them."""
    told = Discretion(task)
    for page in tag_pages(task, transport, cancel or CancelToken()):
        yield told.about(page)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What is told on the way, without secrets."""

    told: Discretion
    _image: Emit
    _copy: EmitCopy

    def image(self, event: wire.ImageEvent) -> None:
        self._image(self.told.about(event))

    def copy(self, event: wire.CopyEvent) -> None:
        self._copy(self.told.about(event))


def _done(
    task: wire.Task,
    layout: OciLayout | None,
    transport: Transport,
    heard: _Heard,
    checkpoint: Checkpoint | None,
    token: CancelToken,
) -> wire.Result:
    match task:
        case wire.PullTask():
            if layout is None:
                raise TypeError("a pull needs a layout")
            return _pull(task, layout, transport, heard.image, token)
        case wire.TestConnectionTask():
            return _test(task, transport, token)
        case wire.ListTagsTask():
            return list_tags(task, transport, token)
        case wire.ListRepositoriesTask():
            return list_repositories(task, transport, token)
        case wire.ResolveTask():
            return resolve(task, transport, token)
        case wire.ReadTagsTask():
            return read_tags(task, transport, token)
        case wire.SurveyTask() | wire.InspectTask():
            return _looked(task, transport, token)
        case wire.CopyTask():
            return run_copy(task, transport, heard.copy, checkpoint, token)


def _looked(
    task: wire.SurveyTask | wire.InspectTask, transport: Transport, token: CancelToken
) -> wire.SurveyResult | wire.InspectResult | wire.FailedResult:
    return survey(task, transport, token) if isinstance(task, wire.SurveyTask) else inspect(task, transport, token)


def task_failure(error: AppError) -> wire.TaskFailure:
    """For what goes wrong around a task and is about no registry."""
    return failure_to_wire(failure_of(error, Subject("the task", "the registry")))


def _unheard(event: object) -> None:
    """For who only wants the result."""


class _Events:
    """Turns the pull's reports into events and keeps the last one of each image."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.last: dict[str, wire.ImageEvent] = {}

    def event(self, progress: ImageProgress) -> None:
        self.send(event_to_wire(progress))

    def send(self, event: wire.ImageEvent) -> None:
        self.last[event.key] = event
        self._emit(event)


def _pull(
    task: wire.PullTask, layout: OciLayout, transport: Transport, emit: Emit, cancel: CancelToken
) -> wire.PullResult | wire.FailedResult:
    events = _Events(emit)
    requests = []
    for image in task.images:
        try:
            requests.append(_request(image))
        except AppError as error:  # one image that cannot be understood does not stop the others
            failure = failure_about(error, image.reference, image.registry)
            events.send(wire.ImageEvent(key=image.key, state=wire.ImageState.FAILED, error=failure))
    try:
        pull_images(requests, layout, transport, events, cancel=cancel, all_platforms=task.all_platforms)
    except AppError as error:
        return wire.FailedResult(error=task_failure(error))
    return wire.PullResult(images=tuple(events.last[key] for key in dict.fromkeys(i.key for i in task.images)))


def _request(image: wire.PullImage) -> ImageRequest:
    return ImageRequest(
        key=image.key,
        endpoint=endpoint_of(image.registry),
        reference=Reference.parse(image.reference),
        platform=Platform.parse(image.platform) if image.platform else None,
        policy=PullPolicy(image.policy.value),
        digest=Digest.parse(image.digest) if image.digest else None,
        timeout_s=image.timeout_s,
    )


def _test(task: wire.TestConnectionTask, transport: Transport, cancel: CancelToken) -> wire.TestReport:
    try:
        endpoint = endpoint_of(task.registry)
    except AppError as error:
        failure = failure_about(error, task.registry.url, task.registry)
        step = wire.TestStep(
            name="settings", outcome=wire.StepOutcome.FAILED, evidence=failure.message, advice=failure.hint
        )
        return wire.TestReport(outcome="failure", steps=(step,), error=failure)
    return report_to_wire(run_connection_test(endpoint, transport, task.images, cancel=cancel))
