"""What the guide to gates tells its readers to type works, and prints what it says."""

from typing import Any


def test_the_guide_to_gates(reader: Any, page_of: Any, root: Any) -> None:
    reader.go_to_work()
    reader.start(".venv/bin/pierhead up")
    reader.read(page_of(root / "docs/guides/gates.md"))
