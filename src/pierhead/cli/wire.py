"""How bytes travel between a command and the API; what they mean is not known here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """``chunks`` yields the body as it arrives; ``close`` may be called at any time, more than once.

    ``cookies``: each as the header ``Set-Cookie`` has it.
    """

    status: int
    content_type: str
    chunks: Iterator[bytes]
    close: Callable[[], None]
    cookies: tuple[str, ...] = ()


class Wire(Protocol):
    @property
    def place(self) -> str:
        """Where the API is, as a person would say it."""

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Raises AppError when there is no answer. ``target`` is path and query."""

    def close(self) -> None: ...
