"""What is to be done next about a task that waits for a delegate; pure (harness-api §4.2).

One delegate is asked, the next after five seconds; when all were asked a round is over, followed by a pause of as many
minutes as rounds are over; after the last round the task is given up. Who is full is asked when there is room, and no
round ends for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pierhead.kit.errors import AppError

from .enrolled import Enrolled
from .field import Field, Standing, Verdict
from .model import FAILURE_COUNTS_FOR, LogLine
from .route import Offers
from .task_errors import (
    NoActiveDelegatesError,
    NoEligibleDelegatesError,
    Reason,
    RegistryOutOfReachError,
    TaskNotAssignedError,
)
from .words import broadcast, info, log_lines, names, secret_remedy, why

ANSWER_WITHIN = timedelta(seconds=5)
FULL_PAUSE = timedelta(seconds=10)
ROUND_PAUSE = timedelta(seconds=60)
_ONE_BY_ONE = 3
_AT_ONCE = 10
"""The first three of a round are asked one after the other, then ten together, so that a round of many is no hour."""
_IN_A_ROUND = 103
"""More are not asked in one round, however many there are; the next one begins with those that were not asked yet."""
_OF_ROUNDS = {Standing.READY, Standing.ASKED, Standing.INACTIVE}


@dataclass(frozen=True, slots=True)
class Step:
    """``offers`` is the state after it; look again at ``look_at``. ``asked``: who is offered the task with this step.

    With an ``error`` the task is given up. ``is_full``: somebody fits who has no room just now.
    """

    offers: Offers
    look_at: datetime | None
    asked: tuple[Enrolled, ...] = ()
    lines: tuple[LogLine, ...] = ()
    error: AppError | None = None
    is_full: bool = False


def next_step(field: Field, offers: Offers) -> Step:
    if offers.until is not None and field.now < offers.until and field.is_open(offers):
        return Step(offers, offers.until)
    best = field.best(offers, _how_many(offers))
    if best:
        return _ask(field, offers, best)
    verdicts = field.look(offers)
    error = _hopeless(field, verdicts)
    return _give_up(field, offers, error) if error else _wait(field, offers, verdicts)


def _how_many(offers: Offers) -> int:
    """How many are asked together, in a round that has asked so many so far."""
    if len(offers.asked) < _ONE_BY_ONE:
        return 1
    return min(_AT_ONCE, max(0, _IN_A_ROUND - len(offers.asked)))


def _ask(field: Field, offers: Offers, best: Sequence[Enrolled]) -> Step:
    is_first = offers.round == 1 and not offers.asked and not offers.said
    sessions = {one.id: one.delegate.session for one in best}
    until = field.now + ANSWER_WITHIN
    asked = replace(
        offers, asked={**offers.asked, **sessions}, latest=tuple(sessions), until=until, said=offers.said or "asked"
    )
    lines = (*(log_lines(field, offers) if is_first else ()), *broadcast(best))
    return Step(asked, until, tuple(best), lines)


def _hopeless(field: Field, verdicts: Sequence[Verdict]) -> AppError | None:
    """What can be said at once, because nothing that may still happen to the task's own delegates changes it."""
    standings = {verdict.standing for verdict in verdicts}
    if not verdicts:
        remedy = secret_remedy(field.route.scope, field.route.secrets) if Standing.NO_SECRET in field.misfits else ""
        return NoEligibleDelegatesError(_misfit_reasons(field), sum(map(len, field.misfits.values())), remedy)
    if standings == {Standing.DECLINED}:
        return _out_of_reach(field, verdicts)
    if field.route.waits or standings & {Standing.FULL, Standing.ASKED}:
        return None
    return _exhausted(field, verdicts)


