"""The few Markdown forms that the generated pages are made of; pure."""

import re
from collections.abc import Iterable, Sequence

NOTICE = "<!-- Made by `make docs` from the program itself; change the program, not this page. -->"


def page(title: str, *parts: str) -> str:
    return "\n\n".join([NOTICE, f"# {title}", *(part.strip() for part in parts if part.strip())]) + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def code(text: str) -> str:
    """Inline code; an empty text stays empty."""
    return f"`{text}`" if text else ""


def prose(docstring: str | None) -> str:
    """The first paragraph of a docstring, with Markdown's single backticks."""
    first = (docstring or "").strip().partition("\n\n")[0]
    return re.sub(r"\s+", " ", first).replace("``", "`")


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()
