"""A figure, its aim, and a table of them."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` is to be at most ``aim``; ``detail`` holds the absolute numbers behind a ratio."""

    what: str
    value: float
    aim: float
    unit: str = "x"
    detail: str = ""

    @property
    def is_reached(self) -> bool:
        return self.value <= self.aim

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"isReached": self.is_reached}


def table(figures: list[Figure]) -> str:
    rows = [("what", "measured", "aim", "", "detail")]
    rows += [
        (
            each.what,
            f"{each.value:.3g} {each.unit}",
            f"<= {each.aim:g}",
            "ok" if each.is_reached else "MISSED",
            each.detail,
        )
        for each in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
