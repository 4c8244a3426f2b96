"""Release lines: the default images of one x.y of the core images, when it came out, and its later hotfixes; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from .image_version import ImageVersion
from .model import Infra

Defaults = Mapping[Infra, Mapping[str, str]]
LINE_NAME = re.compile(r"\d{1,9}\.\d{1,9}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hotfix:
    """A later x.y.z of a line; ``fields`` are those it is for, empty for every core image of the line."""

    version: ImageVersion
    released: date | None = None
    fields: frozenset[str] = frozenset()
    note: str = ""

    def covers(self, name: str) -> bool:
        return not self.fields or name in self.fields


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """``released`` is None when nobody has said the day; ``is_own``: a file of the operator has a part in it."""

    name: str
    defaults: Defaults
    released: date | None = None
    hotfixes: tuple[Hotfix, ...] = ()
    note: str = ""
    is_own: bool = False
    number: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        major, minor = self.name.split(".")
        object.__setattr__(self, "number", (int(major), int(minor)))

    def is_out(self, today: date | None) -> bool:
        """Whether it has come out by that day; one without a date has."""
        return today is None or self.released is None or self.released <= today


def newest_first(lines: Iterable[ReleaseLine]) -> tuple[ReleaseLine, ...]:
    return tuple(sorted(lines, key=lambda line: line.number, reverse=True))
