"""A copy task of the protocol done: its texts parsed, its events told, its outcome gathered."""

from collections.abc import Callable

from pierhead.kit.errors import AppError
from pierhead.oci.digest import Digest
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.protocol import tasks as wire
from pierhead.registry.transport import Transport

from .access import endpoint_of
from .cancel import CancelToken
from .copying import CopyProgress, CopyRequest, IndexMode, copy_images
from .failures import Subject, failure_of
from .wire import copy_to_wire, failure_about, failure_to_wire

EmitCopy = Callable[[wire.CopyEvent], None]
Checkpoint = Callable[[dict[str, object]], None]


def run_copy(
    task: wire.CopyTask, transport: Transport, emit: EmitCopy, checkpoint: Checkpoint | None, cancel: CancelToken
) -> wire.CopyResult | wire.FailedResult:
    last: dict[str, wire.CopyEvent] = {}

    def send(event: wire.CopyEvent) -> None:
        last[event.key] = event
        emit(event)

    def report(progress: CopyProgress) -> None:
        send(copy_to_wire(progress))

    requests = []
    for image in task.images:
        try:
            requests.append(_request(image))
        except AppError as error:  # one image that cannot be understood does not stop the others
            failure = failure_about(error, image.source, image.from_registry)
            send(wire.CopyEvent(key=image.key, state=wire.CopyState.FAILED, error=failure))
    try:
        copy_images(requests, transport, report, checkpoint=checkpoint, left=task.checkpoint, cancel=cancel)
    except AppError as error:
        return wire.FailedResult(error=failure_to_wire(failure_of(error, Subject("the task", "the registry"))))
    return wire.CopyResult(images=tuple(last[key] for key in dict.fromkeys(image.key for image in task.images)))


def _request(image: wire.CopyImage) -> CopyRequest:
    return CopyRequest(
        key=image.key,
        from_endpoint=endpoint_of(image.from_registry),
        source=Reference.parse(image.source),
        to_endpoint=endpoint_of(image.to_registry),
        target=Reference.parse(image.target),
        digest=Digest.parse(image.digest) if image.digest else None,
        platforms=tuple(map(Platform.parse, image.platforms)),
        index=IndexMode(image.index.value),
        referrers=image.referrers,
    )
