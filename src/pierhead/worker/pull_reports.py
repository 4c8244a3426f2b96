"""What is told of a pull while it goes on: every change of state at once, bytes a few times a second."""

from collections.abc import Iterable

from pierhead.kit.clock import Clock

from .failures import Failure
from .image_work import ImageWork
from .progress import ImageState, Reporter

_PAUSE_S = 0.25


class PullReports:
    """Used from the thread of the pull only, so the reporter hears everything in order."""

    def __init__(self, reporter: Reporter, clock: Clock) -> None:
        self._reporter = reporter
        self._clock = clock
        self._next_at = clock.monotonic()

    def tell(self, image: ImageWork) -> None:
        self._reporter.event(image.progress(self._clock.monotonic()))

    def tell_end(self, image: ImageWork, state: ImageState, failure: Failure | None = None) -> None:
        """The last event of an image, which is its outcome."""
        image.state = state
        image.outcome = image.progress(self._clock.monotonic(), failure)
        self._reporter.event(image.outcome)

    def tell_bytes(self, images: Iterable[ImageWork]) -> None:
        """Of those whose count has changed, unless it was told just now."""
        now = self._clock.monotonic()
        if now < self._next_at:
            return
        self._next_at = now + _PAUSE_S
        for image in images:
            done = image.done_bytes
            if image.state is ImageState.PULLING and done is not None and done != image.reported_done:
                image.reported_done = done
                self.tell(image)
