"""What the selection log says, for people, beginning with the reference's words (harness-api §4.5); pure."""

from collections.abc import Iterable, Sequence

from pierhead.control.scopes import Scope

from .enrolled import Enrolled, by_name, when
from .field import Field, Standing, Verdict, missing_selectors
from .model import FAILURE_COUNTS_FOR, Conclusion, LogLine
from .route import Offers

_ONE_BY_ONE = 50
_NAMED = 20

_REASONS = {
    Standing.INACTIVE: "Non active delegates",
    Standing.DENIED: "Delegate(s) that did not reach the registry lately",
    Standing.DECLINED: "Delegate(s) that gave the task back",
    Standing.NO_SECRET: "Delegate(s) that may not see the connector's secret",
    Standing.NO_SELECTOR: "Delegate(s) don't have selectors",
    Standing.NO_KIND: "Task type not supported by delegate(s)",
    Standing.NO_OWNER: "Delegate(s) without the right ownership to execute task",
}


def why(field: Field, verdict: Verdict) -> str:
    """In a few words, as in "gpu-1: …"."""
    one = verdict.one
    match verdict.standing:
        case Standing.READY:
            return f"eligible: {_history(field, one)}, {_load(verdict)}"
        case Standing.ASKED:
            return f"eligible, and asked already: {_history(field, one)}, {_load(verdict)}"
        case Standing.FULL:
            return f"eligible, but at capacity: {_load(verdict)}"
        case Standing.DENIED:
            return _denial(verdict)
        case Standing.INACTIVE:
            return f"not active: it {verdict.reason}"
        case Standing.DECLINED:
            return f"gave this task back: {verdict.reason}"
        case _:
            return _misfit(field, verdict)


def _misfit(field: Field, verdict: Verdict) -> str:
    one, delegate = verdict.one, verdict.one.delegate
    if verdict.standing is Standing.NO_SECRET:
        return not_shown(delegate.scope, field.route.secrets)
    if verdict.standing is Standing.NO_SELECTOR:
        missing = ", ".join(missing_selectors(one, field.route.selectors))
        return f"{_REASONS[Standing.NO_SELECTOR]} {missing}; it has {', '.join(sorted(one.selectors))}"
    if verdict.standing is Standing.NO_KIND:
        does = ", ".join(delegate.kinds) or "nothing"
        return f"Task type not supported by delegate(s): {field.kind}; it does {does}"
    return f"belongs to {owner(delegate.scope)} and serves nothing else; the task is of {owner(field.route.scope)}"


def not_shown(owned_by: Scope, secrets: Sequence[Scope]) -> str:
    """Why a delegate may not have a task that shows secrets of these scopes."""
    of = next((scope for scope in secrets if not owned_by.contains(scope)), owned_by)
    return f"belongs to {owner(owned_by)}, and the connector's secret to {owner(of)}: it may not see it"


def secret_remedy(scope: Scope, secrets: Sequence[Scope]) -> str:
    """What to do about it; ``scope`` is who asks."""
    owners = " and ".join(owner(one) for one in secrets)
    own = "" if scope in secrets else f", or a connector and a secret of {owner(scope)}"
    return f"take a delegate of {owners}{own}"


def line_of(field: Field, verdict: Verdict) -> LogLine:
    is_eligible = verdict.standing <= Standing.FULL
    conclusion = Conclusion.SELECTED if is_eligible else Conclusion.NOT_SELECTED
    return LogLine(conclusion, why(field, verdict), verdict.one.label, verdict.one.id)


def log_lines(field: Field, offers: Offers) -> tuple[LogLine, ...]:
    """A summary, and why not the others; many of them that are not eligible share a line for each reason."""
    if offers.declined:
        return _log_lines(field, offers)
    field.log = field.log or _log_lines(field, offers)
    return field.log


def _log_lines(field: Field, offers: Offers) -> tuple[LogLine, ...]:
    near = field.look(offers)
    others = sum(len(ones) for ones in field.misfits.values()) + sum(v.standing > Standing.FULL for v in near)
    if others <= _ONE_BY_ONE:
        verdicts = field.everybody(offers)
        return (summary(verdicts), *(line_of(field, v) for v in verdicts if v.standing > Standing.FULL))
    groups = {standing: [v.one for v in near if v.standing is standing] for standing in _REASONS if standing.is_fit}
    groups |= field.misfits
    reasons = sorted((standing, ones) for standing, ones in groups.items() if ones)
    return (summary(near), *(_shared_line(field, standing, ones) for standing, ones in reasons))


def summary(verdicts: Iterable[Verdict]) -> LogLine:
    eligible = [verdict.one for verdict in verdicts if verdict.standing <= Standing.FULL]
    if eligible:
        return LogLine(Conclusion.SELECTED, f"Delegate(s) eligible to execute task: {names(eligible)}")
    return LogLine(Conclusion.INFO, "No eligible delegate(s) in account to execute task.")


def broadcast(asked: Sequence[Enrolled]) -> tuple[LogLine, ...]:
    return tuple(
        LogLine(Conclusion.BROADCAST, f"Broadcasting to delegate(s): {one.label}", one.label, one.id) for one in asked
    )


def info(text: str) -> LogLine:
    return LogLine(Conclusion.INFO, text)


def owner(scope: Scope) -> str:
    if scope.project is not None:
        return f"project {scope.org}/{scope.project}"
    return "the account" if scope.org is None else f"organization {scope.org}"


def names(ones: Iterable[Enrolled]) -> str:
    found = by_name(ones)
    rest = len(found) - _NAMED
    return ", ".join(one.label for one in found[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _shared_line(field: Field, standing: Standing, ones: Sequence[Enrolled]) -> LogLine:
    wanted = f" {', '.join(field.route.selectors)}" if standing is Standing.NO_SELECTOR else ""
    return LogLine(Conclusion.NOT_SELECTED, f"{_REASONS[standing]}{wanted}: {len(ones):,}: {names(ones)}")


def _history(field: Field, one: Enrolled) -> str:
    unproven = field.unproven(one)
    if unproven:
        return f"not known to reach {', '.join(unproven)}"
    return f"has reached {', '.join(field.route.origins)}" if field.route.origins else "has nothing to reach"


def _load(verdict: Verdict) -> str:
    return f"runs {verdict.running} of {verdict.one.delegate.capacity}"


def _denial(verdict: Verdict) -> str:
    record = verdict.record
    if record is None:
        return "did not reach the registry lately"
    until = when(record.at + FAILURE_COUNTS_FOR)
    return f"did not reach {record.origin} at {when(record.at)} ({record.reason}); not asked again until {until}"
