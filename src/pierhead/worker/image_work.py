"""One image while it is being pulled: what is known of it so far. Changed by the pull's own thread only."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from pierhead.oci.digest import Digest
from pierhead.oci.platform import Platform
from pierhead.registry.client import RegistryClient

from .blob_board import BlobJob
from .errors import PullTimeoutError
from .failures import Failure, Subject
from .image_plan import ImagePlan
from .image_request import ImageRequest
from .progress import ImageOutcome, ImageProgress, ImageState


@dataclass(slots=True, eq=False)
class ImageWork:
    """Times are of the transport's monotonic clock. ``missing``: blobs that are not stored yet, with their jobs."""

    request: ImageRequest
    client: RegistryClient
    wanted: Platform | None
    began: float
    deadline: float | None
    cancel: threading.Event
    state: ImageState = ImageState.RESOLVING
    resolved: Digest | None = None
    plan: ImagePlan | None = None
    missing: dict[Digest, BlobJob] = field(default_factory=dict)
    fetched_bytes: int = 0
    warnings: list[str] = field(default_factory=list)
    outcome: ImageOutcome | None = None
    reported_done: int = -1

    @property
    def subject(self) -> Subject:
        endpoint = self.request.endpoint
        return Subject(self.request.name, endpoint.origin.authority, endpoint.connector)

    @property
    def is_complete(self) -> bool:
        return self.plan is not None and not self.missing and self.outcome is None

    @property
    def total_bytes(self) -> int | None:
        if self.plan is None:
            return None
        return self.plan.documents_bytes + sum(blob.size for blob in self.plan.blobs)

    @property
    def done_bytes(self) -> int | None:
        if self.plan is None:
            return None
        stored = sum(blob.size for blob in self.plan.blobs if blob.digest not in self.missing)
        return self.plan.documents_bytes + stored + sum(job.meter.done for job in self.missing.values())

    def timeout_error(self) -> PullTimeoutError:
        done, total = self.done_bytes or 0, self.total_bytes or 0
        return PullTimeoutError(self.request.name, self.request.timeout_s or 0.0, done, total)

    def progress(self, now: float, error: Failure | None = None) -> ImageProgress:
        kept = self.plan.image.descriptor.digest if self.plan else None
        return ImageProgress(
            key=self.request.key,
            state=self.state,
            digest=self.resolved,
            manifest_digest=kept,
            bytes_total=self.total_bytes,
            bytes_done=self.done_bytes,
            bytes_fetched=self.fetched_bytes + sum(job.meter.fetched for job in self._own_jobs()),
            seconds=now - self.began,
            rate_limit=self.client.rate_limit,
            warnings=tuple(dict.fromkeys([*self.client.warnings, *self.warnings])),
            error=error,
        )

    def _own_jobs(self) -> Iterable[BlobJob]:
        """The ones whose bytes come through this image's connector at the moment."""
        key = self.request.key
        return (job for job in self.missing.values() if job.sources and job.sources[0].image == key)
