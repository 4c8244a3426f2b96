"""The books of one pull: which image is how far, which blob is under way, what is handed out next.

Everything here happens on one thread; other threads ask registries and move bytes, and hand in what came of it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic

from pierhead.kit.errors import AppError, DeniedError, NotFoundError
from pierhead.oci.digest import Digest
from pierhead.oci.platform import Platform
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.errors import DeadlineExceededError
from pierhead.registry.transport import Transport

from .blob_board import BlobBoard, BlobJob, BlobSource
from .blob_fetch import Fetch, fetch_blob
from .cancel import CancelToken
from .errors import PullCancelledError
from .failures import failure_of
from .image_plan import ImagePlan, Planner
from .image_request import ImageRequest
from .image_work import ImageWork
from .lane import Finished, Lane
from .platform_check import platform_warnings
from .progress import ImageOutcome, ImageState, Reporter
from .pull_errors import as_app_error
from .runtimes.oci_layout import OciLayout

SMALL_THREADS = 16
_TICK_S = 0.1  # how late a deadline or a cancel may be noticed
_REPORT_S = 0.25
_PATIENCE_S = 1.2  # for threads to end after a cancel; sockets look up every half second

Done = Finished[ImageWork | BlobJob]


class PullRun:
    """Used once: ``run``."""

    def __init__(
        self,
        requests: Sequence[ImageRequest],
        layout: OciLayout,
        transport: Transport,
        reporter: Reporter,
        cancel: CancelToken,
        all_platforms: bool,
    ) -> None:
        self._layout = layout
        self._clock = transport.clock
        self._reporter = reporter
        self._cancel = cancel
        self._transport = transport
        self._all_platforms = all_platforms
        now = self._clock.monotonic()
        self._images = {request.key: self._work(request, now) for request in requests}
        self._open = set(self._images)
        self._unplanned = deque(self._images.values())
        self._board = BlobBoard()
        self._running: set[BlobJob] = set()
        self._inbox: SimpleQueue[Done | tuple[ImageWork, Digest]] = SimpleQueue()
        self._report_at = now

    def _work(self, request: ImageRequest, now: float) -> ImageWork:
        cancel = Event()
        deadline = None if request.timeout_s is None else now + request.timeout_s
        client = RegistryClient(request.endpoint, self._transport, CallContext(cancel, deadline))
        wanted = None if self._all_platforms else request.platform or Platform.host()
        return ImageWork(request, client, wanted, now, deadline, cancel)

    def run(self, data_threads: int) -> tuple[ImageOutcome, ...]:
        self._small: Lane[ImageWork | BlobJob] = Lane("pull-small", SMALL_THREADS, self._inbox.put)
        self._large: Lane[ImageWork | BlobJob] = Lane("pull-data", data_threads, self._inbox.put)
        try:
            self._begin()
            while self._open:
                self._dispatch()
                for message in self._messages():
                    self._take(message)
                self._give_up_stuck()
                self._name_complete()
                self._check_limits()
                self._report_bytes()
        finally:
            self._stop()
        return tuple(image.outcome for image in self._images.values() if image.outcome is not None)

    # --- handing out

    def _begin(self) -> None:
        for image in self._images.values():
            self._report(image)
        try:
            self._layout.create()
        except AppError as error:
            for image in self._images.values():
                self._fail(image, error)

    def _dispatch(self) -> None:
        while self._small.has_room and self._unplanned:
            image = self._unplanned.popleft()
            if image.outcome is None:
                self._small.submit(image, self._planner(image).plan)
        for lane, small in ((self._large, False), (self._small, True)):
            while lane.has_room and (job := self._board.take(small=small)):
                self._running.add(job)
                lane.submit(job, self._fetch(job))

    def _fetch(self, job: BlobJob) -> Callable[[], Fetch]:
        source = job.sources[0]
        client = RegistryClient(source.endpoint, self._transport, CallContext(job.cancel, self._deadline_of(job)))
        return partial(fetch_blob, self._layout.blobs, job.blob, client, source.repository, job.meter)

    def _planner(self, image: ImageWork) -> Planner:
        resolved = partial(self._post_resolved, image)
        return Planner(image.request, image.wanted, self._layout, image.client, resolved)

    def _post_resolved(self, image: ImageWork, digest: Digest) -> None:
        self._inbox.put((image, digest))

    def _deadline_of(self, job: BlobJob) -> float | None:
        """The latest of those who wait, None when one of them would wait for ever."""
        deadlines = [self._images[key].deadline for key in job.waiting]
        return None if None in deadlines else max(deadline for deadline in deadlines if deadline is not None)

    # --- taking in

    def _messages(self) -> Iterator[Done | tuple[ImageWork, Digest]]:
        try:
            yield self._inbox.get(timeout=_TICK_S)
            while True:
                yield self._inbox.get_nowait()
        except Empty:
            self._board.unpark()

    def _take(self, message: Done | tuple[ImageWork, Digest]) -> None:
        if isinstance(message, tuple):
            self._take_resolved(*message)
            return
        message.lane.settle()
        if isinstance(message.token, BlobJob):
            self._take_blob(message.token, message)
        elif message.token.outcome is None:
            self._take_plan(message.token, message)

    def _take_resolved(self, image: ImageWork, digest: Digest) -> None:
        if image.outcome is None:
            image.resolved = digest
            image.state = ImageState.RESOLVED
            self._report(image)

    def _take_plan(self, image: ImageWork, done: Done) -> None:
        if not isinstance(done.value, ImagePlan):
            self._fail(image, as_app_error(image, done.error, self._layout.root))
            return
        plan = image.plan = done.value
        image.fetched_bytes += plan.fetched_bytes
        if plan.is_present:
            self._finish(image, ImageState.PRESENT)
            return
        source = BlobSource(image.request.key, image.request.endpoint, image.request.reference.repository)
        for blob in plan.blobs:
            if not self._layout.blobs.has(blob.digest, blob.size):
                image.missing[blob.digest] = self._board.want(blob, source)
        image.state = ImageState.PULLING
        self._report(image)

    def _take_blob(self, job: BlobJob, done: Done) -> None:
        self._running.discard(job)
        if job.sources:
            self._images[job.sources[0].image].fetched_bytes += job.meter.fetched
        job.meter.fetched = 0
        if job.is_over:  # nobody wants it any more
            return
        if done.value is Fetch.BUSY or isinstance(done.error, DeadlineExceededError):
            self._board.park(job)  # who is out of time will be told so; others may go on
        elif done.error is None:
            for key in self._board.succeed(job):
                self._images[key].missing.pop(job.blob.digest, None)
        else:
            image = self._images[job.sources[0].image]
            self._board.fail(job, as_app_error(image, done.error, self._layout.root))

    def _give_up_stuck(self) -> None:
        """Once every image has said what it needs, and from where, nobody is left who could bring a missing blob."""
        if any(self._images[key].plan is None for key in self._open):
            return
        for job in self._board.give_up():
            for image in [self._images[key] for key in job.waiting]:
                error = job.error_for(image.request.key)
                if error is not None:
                    self._lack(image, job, error)

    def _lack(self, image: ImageWork, job: BlobJob, error: AppError) -> None:
        """A blob cannot be had. An image can do without its foreign layers, but somebody should know."""
        is_optional = image.plan is not None and job.blob.digest in image.plan.optional
        if is_optional and isinstance(error, (NotFoundError, DeniedError)):
            image.missing.pop(job.blob.digest, None)
            where = f"{job.blob.urls[0]}" if job.blob.urls else "elsewhere"
            image.warnings.append(f"the foreign layer {job.blob.digest} is left out: it is kept at {where} only")
        else:
            self._fail(image, error)

    # --- ends

    def _name_complete(self) -> None:
        """Names whatever became complete, in one step, now that all its blobs are durable."""
        complete = [self._images[key] for key in self._open if self._images[key].is_complete]
        if not complete:
            return
        try:
            self._layout.name([image.plan.image for image in complete if image.plan])
        except AppError as error:
            for image in complete:
                self._fail(image, error)
        for image in complete:
            if image.outcome is None:
                self._finish(image, ImageState.PULLED)

    def _check_limits(self) -> None:
        now = self._clock.monotonic()
        for image in [self._images[key] for key in self._open]:
            if self._cancel.is_cancelled:
                self._fail(image, PullCancelledError(image.request.name))
            elif image.deadline is not None and now >= image.deadline:
                self._fail(image, image.timeout_error())

    def _finish(self, image: ImageWork, state: ImageState) -> None:
        if image.plan is not None:
            image.warnings += platform_warnings(self._layout.blobs, image.plan, image.request.name, image.wanted)
        image.state = state
        self._end(image, image.progress(self._clock.monotonic()))

    def _fail(self, image: ImageWork, error: AppError) -> None:
        if image.outcome is not None:
            return
        image.state = ImageState.FAILED
        self._end(image, image.progress(self._clock.monotonic(), failure_of(error, image.subject)))
        image.cancel.set()
        self._board.forget(image.request.key)

    def _end(self, image: ImageWork, outcome: ImageOutcome) -> None:
        image.outcome = outcome
        self._open.discard(image.request.key)
        self._reporter.event(outcome)

    def _stop(self) -> None:
        for image in self._images.values():
            image.cancel.set()
        for job in self._running:
            job.cancel.set()
        lanes = (self._large, self._small)
        for lane in lanes:
            lane.close()
        give_up_at = monotonic() + _PATIENCE_S
        for lane in lanes:
            lane.join(give_up_at)

    # --- telling

    def _report(self, image: ImageWork) -> None:
        self._reporter.event(image.progress(self._clock.monotonic()))

    def _report_bytes(self) -> None:
        now = self._clock.monotonic()
        if now < self._report_at:
            return
        self._report_at = now + _REPORT_S
        for image in [self._images[key] for key in self._open]:
            done = image.done_bytes
            if image.state is ImageState.PULLING and done is not None and done != image.reported_done:
                image.reported_done = done
                self._report(image)
