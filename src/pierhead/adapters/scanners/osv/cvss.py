"""Base scores of CVSS 3.0 and 3.1 vectors (FIRST, "CVSS v3.1 Specification", section 7.1), and words for them; pure."""

from math import ceil
from typing import Final

from pierhead.control.gates import Severity

_WEIGHTS: Final = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES: Final = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}
_WORDS: Final = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "unimportant": Severity.LOW,
    "minimal": Severity.LOW,
}


def base_score(vector: str) -> float | None:
    """From 0.0 to 10.0; None for what is no complete vector of version 3."""
    head, *parts = vector.split("/")
    if head not in ("CVSS:3.0", "CVSS:3.1") or len(parts) > 40:
        return None
    given = dict(part.split(":", 1) for part in parts if ":" in part)
    try:
        weight = {name: values[given[name]] for name, values in _WEIGHTS.items()}
        scope = given["S"]
        privileges = _PRIVILEGES[scope][given["PR"]]
    except KeyError:
        return None
    lost = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    changed = scope == "C"
    impact = 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15 if changed else 6.42 * lost
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    total = (1.08 if changed else 1.0) * (impact + exploitability)
    return _round_up(min(total, 10.0))


def severity_of(score: float) -> Severity:
    """The specification's words; its "none" counts as low."""
    if score >= 9.0:
        return Severity.CRITICAL
    if score >= 7.0:
        return Severity.HIGH
    return Severity.MEDIUM if score >= 4.0 else Severity.LOW


def severity_word(text: object) -> Severity | None:
    """The words of advisory makers; None for any other."""
    return _WORDS.get(text.lower()) if isinstance(text, str) else None


def _round_up(value: float) -> float:
    """To one decimal upwards, in whole numbers so that 4.0 does not become 4.1 (appendix A)."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (ceil(whole / 10_000)) / 10
