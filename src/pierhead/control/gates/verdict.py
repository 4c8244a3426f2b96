"""What gates say of an image: pass, fail or could not check, with reasons; and what is left when exceptions apply."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .settings import GateKind


class Outcome(StrEnum):
    """``FAIL`` and ``COULD_NOT_CHECK`` block."""

    PASS = "pass"  # noqa: S105 - an outcome
    EXCEPTED = "excepted"
    COULD_NOT_CHECK = "could_not_check"
    FAIL = "fail"

    @property
    def blocks(self) -> bool:
        return self in (Outcome.FAIL, Outcome.COULD_NOT_CHECK)


_WORST_LAST = (Outcome.PASS, Outcome.EXCEPTED, Outcome.COULD_NOT_CHECK, Outcome.FAIL)


@dataclass(frozen=True, slots=True)
class Reason:
    """``code`` is stable; ``words`` are for people."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class AppliedException:
    """The exception that keeps a gate from blocking."""

    identifier: str
    reason: str
    made_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class GateResult:
    """``found``: what the gate itself said; ``exception`` turns a block into ``outcome`` EXCEPTED."""

    gate: GateKind
    found: Outcome
    reasons: tuple[Reason, ...]
    exception: AppliedException | None = None

    @property
    def outcome(self) -> Outcome:
        return Outcome.EXCEPTED if self.found.blocks and self.exception is not None else self.found


@dataclass(frozen=True, slots=True)
class Verdict:
    """One result for each gate, in the policy's order. ``policy``: its identifier; ``version`` that of the policy."""

    policy: str
    version: int
    digest: str
    decided_at: datetime
    gates: tuple[GateResult, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of all gates; without any gate nothing was checked."""
        if not self.gates:
            return Outcome.COULD_NOT_CHECK
        return max((result.outcome for result in self.gates), key=_WORST_LAST.index)

    @property
    def blocks(self) -> bool:
        return self.outcome.blocks
