"""Before a pin or a connector changes: are the images where runs would pull them, with the bytes of the source?

Asks registries for what tags mean now and for nothing else; nothing is pulled, stored or pinned here. What cannot be
found out is said as such, never taken for a yes. Permissions are asked by the caller.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pierhead.control.catalogue import Infra
from pierhead.control.connectors import Connector
from pierhead.kit.errors import AppError, ConflictError, NotFoundError, category_of
from pierhead.protocol.tasks import ResolveResult

from .errors import TaskFailedError
from .question_work import named

AT_ONCE = 8
WITHIN_S = 110.0
_SHOWN = 5


BUILT_IN_ID = "built-in"
"""The id of a connector that stands for the built-in default, and is stored nowhere."""


class PreflightState(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    DIFFERENT = "different"  # the target has it, with another digest than the source
    UNUSABLE = "unusable"  # no image name, or none that this connector can lead to
    UNCHECKED = "unchecked"  # nobody knows: a registry refused, or did not answer

    @property
    def is_good(self) -> bool:
        return self is PreflightState.PRESENT


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image that a field has, or shall have."""

    infra: Infra
    field: str
    image: str


@dataclass(frozen=True, slots=True)
class PreflightItem:
    """``reference`` is the name at the target, empty when there is none. ``source_digest`` is None when it is the same
    place, or was not asked for."""

    wanted: Wanted
    state: PreflightState
    reason: str
    reference: str = ""
    target_digest: str | None = None
    source_digest: str | None = None


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """``target`` and ``source`` are connectors as one refers to them; ``source`` is empty when nothing was compared."""

    target: str
    source: str
    items: tuple[PreflightItem, ...]

    @property
    def is_good(self) -> bool:
        return all(item.state.is_good for item in self.items)

    @property
    def bad(self) -> tuple[PreflightItem, ...]:
        return tuple(item for item in self.items if not item.state.is_good)


class PreflightRefusedError(ConflictError):
    code = "preflight-refused"

    def __init__(self, report: PreflightReport) -> None:
        told = [f"{item.wanted.field} ({item.state.value}): {item.reason}" for item in report.bad[:_SHOWN]]
        more = len(report.bad) - len(told)
        super().__init__(
            f"nothing was pinned: at {report.target}, " + "; ".join(told) + (f"; and {more} more" if more else ""),
            hint="copy the images there first (`pierhead image copy`), or pin with --force and --reason",
        )
        self.report = report


class Resolver(Protocol):
    def resolve_at(self, connector: Connector, image: str) -> ResolveResult:
        """What the image's tag means now, as the connector would name the image. Raises AppError."""


@dataclass(frozen=True, slots=True, eq=False)  # told apart by being another one: connectors cannot be hashed
class _Asked:
    connector: Connector
    image: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an image has to be; ``error``: it has no name at the target."""

    reference: str = ""
    target: _Asked | None = None
    source: _Asked | None = None
    error: AppError | None = None

    @property
    def questions(self) -> tuple[_Asked, ...]:
        return tuple(asked for asked in (self.target, self.source) if asked is not None)


class Preflight:
    """Thread-safe. ``at_once`` questions at most go out together, and all have to be answered ``within_s``."""

    def __init__(self, resolver: Resolver, *, at_once: int = AT_ONCE, within_s: float = WITHIN_S) -> None:
        self._resolver = resolver
        self._at_once = at_once
        self._within_s = within_s

    def check(self, target: Connector, source: Connector | None, wanted: Iterable[Wanted]) -> PreflightReport:
        """``source`` None: only whether they are there. An image that several fields have is asked for once."""
        images = tuple(wanted)
        placed = {image: _placed(target, source, image) for image in dict.fromkeys(each.image for each in images)}
        questions = [question for place in placed.values() for question in place.questions]
        answers = self._ask(questions)
        items = tuple(_judged(each, placed[each.image], answers) for each in images)
        return PreflightReport(_called(target), "" if source is None else _called(source), items)

    def _ask(self, questions: Sequence[_Asked]) -> Mapping[_Asked, ResolveResult | AppError]:
        if not questions:
            return {}
        pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="preflight")
        end = time.monotonic() + self._within_s
        try:
            futures = {question: pool.submit(self._answer, question) for question in questions}
            wait(futures.values(), timeout=max(0.0, end - time.monotonic()))
            return {question: _of(future) for question, future in futures.items() if future.done()}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, question: _Asked) -> ResolveResult:
        return self._resolver.resolve_at(question.connector, question.image)


def _called(connector: Connector) -> str:
    return BUILT_IN_ID if connector.id == BUILT_IN_ID else str(connector.reference)


def _placed(target: Connector, source: Connector | None, image: str) -> _Place:
    try:
        here = named(target, image)
        there = here if source is None else named(source, image)
    except AppError as error:
        return _Place(error=error)
    asked = _Asked(target, image)
    return _Place(str(here), asked, None if source is None or there == here else _Asked(source, image))


def _of(future: Future[ResolveResult]) -> ResolveResult | AppError:
    error = future.exception()
    if isinstance(error, AppError):
        return error
    return future.result()  # a fault of ours is not a finding


def _judged(wanted: Wanted, place: _Place, answers: Mapping[_Asked, ResolveResult | AppError]) -> PreflightItem:
    if place.error is not None or place.target is None:
        return PreflightItem(wanted, PreflightState.UNUSABLE, place.error.message if place.error else "")
    here = answers.get(place.target)
    if not isinstance(here, ResolveResult):
        return PreflightItem(wanted, *_failed(here, place.reference), place.reference)
    if place.source is None:
        return PreflightItem(wanted, PreflightState.PRESENT, "it is there", place.reference, here.digest)
    there = answers.get(place.source)
    if not isinstance(there, ResolveResult):
        told = "nobody answered in time" if there is None else there.message
        reason = f"it is there, but its source could not be compared: {told}"
        return PreflightItem(wanted, PreflightState.UNCHECKED, reason, place.reference, here.digest)
    same = here.digest == there.digest
    reason = "it is there, as at the source" if same else f"it is {here.digest} there, and {there.digest} at the source"
    state = PreflightState.PRESENT if same else PreflightState.DIFFERENT
    return PreflightItem(wanted, state, reason, place.reference, here.digest, there.digest)


def _failed(error: AppError | None, reference: str) -> tuple[PreflightState, str]:
    if error is None:
        return PreflightState.UNCHECKED, f"nobody answered for {reference} in time"
    category = error.category if isinstance(error, TaskFailedError) else category_of(error)
    if category is NotFoundError:
        return PreflightState.ABSENT, error.message
    return PreflightState.UNCHECKED, f"it could not be checked: {error.message}"
