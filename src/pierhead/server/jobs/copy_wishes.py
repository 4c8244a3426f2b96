"""Which images a task copies, as that stands in the queue: one by itself, or several in a list.

Within a task each image has a key: ``image`` when it is the only one, else its number from 1 on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pierhead.control.tasks import TaskRow
from pierhead.kit.errors import InvalidInputError
from pierhead.protocol.tasks import IndexMode

from .payloads import Place, place_of

ONLY: Final = "image"
MOST: Final = 200


class SameTargetError(InvalidInputError):
    code = "same-target"

    def __init__(self, name: str) -> None:
        super().__init__(f"two images of the copy go to {name}", hint="give each of them a tag of its own")
        self.name = name


class TooManyCopiesError(InvalidInputError):
    code = "too-many-copies"

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} images cannot be copied in one task", hint=f"name 1 to {MOST}, and start another for the rest"
        )


@dataclass(frozen=True, slots=True)
class CopyAsked:
    """An image as somebody asks for its copy: connectors by reference, as the asker's scope sees them."""

    source_connector: str
    source: str
    target_connector: str
    target: str
    digest: str | None = None
    platforms: tuple[str, ...] = ()
    index: IndexMode = IndexMode.WHOLE
    referrers: bool = False


@dataclass(frozen=True, slots=True)
class CopyWish:
    """``image`` and ``name`` as pipelines write them: where the connectors lead is put before them."""

    source: Place
    image: str
    target: Place
    name: str
    digest: str | None = None
    platforms: tuple[str, ...] = ()
    index: IndexMode = IndexMode.WHOLE
    referrers: bool = False

    def to_json(self) -> dict[str, object]:
        """What goes without saying is left out."""
        more = {"index": self.index.value} if self.index is not IndexMode.WHOLE else {}
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "from": self.image,
            "to": self.name,
            "digest": self.digest,
            "platforms": list(self.platforms),
            **more,
            **({"referrers": True} if self.referrers else {}),
        }


def payload_of(wishes: Sequence[CopyWish]) -> dict[str, object]:
    """Raises TooManyCopiesError, SameTargetError."""
    if not 1 <= len(wishes) <= MOST:
        raise TooManyCopiesError(len(wishes))
    seen: set[tuple[Place, str]] = set()
    for wish in wishes:
        if (wish.target, wish.name) in seen:
            raise SameTargetError(wish.name)
        seen.add((wish.target, wish.name))
    return wishes[0].to_json() if len(wishes) == 1 else {"images": [wish.to_json() for wish in wishes]}


def wishes_in(task: TaskRow) -> dict[str, CopyWish]:
    """By their keys, in order."""
    listed = task.payload.get("images")
    if listed is None:
        return {ONLY: _wish(task.account, task.payload)}
    assert isinstance(listed, list | tuple)
    return {str(number): _wish(task.account, each) for number, each in enumerate(listed, 1)}


def _wish(account: str, given: Mapping[str, object]) -> CopyWish:
    digest, platforms = given.get("digest"), given.get("platforms")
    assert isinstance(platforms, list | tuple)
    return CopyWish(
        source=place_of(account, given["source"]),
        image=str(given["from"]),
        target=place_of(account, given["target"]),
        name=str(given["to"]),
        digest=str(digest) if digest else None,
        platforms=tuple(map(str, platforms)),
        index=IndexMode(str(given.get("index", IndexMode.WHOLE.value))),
        referrers=given.get("referrers") is True,
    )
