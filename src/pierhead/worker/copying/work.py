"""One image while it is being copied, and one blob on its way; changed by the copy's own thread only."""

import threading
from dataclasses import dataclass, field

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.registry.push import PushClient
from pierhead.worker.failures import Failure

from .blob_copy import How
from .meter import CopyMeter
from .plan import CopyPlan
from .progress import CopyProgress, CopyState
from .request import CopyRequest
from .source import ImageSource

_GOOD = (CopyState.COPIED, CopyState.PRESENT)


@dataclass(slots=True, eq=False)
class BlobJob:
    """A blob to a repository, for all images that need it there. ``owner``: the image whose source is asked.

    ``mount_from``: a repository of the target where the blob is, or will be.
    """

    blob: Descriptor
    owner: "ImageCopy"
    waiting: list["ImageCopy"]
    mount_from: str | None = None
    meter: CopyMeter = field(default_factory=CopyMeter)
    cancel: threading.Event = field(default_factory=threading.Event)
    how: How | None = None
    followers: list["BlobJob"] = field(default_factory=list)

    @property
    def repository(self) -> str:
        return self.owner.request.target.repository


@dataclass(slots=True, eq=False)
class ImageCopy:
    """Times are of the transport's monotonic clock. ``jobs`` has every blob of the plan, done or not."""

    request: CopyRequest
    source: ImageSource
    target: PushClient
    began: float
    cancel: threading.Event
    state: CopyState = CopyState.RESOLVING
    digest: Digest | None = None
    plan: CopyPlan | None = None
    jobs: list[BlobJob] = field(default_factory=list)
    outcome: CopyProgress | None = None
    is_publishing: bool = False
    reported_done: int = -1

    @property
    def is_ready(self) -> bool:
        """Whether all blobs are there, and its documents may follow."""
        is_open = self.plan is not None and self.outcome is None and not self.is_publishing
        return is_open and all(job.how is not None for job in self.jobs)

    @property
    def done_bytes(self) -> int:
        documents = self.plan.documents_bytes if self.plan and self.state is CopyState.COPIED else 0
        return documents + sum(job.blob.size if job.how else job.meter.done for job in self.jobs)

    @property
    def fetched_bytes(self) -> int:
        planned = self.plan.fetched_bytes if self.plan else 0
        return planned + sum(job.meter.fetched for job in self.jobs if job.owner is self)

    @property
    def mounted_bytes(self) -> int:
        """A blob that another image of the same copy brought counts as one that was there."""
        ours = {job.blob.digest for job in self.jobs if job.how is How.COPIED and job.owner is self}
        return sum(job.blob.size for job in self.jobs if job.how and job.blob.digest not in ours)

    def progress(self, now: float, error: Failure | None = None) -> CopyProgress:
        plan = self.plan
        evidence = plan.evidence if plan and self.request.referrers and self.state in _GOOD else None
        total = None if plan is None else plan.documents_bytes + sum(job.blob.size for job in self.jobs)
        return CopyProgress(
            key=self.request.key,
            state=self.state,
            digest=self.digest,
            source_digest=None if plan is None else plan.source_digest,
            bytes_total=total,
            bytes_done=None if plan is None else self.done_bytes,
            bytes_fetched=self.fetched_bytes,
            bytes_mounted=None if plan is None else self.mounted_bytes,
            referrers=evidence.count if evidence else None,
            referrers_left_out=evidence.left_out if evidence else None,
            seconds=now - self.began,
            error=error,
        )
