"""The books of one copy: which image is how far, which blob is under way, what is handed out next.

Everything here happens on one thread; other threads ask registries and move bytes, and hand in what came of it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic

from pierhead.kit.errors import AppError
from pierhead.oci.digest import Digest
from pierhead.registry.context import CallContext
from pierhead.registry.errors import CallCancelledError
from pierhead.registry.push import PushClient
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken
from pierhead.worker.errors import UnexpectedFailureError
from pierhead.worker.failures import failure_of
from pierhead.worker.lane import Finished, Lane

from .blame import blamed
from .blob_copy import BlobCopy, How, Source, Target
from .board import CopyBoard
from .checkpoint import Document, UploadBook
from .documents import Documents
from .errors import CopyCancelledError
from .evidence import KnownTags
from .plan import CopyPlan, CopyPlanner
from .progress import CopyProgress, CopyState, Report
from .publish import publish
from .request import CopyRequest
from .source import OpenSource
from .work import BlobJob, ImageCopy

SMALL_THREADS = 16
_TICK_S = 0.1  # how late a cancel may be noticed
_TELL_S = 0.25  # between two reports of bytes
_PATIENCE_S = 1.2  # for threads to end after a cancel; sockets look up every half second

Work = ImageCopy | BlobJob
Done = Finished[Work]


class _BookChanged:
    """A note for the inbox: another attempt would now go on from elsewhere."""


class CopyRun:
    """Used once: ``run``."""

    def __init__(
        self,
        requests: Sequence[CopyRequest],
        transport: Transport,
        report: Report,
        checkpoint: Callable[[Document], None] | None,
        left: Document | None,
        cancel: CancelToken,
        data_threads: int,
        open_source: OpenSource,
    ) -> None:
        self._transport = transport
        self._clock = transport.clock
        self._report = report
        self._checkpoint = checkpoint
        self._cancel = cancel
        self._open_source = open_source
        self._images = [self._image(request) for request in requests]
        self._open = set(self._images)
        self._unplanned = deque(self._images)
        self._board = CopyBoard()
        self._documents = Documents()
        self._tags = KnownTags()
        self._inbox: SimpleQueue[Done | _BookChanged | tuple[ImageCopy, Digest]] = SimpleQueue()
        self._book = UploadBook(left, lambda: self._inbox.put(_BookChanged()))
        self._running: set[BlobJob] = set()
        self._small: Lane[Work] = Lane("copy-small", SMALL_THREADS, self._inbox.put)
        self._large: Lane[Work] = Lane("copy-data", data_threads, self._inbox.put)
        self._told_at = monotonic()
        self._told_book = self._book.document()

    def _image(self, request: CopyRequest) -> ImageCopy:
        cancel = Event()
        call = CallContext(cancel)
        source = self._open_source(request, call)
        target = PushClient(request.to_endpoint, self._transport, call)
        return ImageCopy(request, source, target, self._clock.monotonic(), cancel)

    def run(self) -> tuple[CopyProgress, ...]:
        try:
            for image in self._images:
                self._tell(image)
            while self._open:
                self._dispatch()
                for message in self._messages():
                    self._take(message)
                self._look_up()
        finally:
            self._stop()
        return tuple(image.outcome for image in self._images if image.outcome is not None)

    # --- handing out

    def _dispatch(self) -> None:
        while self._small.has_room and self._unplanned:
            image = self._unplanned.popleft()
            if image.outcome is None:
                resolved = partial(self._post_resolved, image)
                planner = CopyPlanner(image.request, image.source, image.target, self._documents, self._tags, resolved)
                self._small.submit(image, planner.plan)
        for image in [each for each in self._open if each.is_ready]:
            if self._small.has_room and image.plan is not None:
                image.is_publishing = True
                self._small.submit(image, partial(publish, image.request, image.plan, image.target))
        for lane, small in ((self._large, False), (self._small, True)):
            while lane.has_room and (job := self._board.take(small=small)):
                self._running.add(job)
                lane.submit(job, self._blob_copy(job).run)

    def _blob_copy(self, job: BlobJob) -> BlobCopy:
        job.owner = job.waiting[0]
        request, call = job.owner.request, CallContext(job.cancel)
        source = self._open_source(request, call)
        target = PushClient(request.to_endpoint, self._transport, call)
        return BlobCopy(
            job.blob,
            Source(source, request.source.repository, request.from_subject),
            Target(target, job.repository, request.to_subject, job.mount_from),
            self._book,
            job.meter,
        )

    def _post_resolved(self, image: ImageCopy, digest: Digest) -> None:
        self._inbox.put((image, digest))

    # --- taking in

    def _messages(self) -> Iterator[Done | _BookChanged | tuple[ImageCopy, Digest]]:
        """What has come, after waiting a little for the first."""
        try:
            yield self._inbox.get(timeout=_TICK_S)
            while True:
                yield self._inbox.get_nowait()
        except Empty:
            return

    def _take(self, message: Done | _BookChanged | tuple[ImageCopy, Digest]) -> None:
        if isinstance(message, _BookChanged):
            self._tell_book()
        elif isinstance(message, tuple):
            image, digest = message
            image.digest = digest
        else:
            message.lane.settle()
            self._take_done(message)

    def _take_done(self, done: Done) -> None:
        if isinstance(done.token, BlobJob):
            self._take_blob(done.token, done)
        elif done.token.outcome is not None:
            return
        elif done.error is not None:
            self._fail(done.token, done.error)
        elif isinstance(done.value, CopyPlan):
            self._take_plan(done.token, done.value)
        else:
            self._finish(done.token, CopyState.COPIED)

    def _take_plan(self, image: ImageCopy, plan: CopyPlan) -> None:
        image.digest, image.plan = plan.digest, plan
        if plan.is_present:
            self._finish(image, CopyState.PRESENT)
            return
        image.jobs = [self._board.want(blob, image) for blob in plan.blobs]
        image.state = CopyState.COPYING
        self._tell(image)

    def _take_blob(self, job: BlobJob, done: Done) -> None:
        self._running.discard(job)
        if isinstance(done.value, How):
            self._board.succeed(job, done.value)
        elif job.waiting and done.error is not None:
            is_source = blamed(done.error) == job.owner.request.from_subject
            for image in self._board.fail(job, is_source=is_source):
                self._fail(image, done.error)

    def _tell_book(self) -> None:
        """One telling for many changes."""
        document = self._book.document()
        if self._checkpoint is not None and document != self._told_book:
            self._told_book = document
            self._checkpoint(document)

    # --- ends

    def _look_up(self) -> None:
        if self._cancel.is_cancelled:
            for image in [*self._open]:
                self._fail(image, CopyCancelledError(str(image.request.source)))
        if monotonic() - self._told_at < _TELL_S:
            return
        self._told_at = monotonic()
        for image in self._open:
            if image.state is CopyState.COPYING and image.done_bytes != image.reported_done:
                image.reported_done = image.done_bytes
                self._tell(image)

    def _tell(self, image: ImageCopy) -> None:
        self._report(image.progress(self._clock.monotonic()))

    def _finish(self, image: ImageCopy, state: CopyState) -> None:
        self._end(image, state, None)

    def _fail(self, image: ImageCopy, error: BaseException) -> None:
        if image.outcome is not None:
            return
        self._end(image, CopyState.FAILED, _as_app_error(image, error))
        image.cancel.set()
        self._board.forget(image)

    def _end(self, image: ImageCopy, state: CopyState, error: AppError | None) -> None:
        self._open.discard(image)
        image.state = state
        failure = failure_of(error, blamed(error) or image.request.from_subject) if error else None
        image.outcome = image.progress(self._clock.monotonic(), failure)
        self._report(image.outcome)

    def _stop(self) -> None:
        for image in self._images:
            image.cancel.set()
        for job in self._running:
            job.cancel.set()
        lanes = (self._large, self._small)
        for lane in lanes:
            lane.close()
        give_up_at = monotonic() + _PATIENCE_S
        for lane in lanes:
            lane.join(give_up_at)
        self._tell_book()


def _as_app_error(image: ImageCopy, error: BaseException) -> AppError:
    """A fault of our own is logged with its trace, and reported like the others."""
    if isinstance(error, CallCancelledError):
        return CopyCancelledError(str(image.request.source))
    if isinstance(error, AppError):
        return error
    from logging import getLogger  # seldom needed, and slow to load

    getLogger(__name__).error("copying %s", image.request.source, exc_info=error)
    return UnexpectedFailureError(str(image.request.source), error)
