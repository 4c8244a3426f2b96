"""What a command shows: tables, lines and JSON, with colour and width only where a terminal reads them.

Texts from elsewhere are made harmless here, once; rich is imported only for a terminal.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from .format import clean

if TYPE_CHECKING:
    from rich.console import Console

# Words that stand for good, bad and doubtful wherever they are the whole cell.
STYLES: Mapping[str, str] = {
    **dict.fromkeys(
        ("pulled", "copied", "present", "succeeded", "SUCCESS", "ok", "created", "updated", "yes"), "green"
    ),
    **dict.fromkeys(("SUCCEEDED", "ENABLED", "ACTIVE", "Selected", "Assigned"), "green"),
    **dict.fromkeys(("failed", "FAILURE", "FAILED", "DEAD", "error", "-", "Rejected", "Not Selected"), "red"),
    **dict.fromkeys(("cancelled", "warning", "PARTIAL", "running", "skipped", "+"), "yellow"),
    **dict.fromkeys(("CANCELLED", "LEASED", "WAITING_FOR_APPROVAL", "DISABLED", "REVOKED"), "yellow"),
}
_DELETE = "\x7f"  # the one ASCII control character that JSON leaves as it is


class Screen:
    """Results go to ``out``, everything about the way there to ``err``; ``quiet`` silences the latter but errors."""

    def __init__(
        self,
        *,
        is_json: bool = False,
        is_quiet: bool = False,
        has_color: bool = True,
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        self.is_json = is_json
        self.is_quiet = is_quiet
        self.has_color = has_color
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    @property
    def is_terminal(self) -> bool:
        return self._out.isatty()

    @property
    def shows_progress(self) -> bool:
        return self._err.isatty() and not self.is_quiet

    def json(self, data: Any) -> None:
        """The API's data, unchanged; characters that could drive a terminal as ``\\u`` escapes."""
        text = json.dumps(data, indent=2, ensure_ascii=False)
        if not text.isascii() or _DELETE in text:
            text = "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)
        self._out.write(text + "\n")

    def line(self, text: str = "", *, style: str | None = None, indent: int = 0) -> None:
        text = " " * indent + clean(text)
        if style and self.is_terminal and self.has_color:
            self.console().print(text, style=style, markup=False, highlight=False, soft_wrap=True)
        else:
            self._out.write(text + "\n")

    def raw(self, text: str) -> None:
        """Text of our own making that is to be read by a program (YAML, a completion script)."""
        self._out.write(text)

    def note(self, text: str) -> None:
        if not self.is_quiet:
            self._err.write(clean(text) + "\n")

    def fits(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bool:
        """Whether a table stands in the terminal's width without folding; always, where there is none."""
        lines = [tuple(columns), *(tuple("" if cell is None else clean(cell) for cell in row) for row in rows)]
        widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
        return not self.is_terminal or sum(widths) + 3 * len(widths) <= self.console().width

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        texts = [tuple("" if cell is None else clean(cell) for cell in row) for row in rows]
        if self.is_terminal:
            self._rich_table(columns, texts)
        else:
            self._plain_table(columns, texts)

    def pairs(self, pairs: Iterable[tuple[str, object]]) -> None:
        """``name  value`` lines; pairs without a value are left out."""
        kept = [(name, clean(value)) for name, value in pairs if value not in (None, "", [], {})]
        width = max((len(name) for name, _ in kept), default=0)
        for name, value in kept:
            self.line(f"{name:<{width}}  {value}")

    def console(self, *, on_err: bool = False) -> "Console":
        from rich.console import Console  # 80 ms, only for a terminal

        return Console(file=self._err if on_err else self._out, no_color=not self.has_color)

    def _rich_table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for column in table.columns:
            column.overflow = "fold"
        for row in rows:
            table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
        self.console().print(table)

    def _plain_table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        lines = [tuple(column.upper() for column in columns), *rows]
        widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
        for line in lines:
            self._out.write(
                "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
            )


def _escaped(character: str) -> str:
    return "\\u007f" if character == _DELETE else json.dumps(character)[1:-1]
