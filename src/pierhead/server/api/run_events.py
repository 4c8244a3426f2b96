"""A run as server-sent events: what changed since the last look, until the run is final."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator

from anyio import CapacityLimiter, to_thread

from pierhead.control.pipelines import ImageFacts, Run, RunService, RunState
from pierhead.control.tasks import Bell

from .shares import NOBODY, Share, Shares
from .wire.common import Wire
from .wire.runs import RunImageInfo, RunSummary

EVENT_STREAM = "text/event-stream"
LOOK_EVERY_S = 1.0
KEEP_ALIVE_S = 15.0
EACH = 16
"""Streams of one principal, so that nobody alone keeps all others from following theirs."""
ASK_EVERY_S = 2.0
"""With what grants are remembered at most when no word of a change arrives, still less than five seconds for a right
that is taken away with such a word."""
MayGoOn = Callable[[], bool]
_KEEP_ALIVE = b": still here\n\n"


class RunStreams:
    """The streams that are open in one application; they wait on threads of their own and starve nobody."""

    def __init__(self, runs: RunService, *, max_open: int = 64, each: int = EACH) -> None:
        self._runs = runs
        self._limiter = CapacityLimiter(max_open)
        self._shares = Shares(max_open, each)

    @property
    def open(self) -> int:
        return self._shares.taken

    def stream(
        self, run: Run, may_go_on: MayGoOn = lambda: True, principal: str = NOBODY
    ) -> AsyncGenerator[bytes, None]:
        """Events from now on, beginning with everything as it is in ``run``. Counted before anything is answered.

        ``may_go_on`` is asked every two seconds: whoever has lost the right to the run is told nothing more of it.
        ``principal`` is the key of whoever asks. Raises BusyError.
        """
        return self._events(run, may_go_on, self._shares.take("event streams", principal))

    async def _events(self, run: Run, may_go_on: MayGoOn, share: Share) -> AsyncGenerator[bytes, None]:
        try:
            with self._runs.changes(run.id) as bell:
                async for event in self._events_until_final(run, bell, may_go_on):
                    yield event
        finally:
            share.give_back()

    async def _events_until_final(self, run: Run, bell: Bell, may_go_on: MayGoOn) -> AsyncIterator[bytes]:
        changes = Changes()
        last_sent = asked_at = time.monotonic()
        seen = -1  # so the first wait ends at once: what changed since ``run`` was read is read again
        while True:
            for event in changes.since_last(run):
                yield event
                last_sent = time.monotonic()
            if run.state.is_final:
                return
            if time.monotonic() - last_sent >= KEEP_ALIVE_S:
                yield _KEEP_ALIVE
                last_sent = time.monotonic()
            await to_thread.run_sync(bell.wait, seen, LOOK_EVERY_S, limiter=self._limiter, abandon_on_cancel=True)
            seen = bell.count
            if time.monotonic() - asked_at >= ASK_EVERY_S:
                asked_at = time.monotonic()
                if not await to_thread.run_sync(may_go_on, limiter=self._limiter):
                    return
            run = await to_thread.run_sync(self._runs.get, run.account, run.id, limiter=self._limiter)


class Changes:
    """Remembers what was told, and tells what is new."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[ImageFacts, str | None]] = {}
        self._state: RunState | None = None

    def since_last(self, run: Run) -> Iterator[bytes]:
        for image in run.images:
            place = (image.stage, image.position)
            if self._known.get(place) != (image.facts, image.delegate):
                self._known[place] = (image.facts, image.delegate)
                yield _event("image", RunImageInfo.of(image))
        if self._state is not run.state:
            self._state = run.state
            yield _event("run", RunSummary.of(run))


def _event(kind: str, data: Wire) -> bytes:
    return f"event: {kind}\ndata: {data.model_dump_json(by_alias=True)}\n\n".encode()
