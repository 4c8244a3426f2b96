"""Many images into one layout at once: each tag asked for once, each blob fetched once, names given last.

The calling thread keeps the books and reports; other threads ask registries and move bytes. One image's failure never
stops the others. It starts no process, unpacks nothing and does not decide which image to pull.
"""

import os
from collections.abc import Iterable, Sequence

from pierhead.kit.errors import InvalidInputError
from pierhead.registry.transport import Transport

from .cancel import CancelToken
from .image_request import ImageRequest, PullPolicy
from .progress import ImageOutcome, ImageProgress, ImageState, Reporter, Silence
from .pull_run import PullRun
from .runtimes.oci_layout import OciLayout

__all__ = [
    "CancelToken",
    "ImageOutcome",
    "ImageProgress",
    "ImageRequest",
    "ImageState",
    "PullPolicy",
    "Reporter",
    "pull_images",
]


def pull_images(
    requests: Sequence[ImageRequest],
    layout: OciLayout,
    transport: Transport,
    reporter: Reporter | None = None,
    *,
    cancel: CancelToken | None = None,
    data_threads: int | None = None,
    all_platforms: bool = False,
) -> tuple[ImageOutcome, ...]:
    """The outcome of each request, in their order. Raises InvalidInputError when two requests have the same key.

    ``all_platforms`` keeps whole indexes, whatever platforms the requests name. After a cancel it returns within 2 s.
    """
    if len({request.key for request in requests}) != len(requests):
        raise InvalidInputError("two images of one pull have the same key", hint="give each image a key of its own")
    threads = data_threads or data_threads_for(requests)
    token = cancel or CancelToken()
    return PullRun(requests, layout, transport, reporter or Silence(), token, all_platforms, threads).run()


def data_threads_for(requests: Iterable[ImageRequest]) -> int:
    """As many as cores, 2 to 4, for hashing is the work; one more without TLS (reference: performance, section 3)."""
    is_plain = not any(request.endpoint.origin.is_secure for request in requests)
    return min(4, max(2, len(os.sched_getaffinity(0)) + is_plain))
