"""The table of causes, read once from ``data/causes.toml``. Decides nothing."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from .model import Cause, Step


@dataclass(frozen=True, slots=True)
class CauseTable:
    """``context``: words that show that a line speaks of images; ``foreign``: those of lines that only look alike."""

    causes: tuple[Cause, ...]
    context: tuple[str, ...]
    foreign: tuple[str, ...]

    def of_code(self, code: str) -> Cause | None:
        """The cause that an error of Pierhead's own with this code means."""
        return next((cause for cause in self.causes if code in cause.codes), None)


@cache
def cause_table() -> CauseTable:
    text = resources.files(__package__).joinpath("data", "causes.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return CauseTable(tuple(map(_cause, table["cause"])), tuple(table["context"]), tuple(table["foreign"]))


def _cause(row: dict[str, Any]) -> Cause:
    return Cause(
        code=row["code"],
        title=row["title"],
        meaning=row["meaning"],
        family=row["family"],
        weight=row.get("weight", 50),
        signs=_signs(row["signs"]),
        then=_signs(row.get("then", ())),
        after=tuple(row.get("after", ())),
        unless=tuple(row.get("unless", ())),
        hosts=tuple(row.get("hosts", ())),
        is_anywhere=row.get("anywhere", False),
        is_consequence=row.get("consequence", False),
        codes=tuple(row.get("codes", ())),
        confirmed_by=tuple(row.get("confirmed_by", ())),
        refuted_by=tuple(row.get("refuted_by", ())),
        steps=tuple(Step(*step) for step in row["steps"]),
        docs=tuple(row["docs"]),
    )


def _signs(given: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(part.strip() for part in sign.split("*")) for sign in given)
