"""Many images from registry to registry at once: each tag asked for once, each blob moved once, tags set last.

The calling thread keeps the books and reports; other threads ask registries and move bytes. One image's failure never
stops the others. Nothing is kept on disk, and of a blob never more than a piece in memory.
"""

import os
from collections.abc import Callable, Sequence

from pierhead.kit.errors import InvalidInputError
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken

from .checkpoint import Document
from .progress import CopyProgress, Report
from .request import CopyRequest
from .run import CopyRun
from .source import OpenSource, registries


def copy_images(
    requests: Sequence[CopyRequest],
    transport: Transport,
    report: Report,
    *,
    checkpoint: Callable[[Document], None] | None = None,
    left: Document | None = None,
    cancel: CancelToken | None = None,
    data_threads: int | None = None,
    open_source: OpenSource | None = None,
) -> tuple[CopyProgress, ...]:
    """The outcome of each request, in their order. Raises InvalidInputError when two requests have the same key.

    ``checkpoint`` is given, on the calling thread, what another attempt needs to go on; that attempt gets it as
    ``left``. After a cancel it returns within 2 s. ``open_source``: where images come from, when not from registries.
    """
    if len({request.key for request in requests}) != len(requests):
        raise InvalidInputError("two images of one copy have the same key", hint="give each image a key of its own")
    threads = data_threads or min(4, max(2, len(os.sched_getaffinity(0)) + 1))
    source = open_source or registries(transport)
    return CopyRun(requests, transport, report, checkpoint, left, cancel or CancelToken(), threads, source).run()
