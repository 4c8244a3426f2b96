"""From a policy, evidence and exceptions to a verdict; pure. Every gate is asked, also when one has failed already."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from .evidence import Evidence
from .image_gates import Judgement, judge_age, judge_approval, judge_platforms, judge_rules, judge_size
from .model import GateException, GatePolicy
from .settings import (
    ApprovalRequired,
    Gate,
    GateKind,
    ImageRules,
    MaximumSize,
    MinimumAge,
    Platforms,
    Sbom,
    Signature,
    Vulnerabilities,
)
from .trust_gates import judge_sbom, judge_signature, judge_vulnerabilities
from .verdict import AppliedException, GateResult, Reason, Verdict


def decide(policy: GatePolicy, evidence: Evidence, exceptions: Iterable[GateException], now: datetime) -> Verdict:
    """``exceptions``: all that are kept in the policy's scope and above; those that do not fit are passed over."""
    known = tuple(exceptions)
    results = tuple(_result(policy, gate, evidence, known, now) for gate in policy.gates)
    return Verdict(policy.identifier, policy.version, evidence.digest, now, results)


def _result(
    policy: GatePolicy, gate: Gate, evidence: Evidence, exceptions: Sequence[GateException], now: datetime
) -> GateResult:
    kind = GateKind(gate.kind)
    found, reasons = _judged(gate, evidence, now)
    if not found.blocks:
        return GateResult(kind, found, reasons)
    fitting = [one for one in exceptions if one.covers(policy.identifier, kind, evidence.names, evidence.digest)]
    # The one that holds longest, so that the verdict says until when.
    valid = max((one for one in fitting if not one.is_over(now)), key=lambda one: one.expires_at, default=None)
    if valid is not None:
        applied = AppliedException(valid.identifier, valid.reason, valid.made_by, valid.expires_at)
        return GateResult(kind, found, reasons, applied)
    over = tuple(Reason("exception-expired", _over(one)) for one in fitting)
    return GateResult(kind, found, reasons + over)


def _judged(gate: Gate, evidence: Evidence, now: datetime) -> Judgement:
    judge: Callable[..., Judgement] = _JUDGES[type(gate)]
    return judge(gate, evidence, now)


def _over(one: GateException) -> str:
    return f"the exception {one.identifier} ended at {one.expires_at.isoformat(timespec='minutes')}"


_JUDGES: dict[type, Callable[..., Judgement]] = {
    MinimumAge: judge_age,
    ImageRules: judge_rules,
    MaximumSize: judge_size,
    Platforms: judge_platforms,
    Signature: judge_signature,
    Sbom: judge_sbom,
    Vulnerabilities: judge_vulnerabilities,
    ApprovalRequired: judge_approval,
}