def _wait(field: Field, offers: Offers, verdicts: Sequence[Verdict]) -> Step:
    now, standings = field.now, {verdict.standing for verdict in verdicts}
    moments = _moments(field, verdicts)
    said = "full" if Standing.FULL in standings else "denied"
    if not standings & _OF_ROUNDS or (said == "full" and Standing.ASKED not in standings):
        return _look_again(field, offers, min(moments), said, verdicts)
    if offers.is_resting and offers.until is not None:
        if now >= offers.until:
            return next_step(field, Offers(offers.round + 1, declined=offers.declined, said=offers.said))
        return _look_again(field, offers, min([offers.until, *moments]), offers.said, verdicts)
    if offers.round < field.route.rounds:
        until = now + offers.round * ROUND_PAUSE
        rest = replace(offers, latest=(), until=until)
        return _look_again(field, rest, min([until, *moments]), f"round {rest.round}", verdicts)
    if moments:
        return _look_again(field, offers, min(moments), said, verdicts)
    return _give_up(field, offers, _exhausted(field, verdicts))


def _moments(field: Field, verdicts: Sequence[Verdict]) -> list[datetime]:
    """When somebody who is out of the question now may be asked after all, rounds or not."""
    moments = [field.now + FULL_PAUSE] if any(v.standing is Standing.FULL for v in verdicts) else []
    if field.route.waits:
        denials = [v.record for v in verdicts if v.standing is Standing.DENIED and v.record]
        moments += [record.at + FAILURE_COUNTS_FOR for record in denials]
    return moments


def _look_again(field: Field, offers: Offers, look_at: datetime, said: str, verdicts: Sequence[Verdict]) -> Step:
    is_full = any(verdict.standing is Standing.FULL for verdict in verdicts)
    if offers.said == said:
        return Step(offers, look_at, is_full=is_full)
    lines = () if offers.said else log_lines(field, offers)
    text = _waiting_text(field, offers, said, verdicts)
    return Step(replace(offers, said=said), look_at, lines=(*lines, info(text)), is_full=is_full)


def _waiting_text(field: Field, offers: Offers, said: str, verdicts: Sequence[Verdict]) -> str:
    def of(*standings: Standing) -> str:
        return names(verdict.one for verdict in verdicts if verdict.standing in standings)

    if said == "full":
        return f"All eligible delegates are at capacity; it waits for room: {of(Standing.FULL)}"
    if said == "denied":
        return f"It waits until delegate(s) may try the registry again: {of(Standing.DENIED)}"
    pause = f"round {offers.round} of {field.route.rounds} is over, the next begins in {offers.round} min"
    if any(verdict.standing is Standing.ASKED for verdict in verdicts):
        return f"Nobody has taken it yet ({of(Standing.ASKED)} were asked): {pause}"
    return f"Account has no active delegates that fit. Non active delegates: {of(Standing.INACTIVE)}; {pause}"


def _give_up(field: Field, offers: Offers, error: AppError) -> Step:
    return Step(offers, None, lines=(*log_lines(field, offers), info(error.message)), error=error)


def _exhausted(field: Field, verdicts: Sequence[Verdict]) -> AppError:
    standings = {verdict.standing for verdict in verdicts}
    if standings == {Standing.INACTIVE}:
        return NoActiveDelegatesError(tuple((v.one.label, v.reason) for v in verdicts))
    if standings & {Standing.ASKED, Standing.FULL}:
        return TaskNotAssignedError(field.route.rounds, _reasons(field, verdicts))
    return _out_of_reach(field, verdicts)


def _out_of_reach(field: Field, verdicts: Sequence[Verdict]) -> RegistryOutOfReachError:
    return RegistryOutOfReachError(field.route.origins, _reasons(field, verdicts))


def _reasons(field: Field, verdicts: Sequence[Verdict]) -> tuple[Reason, ...]:
    worst = sorted(verdicts, key=lambda v: (-v.standing, v.one.label, v.one.id))
    return tuple((verdict.one.label, why(field, verdict)) for verdict in worst)


def _misfit_reasons(field: Field) -> tuple[Reason, ...]:
    """Some of those that come closest: the next best thing to do is to look at them."""
    close = [Verdict(one, standing) for standing, ones in sorted(field.misfits.items()) for one in ones[:_AT_ONCE]]
    return tuple((verdict.one.label, why(field, verdict)) for verdict in close[:_AT_ONCE])
