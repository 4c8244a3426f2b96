"""What a connection test found: values, nothing else."""

from dataclasses import dataclass
from enum import StrEnum

from pierhead.registry.journal import RateLimit
from pierhead.worker.failures import Failure


class StepOutcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Step:
    """``evidence`` is what was seen, ``advice`` what to do about it; empty where there is nothing to say."""

    name: str
    outcome: StepOutcome
    evidence: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """``error`` is that of the first step that failed; None when none did."""

    steps: tuple[Step, ...]
    error: Failure | None = None
    rate_limit: RateLimit | None = None

    @property
    def is_success(self) -> bool:
        return self.error is None


def ok(name: str, evidence: str) -> Step:
    return Step(name, StepOutcome.OK, evidence)


def warning(name: str, evidence: str, advice: str) -> Step:
    return Step(name, StepOutcome.WARNING, evidence, advice)


def skipped(name: str, evidence: str, advice: str = "") -> Step:
    return Step(name, StepOutcome.SKIPPED, evidence, advice)
