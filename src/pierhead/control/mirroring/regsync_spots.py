"""The values of a regsync file with the lines that they stand in, and what has to be told about them; pure.

A value of the wrong form is refused, for nobody knows what was meant; what is only not known here is told and passed
over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pierhead.kit.errors import InvalidInputError

Path = tuple[str | int, ...]
_MOST_TOLD = 500


class InvalidRegsyncError(InvalidInputError):
    """``line`` counts from 1."""

    code = "regsync-file-invalid"

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}", hint="it has to be a file that regsync itself takes (version 1)")
        self.line = line


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """Something that is not taken over as it stands."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass(slots=True)
class Notes:
    """Each told once, however often an alias repeats it; so many at most."""

    _told: dict[Told, None] = field(default_factory=dict)

    def tell(self, line: int, text: str) -> None:
        if len(self._told) < _MOST_TOLD:
            self._told[Told(line, text)] = None

    def all(self) -> tuple[Told, ...]:
        return tuple(sorted(self._told))


@dataclass(frozen=True, slots=True)
class Spot:
    """``value``: a text, a list, a mapping, or None. ``lines``: where each value of the file stands."""

    value: object
    lines: Mapping[Path, int]
    notes: Notes
    path: Path = ()

    @property
    def line(self) -> int:
        return self.lines.get(self.path, 1)

    def tell(self, text: str) -> None:
        self.notes.tell(self.line, text)

    def error(self, why: str) -> InvalidRegsyncError:
        return InvalidRegsyncError(self.line, why)

    def fields(self, what: str, known: Iterable[str]) -> dict[str, "Spot"]:
        """Those with a value. ``x-...`` is anybody's own; others that are not ``known`` are told. Raises
        InvalidRegsyncError."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.error(f"{what} has to have fields")
        found = {str(name): self._at(value, name) for name, value in self.value.items() if value is not None}
        names = frozenset(known)
        for name, spot in found.items():
            if name not in names and not name.startswith("x-"):
                spot.tell(f"{what} has a field {name[:80]!r} that is not known here; it is left")
        return {name: spot for name, spot in found.items() if name in names}

    def items(self, what: str) -> list["Spot"]:
        """Raises InvalidRegsyncError."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.error(f"{what} has to be a list")
        return [self._at(value, index) for index, value in enumerate(self.value)]

    def text(self, what: str) -> str:
        """Raises InvalidRegsyncError."""
        if not isinstance(self.value, str):
            raise self.error(f"{what} has to be a text")
        return self.value.strip()

    def texts(self, what: str) -> list[str]:
        return [item.text(what) for item in self.items(what)]

    def flag(self, what: str) -> bool:
        text = self.text(what).lower()
        if text not in ("true", "false"):
            raise self.error(f"{what} has to be true or false")
        return text == "true"

    def number(self, what: str) -> int:
        text = self.text(what)
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise self.error(f"{what} has to be a whole number")
        return int(text)

    def _at(self, value: object, step: str | int) -> "Spot":
        return Spot(value, self.lines, self.notes, (*self.path, step))
