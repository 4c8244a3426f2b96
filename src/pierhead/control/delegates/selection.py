"""The decision about a task: which delegates may do it, in which order, and for every other one why not; pure.

The rules themselves are in ``field``, what they say to people in ``words``, and what is done about it in ``offering``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .enrolled import Enrolled, Roster
from .field import Field, Verdict, history_of
from .model import Experience, LogLine
from .route import Offers, Route
from .words import line_of, summary


@dataclass(frozen=True, slots=True)
class Decision:
    """``candidates`` may be asked now, best first. ``lines``: a summary, and one line for every delegate."""

    candidates: tuple[Enrolled, ...]
    verdicts: tuple[Verdict, ...]
    lines: tuple[LogLine, ...]


def decide(
    route: Route,
    kind: str,
    enrolled: Iterable[Enrolled],
    *,
    now: datetime,
    experiences: Iterable[Experience] = (),
    running: Mapping[str, int] | None = None,
    offers: Offers | None = None,
) -> Decision:
    """``running``: how many tasks each delegate has now. The order of the input is of no weight."""
    history = history_of(experiences, route.origins, now)
    field = Field(route, kind, Roster(enrolled), history, dict(running or {}), now)
    return decision_of(field, offers or Offers())


def decision_of(field: Field, offers: Offers) -> Decision:
    verdicts = field.everybody(offers)
    lines = (summary(verdicts), *(line_of(field, verdict) for verdict in verdicts))
    return Decision(tuple(field.best(offers)), verdicts, lines)
