"""Which blobs are still to be copied, each of them once. Pure bookkeeping: no threads, no I/O.

A blob goes to a repository once, however many images need it there. When other repositories of the same registry need
it too, they wait until it is in one of them, and mount it.
"""

import heapq
import itertools

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest

from .blob_copy import PIECE_BYTES, How
from .work import BlobJob, ImageCopy

_Place = tuple[str, str, Digest]
SMALL_BYTES = PIECE_BYTES // 32  # below this the round trips cost more than the bytes


class CopyBoard:
    """Used from one thread."""

    def __init__(self) -> None:
        self._jobs: dict[_Place, BlobJob] = {}
        self._leaders: dict[tuple[str, Digest], BlobJob] = {}
        self._ready: dict[bool, list[tuple[int, int, BlobJob]]] = {True: [], False: []}  # heaps, by being small
        self._serial = itertools.count()

    def want(self, blob: Descriptor, image: ImageCopy) -> BlobJob:
        """The job that brings the blob where ``image`` needs it."""
        registry, repository = image.request.to_endpoint.key, image.request.target.repository
        job = self._jobs.get((registry, repository, blob.digest))
        if job is not None:
            job.waiting.append(image)
            return job
        job = BlobJob(blob, image, [image])
        self._jobs[(registry, repository, blob.digest)] = job
        leader = self._leaders.setdefault((registry, blob.digest), job)
        if leader is not job and leader.how is None:
            leader.followers.append(job)
            return job
        if leader is not job:
            job.mount_from = leader.repository
        elif image.request.is_within_one_registry and image.request.source.repository != repository:
            job.mount_from = image.request.source.repository
        self._make_ready(job)
        return job

    def take(self, *, small: bool) -> BlobJob | None:
        """The next job to run: the largest first, so that none of them is left over at the end."""
        heap = self._ready[small]
        while heap:
            _, _, job = heapq.heappop(heap)
            if job.waiting:
                return job
        return None

    def succeed(self, job: BlobJob, how: How) -> list[ImageCopy]:
        """The images that waited for it."""
        job.how = how
        self._release(job, job.repository)
        return job.waiting

    def fail(self, job: BlobJob, *, is_source: bool) -> list[ImageCopy]:
        """The images that fail with it; other repositories try on their own.

        When it is the source that failed, images that come from elsewhere have their own asked next.
        """
        place = _source_of(job.owner)
        rest = [image for image in job.waiting if is_source and _source_of(image) != place]
        failed = [image for image in job.waiting if image not in rest]
        if rest:
            job.waiting = rest
            self._make_ready(job)
        else:
            self._drop(job)
            self._release(job, None)
        return failed

    def forget(self, image: ImageCopy) -> None:
        """The image is given up: what nobody else waits for is cancelled; who owned a job hands it on."""
        for job in image.jobs:
            if job.how is not None or image not in job.waiting:
                continue
            job.waiting.remove(image)
            if not job.waiting:
                job.cancel.set()
                self._drop(job)
                self._release(job, None)

    def _drop(self, job: BlobJob) -> None:
        self._jobs = {place: known for place, known in self._jobs.items() if known is not job}
        self._leaders = {place: known for place, known in self._leaders.items() if known is not job}

    def _release(self, job: BlobJob, mount_from: str | None) -> None:
        followers, job.followers = job.followers, []
        for follower in followers:
            follower.mount_from = mount_from
            self._make_ready(follower)

    def _make_ready(self, job: BlobJob) -> None:
        heapq.heappush(self._ready[job.blob.size <= SMALL_BYTES], (-job.blob.size, next(self._serial), job))


def _source_of(image: ImageCopy) -> tuple[str, str]:
    """Equal for images of which asking one is enough."""
    return image.request.from_endpoint.key, image.request.source.repository
