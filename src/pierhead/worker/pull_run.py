"""The books of one pull: which image is how far, which blob is under way, what is handed out next.

Everything here happens on one thread; other threads ask registries and move bytes, and hand in what came of it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
from .pull_reports import PullReports
from .runtimes.oci_layout import OciLayout

SMALL_THREADS = 16
_TICK_S = 0.1  # how late a deadline or a cancel may be noticed
_PATIENCE_S = 1.2  # for threads to end after a cancel; sockets look up every half second


@dataclass(frozen=True, slots=True)
class _Naming:
    """Images whose names are being written down, in one step for all."""

    images: tuple[ImageWork, ...]


Work = ImageWork | BlobJob | _Naming
Done = Finished[Work]


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
        data_threads: int,
    ) -> None:
        self._layout = layout
        self._clock = transport.clock
        self._reports = PullReports(reporter, transport.clock)
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
        self._complete: list[ImageWork] = []
        self._tick_at = monotonic()
        self._small: Lane[Work] = Lane("pull-small", SMALL_THREADS, self._inbox.put)
        self._large: Lane[Work] = Lane("pull-data", data_threads, self._inbox.put)
        self._names: Lane[Work] = Lane("pull-names", 1, self._inbox.put)

    def _work(self, request: ImageRequest, now: float) -> ImageWork:
        cancel = Event()
        deadline = None if request.timeout_s is None else now + request.timeout_s
        client = RegistryClient(request.endpoint, self._transport, CallContext(cancel, deadline))
        wanted = None if self._all_platforms else request.platform or Platform.host()
        return ImageWork(request, client, wanted, now, deadline, cancel)

    def run(self) -> tuple[ImageOutcome, ...]:
        try:
            self._begin()
            while self._open:
                self._tick()
                self._dispatch()
                for message in self._messages():
                    self._take(message)
                self._give_up_stuck()
                self._name_complete()
        finally:
            self._stop()
        return tuple(image.outcome for image in self._images.values() if image.outcome is not None)

    def _tick(self) -> None:
        """What need not be looked at after each message."""
        if monotonic() < self._tick_at:
            return
        self._tick_at = monotonic() + _TICK_S
        self._board.unpark()
        self._check_limits()
        self._reports.tell_bytes([self._images[key] for key in self._open])

    # --- handing out

    def _begin(self) -> None:
        for image in self._images.values():
            self._reports.tell(image)
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
            pass

    def _take(self, message: Done | tuple[ImageWork, Digest]) -> None:
        if isinstance(message, tuple):
            self._take_resolved(*message)
            return
        message.lane.settle()
        match message.token:
            case BlobJob() as job:
                self._take_blob(job, message)
            case _Naming(images):
                self._take_names(images, message)
            case image:
                self._take_plan(image, message)

    def _take_resolved(self, image: ImageWork, digest: Digest) -> None:
        if image.outcome is None:
            image.resolved = digest
            image.state = ImageState.RESOLVED
            self._reports.tell(image)

    def _take_plan(self, image: ImageWork, done: Done) -> None:
        if image.outcome is not None:
            return
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
        self._reports.tell(image)
        self._note_complete(image)

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
            for image in [self._images[key] for key in self._board.succeed(job)]:
                self._have(image, job)
        else:
            image = self._images[job.sources[0].image]
            self._board.fail(job, as_app_error(image, done.error, self._layout.root))

    def _give_up_stuck(self) -> None:
        """Once every image has said what it needs, and from where, nobody is left who could bring a missing blob."""
        if not self._board.is_stuck or any(self._images[key].plan is None for key in self._open):
            return
        for job in self._board.give_up():
            for image in [self._images[key] for key in job.waiting]:
                error = job.error_for(image.request.key)
                if error is not None:
                    self._lack(image, job, error)

    def _have(self, image: ImageWork, job: BlobJob) -> None:
        image.missing.pop(job.blob.digest, None)
        self._note_complete(image)

    def _note_complete(self, image: ImageWork) -> None:
        if image.is_complete:
            self._complete.append(image)

    def _lack(self, image: ImageWork, job: BlobJob, error: AppError) -> None:
        """A blob cannot be had. An image can do without its foreign layers, but somebody should know."""
        is_optional = image.plan is not None and job.blob.digest in image.plan.optional
        if is_optional and isinstance(error, (NotFoundError, DeniedError)):
            where = f"{job.blob.urls[0]}" if job.blob.urls else "elsewhere"
            image.warnings.append(f"the foreign layer {job.blob.digest} is left out: it is kept at {where} only")
            self._have(image, job)
        else:
            self._fail(image, error)

    # --- ends

    def _name_complete(self) -> None:
        """Names whatever became complete, now that all its blobs are stored; what becomes so meanwhile comes next."""
        if not self._complete or not self._names.has_room:
            return
        images, self._complete = tuple(self._complete), []
        names = [image.plan.image for image in images if image.plan]
        self._names.submit(_Naming(images), partial(self._layout.name, names))

    def _take_names(self, images: tuple[ImageWork, ...], done: Done) -> None:
        for image in images:
            if done.error is not None:
                self._fail(image, as_app_error(image, done.error, self._layout.root))
            elif image.outcome is None:
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
        self._open.discard(image.request.key)
        self._reports.tell_end(image, state)

    def _fail(self, image: ImageWork, error: AppError) -> None:
        if image.outcome is not None:
            return
        self._open.discard(image.request.key)
        image.cancel.set()
        self._board.forget(image.request.key)
        self._reports.tell_end(image, ImageState.FAILED, failure_of(error, image.subject))

    def _stop(self) -> None:
        for image in self._images.values():
            image.cancel.set()
        for job in self._running:
            job.cancel.set()
        lanes = (self._names, self._large, self._small)
        for lane in lanes:
            lane.close()
        give_up_at = monotonic() + _PATIENCE_S
        for lane in lanes:
            lane.join(give_up_at)
