"""Which blobs are still needed, by which images, and from where they can come. Pure bookkeeping: no threads, no I/O.

Each digest is one job however many images need it. A source that fails hands over to the next one, also to one that
turns up later; only when no more can come do the images fail that wait for it.
"""

import heapq
import itertools
import threading
from dataclasses import dataclass, field

from pierhead.kit.errors import AppError
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.registry.endpoint import Endpoint

SMALL_BYTES = 256 * 1024  # below this the round trip costs more than the bytes


@dataclass(frozen=True, slots=True)
class BlobSource:
    """A repository that should have the blob; ``image`` is the one that brought it up."""

    image: str
    endpoint: Endpoint
    repository: str

    @property
    def place(self) -> tuple[str, str]:
        """Equal for sources of which asking one is enough."""
        return self.endpoint.key, self.repository


@dataclass(slots=True)
class Meter:
    """Written by the thread that fetches, read by the one that reports; each write is one store, so no lock."""

    done: int = 0  # bytes in the file
    fetched: int = 0  # bytes that came over the network


@dataclass(slots=True, eq=False)
class BlobJob:
    """``sources[0]`` is the one to ask; ``cancel`` ends the fetch that is under way."""

    blob: Descriptor
    sources: list[BlobSource] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    meter: Meter = field(default_factory=Meter)
    cancel: threading.Event = field(default_factory=threading.Event)
    errors: dict[str, AppError] = field(default_factory=dict)
    last_error: AppError | None = None
    tried: set[tuple[str, str]] = field(default_factory=set)
    is_over: bool = False

    def error_for(self, image: str) -> AppError | None:
        """What the image's own source answered, else what the last one did."""
        return self.errors.get(image, self.last_error)

    @property
    def is_small(self) -> bool:
        return self.blob.size <= SMALL_BYTES


class BlobBoard:
    """Used from one thread. Images are known by their keys."""

    def __init__(self) -> None:
        self._jobs: dict[Digest, BlobJob] = {}
        self._ready: dict[bool, list[tuple[int, int, BlobJob]]] = {True: [], False: []}  # heaps, by being small
        self._serial = itertools.count()
        self._parked: list[BlobJob] = []
        self._stuck: list[BlobJob] = []

    def want(self, blob: Descriptor, source: BlobSource) -> BlobJob:
        """Image ``source.image`` needs the blob and could have it from there."""
        job = self._jobs.get(blob.digest)
        if job is None:
            job = self._jobs[blob.digest] = BlobJob(blob)
            self._make_ready(job)
        job.waiting.add(source.image)
        if source.place not in job.tried and all(known.place != source.place for known in job.sources):
            job.sources.append(source)
            if job in self._stuck:
                self._stuck.remove(job)
                self._make_ready(job)
        return job

    def take(self, *, small: bool) -> BlobJob | None:
        """The next job to run: the largest first, so that none of them is left over at the end."""
        heap = self._ready[small]
        while heap:
            _, _, job = heapq.heappop(heap)
            if not job.is_over:
                return job
        return None

    def park(self, job: BlobJob) -> None:
        """Somebody else is fetching the blob into the same place; look again after ``unpark``."""
        self._parked.append(job)

    def unpark(self) -> None:
        parked, self._parked = self._parked, []
        for job in parked:
            self._make_ready(job)

    def succeed(self, job: BlobJob) -> frozenset[str]:
        """The images that waited for it."""
        self._end(job)
        return frozenset(job.waiting)

    def fail(self, job: BlobJob, error: AppError) -> None:
        """The source that was asked cannot deliver. The next one is asked; without one the job is stuck."""
        source = job.sources.pop(0)
        job.tried.add(source.place)
        job.errors[source.image] = job.last_error = error
        if job.sources:
            self._make_ready(job)
        else:
            self._stuck.append(job)

    @property
    def is_stuck(self) -> bool:
        return bool(self._stuck)

    def give_up(self) -> list[BlobJob]:
        """The jobs that are stuck, now that no image will bring another source."""
        stuck, self._stuck = self._stuck, []
        for job in stuck:
            self._end(job)
        return stuck

    def forget(self, image: str) -> None:
        """The image is given up: what nobody else waits for is cancelled."""
        for job in [*self._jobs.values()]:
            job.waiting.discard(image)
            if not job.waiting:
                job.cancel.set()
                self._end(job)

    def _make_ready(self, job: BlobJob) -> None:
        heapq.heappush(self._ready[job.is_small], (-job.blob.size, next(self._serial), job))

    def _end(self, job: BlobJob) -> None:
        job.is_over = True
        if job in self._stuck:
            self._stuck.remove(job)
        if self._jobs.get(job.blob.digest) is job:
            del self._jobs[job.blob.digest]
