"""Runs programs as whole processes and says what each cost: wall, processor seconds, peak memory of the process."""

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


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
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, output.read()[-2000:].decode())
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def together(commands: Sequence[Sequence[str]]) -> Cost:
    """One command after the other, as one piece of work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    costs = [run(command) for command in commands]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(sum(cost.wall_s for cost in costs), cpu_s, max(cost.peak_mib for cost in costs))


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
