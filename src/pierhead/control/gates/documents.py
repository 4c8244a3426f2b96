"""Verdicts, policies and exceptions as clients, audit and statements see them; pure."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum

from .model import GateException, GatePolicy
from .verdict import AppliedException, GateResult, Verdict


def verdict_document(verdict: Verdict) -> dict[str, object]:
    return {
        "outcome": verdict.outcome.value,
        "digest": verdict.digest,
        "decidedAt": time_text(verdict.decided_at),
        "gates": [_gate(result) for result in verdict.gates],
    }


def time_text(moment: datetime) -> str:
    """RFC 3339 with the letter Z for UTC."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _gate(result: GateResult) -> dict[str, object]:
    return {
        "gate": result.gate.value,
        "outcome": result.outcome.value,
        "found": result.found.value,
        "reasons": [{"code": reason.code, "message": reason.words} for reason in result.reasons],
        "exception": None if result.exception is None else _exception(result.exception),
    }


def _exception(applied: AppliedException) -> dict[str, object]:
    return {
        "identifier": applied.identifier,
        "reason": applied.reason,
        "madeBy": applied.made_by,
        "expiresAt": time_text(applied.expires_at),
    }


def policy_document(policy: GatePolicy) -> dict[str, object]:
    return {
        **_named(policy),
        "description": policy.description,
        "version": policy.version,
        "gates": [_plain(gate) for gate in policy.gates],
    }


def exception_document(made: GateException) -> dict[str, object]:
    return {
        **_named(made),
        "gate": made.gate.value,
        "image": made.image,
        "policy": made.policy,
        "reason": made.reason,
        "madeBy": made.made_by,
        "expiresAt": time_text(made.expires_at),
    }


def _named(entity: GatePolicy | GateException) -> dict[str, object]:
    return {
        "orgIdentifier": entity.scope.org,
        "projectIdentifier": entity.scope.project,
        "identifier": entity.identifier,
        "name": entity.name,
        "tags": dict(entity.tags),
    }


def _plain(value: object) -> object:
    """A setting with its fields in camelCase."""
    if is_dataclass(value) and not isinstance(value, type):
        return {_camel(each.name): _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return time_text(value)
    return value.value if isinstance(value, StrEnum) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
