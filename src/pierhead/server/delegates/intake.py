"""Bodies on their way in: announced sizes, one budget of bytes for all of them together, a time for each.

Nothing is known here of who sends; whoever reads says under which key the bytes are counted.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from pierhead.kit.limits import KIB, MIB, BodyTooLargeError, SlowBodyError

from .edge import HungUpError
from .refusals import LinkBusyError

IN_FLIGHT_BYTES = 64 * MIB
OF_ONE_BYTES = 16 * MIB
READ_WITHIN_S = 30.0
_COME_BACK_WITHIN_S = 10.0
_DISCARDED_BYTES = 64 * KIB
_DISCARD_WITHIN_S = 5.0


def announced_bytes(scope: Scope, cap_bytes: int) -> int | None:
    """The Content-Length, 0 without a body; None when only its end will tell. Raises BodyTooLargeError."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return None
    given = headers.get("content-length", "0")
    size = int(given) if given.isdecimal() and len(given) <= 20 else cap_bytes + 1
    if size > cap_bytes:
        raise BodyTooLargeError("the request body", cap_bytes)
    return size


class Share:
    """What one body may take of the budget; ``read`` at most once."""

    def __init__(self, budget: "BodyBudget", key: str, announced: int | None) -> None:
        self._budget = budget
        self._key = key
        self._announced = announced
        self.taken = 0
        self.take(announced or 0)

    def take(self, count: int) -> None:
        """Raises LinkBusyError."""
        self._budget.take(self._key, count)
        self.taken += count

    async def read(self, receive: Receive, cap_bytes: int) -> bytes:
        """Raises BodyTooLargeError, SlowBodyError, HungUpError, and LinkBusyError for what was not announced."""
        within_s = self._budget.within_s
        try:
            async with asyncio.timeout(within_s):
                return await self._read(receive, cap_bytes if self._announced is None else self._announced)
        except TimeoutError:
            raise SlowBodyError(within_s) from None

    async def _read(self, receive: Receive, cap_bytes: int) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise HungUpError
            part = message.get("body", b"")
            if len(body) + len(part) > cap_bytes:
                raise BodyTooLargeError("the request body", cap_bytes)
            if self._announced is None:
                self.take(len(part))
            body += part
            if not message.get("more_body", False):
                return bytes(body)


class BodyBudget:
    """For one event loop. Counts what is announced, before a byte of it is read."""

    def __init__(
        self, in_all: int = IN_FLIGHT_BYTES, of_one: int = OF_ONE_BYTES, within_s: float = READ_WITHIN_S
    ) -> None:
        self.in_flight = 0
        self.within_s = within_s
        self._in_all = in_all
        self._of_one = of_one
        self._of_each: Counter[str] = Counter()

    @contextmanager
    def share(self, key: str, announced: int | None) -> Iterator[Share]:
        """Until the body has served. Raises LinkBusyError."""
        share = Share(self, key, announced)
        try:
            yield share
        finally:
            self._give_back(key, share.taken)

    def take(self, key: str, count: int) -> None:
        if self.in_flight + count > self._in_all or self._of_each[key] + count > self._of_one:
            if not self._of_each[key]:
                del self._of_each[key]
            raise LinkBusyError("bytes of requests", _COME_BACK_WITHIN_S)
        self.in_flight += count
        self._of_each[key] += count

    def _give_back(self, key: str, count: int) -> None:
        self.in_flight -= count
        self._of_each[key] -= count
        if self._of_each[key] <= 0:
            del self._of_each[key]


class Inflow:
    """``receive``, and whether it is known to have nothing more to give."""

    __slots__ = ("_receive", "is_over")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_over = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self.is_over = not message.get("more_body", False)
        return message


async def discard(scope: Scope, inflow: Inflow) -> None:
    """Lets a small body come in, and keeps nothing of it: who still sends when we close may not hear the answer."""
    given = Headers(scope=scope).get("content-length", "")
    if not given.isdecimal() or len(given) > 6 or not 0 < int(given) <= _DISCARDED_BYTES:
        return
    try:
        async with asyncio.timeout(_DISCARD_WITHIN_S):
            while not inflow.is_over:
                await inflow()
    except TimeoutError:
        return
