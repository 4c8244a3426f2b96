"""What a request carries: bytes that are there, or bytes that come while they are sent. Its length is always known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Piece = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Whole:
    """Can be sent as often as needed. When all is sent and no answer is here yet, ``meanwhile`` is
    called again and again, until it says False."""

    data: Piece = field(repr=False)
    meanwhile: Callable[[], bool] | None = None

    @property
    def length(self) -> int:
        return len(self.data)

    @property
    def is_replayable(self) -> bool:
        return True

    def pieces(self) -> Iterable[Piece]:
        yield self.data
        while self.meanwhile is not None and self.meanwhile():
            yield b""


@dataclass(frozen=True, slots=True)
class Streamed:
    """Can be sent once: ``source`` gives its pieces, ``length`` bytes in all, only while they are sent."""

    length: int
    source: Iterable[Piece] = field(repr=False)

    @property
    def is_replayable(self) -> bool:
        return False

    def pieces(self) -> Iterable[Piece]:
        return self.source


Payload = Whole | Streamed
