"""Runs programs as whole processes and says what each cost: wall, processor seconds, peak memory of the process."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, seconds, MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Pairing:
    """Medians of alternating runs; ratios are medians of the ratios of neighbours, so a slow spell hits both sides."""

    ours: Cost
    theirs: Cost
    wall_ratio: float
    cpu_ratio: float


def run(command: Sequence[str]) -> Cost:
    """Raises CalledProcessError, with what the program said, when it fails."""
    with tempfile.NamedTemporaryFile() as output:
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), output.name, *command]
        code, wall_s, cpu_s, peak_mib = json.loads(subprocess.check_output(launcher))
        if code != 0:
            said = Path(output.name).read_text(errors="replace")[-2000:]
            raise subprocess.CalledProcessError(code, command, said)
    return Cost(wall_s, cpu_s, peak_mib)


def together(commands: Sequence[Sequence[str]]) -> Cost:
    """One command after the other, as one piece of work."""
    costs = [run(command) for command in commands]
    return Cost(
        sum(cost.wall_s for cost in costs), sum(cost.cpu_s for cost in costs), max(cost.peak_mib for cost in costs)
    )


def paired(ours: Callable[[], Cost], theirs: Callable[[], Cost], times: int = 5) -> Pairing:
    """Alternates the two, after one uncounted run of each."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(times)]
    return Pairing(
        middle([mine for mine, _ in pairs]),
        middle([other for _, other in pairs]),
        median(mine.wall_s / other.wall_s for mine, other in pairs),
        median(mine.cpu_s / other.cpu_s for mine, other in pairs),
    )


def middle(costs: Sequence[Cost]) -> Cost:
    return Cost(
        median(cost.wall_s for cost in costs),
        median(cost.cpu_s for cost in costs),
        median(cost.peak_mib for cost in costs),
    )
