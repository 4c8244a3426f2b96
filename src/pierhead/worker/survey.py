"""A survey done: lists where rules need them, then one HEAD for each chosen tag, several at a time.

Failures are part of the result. After one that would meet every further question too (a rate limit, a registry that is
away) nothing more is asked: what was not asked says so, and is never taken for missing. A repository whose tags are
too many for what a survey may hold fails as a whole: half of a list is no list.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pierhead.kit.errors import AppError, RateLimitedError, UnauthenticatedError, UnavailableError
from pierhead.oci.tag_selection import InvalidTagRuleError, TagRules, choices, chosen
from pierhead.protocol import tasks as wire
from pierhead.protocol.survey import (
    SurveyedRepository,
    SurveyedTag,
    SurveyRepository,
    SurveyResult,
    SurveyRules,
    SurveyTask,
)
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.errors import CallCancelledError
from pierhead.registry.transport import Transport

from .access import endpoint_of
from .cancel import CancelToken
from .errors import TooManyTagsError, UnexpectedFailureError
from .wire import failure_about

MAX_LISTED: Final = 1_000_000
MAX_CHOSEN: Final = 20_000
"""Tags of all repositories of a survey."""

_AT_ONCE = 16
_FOR_ALL = (RateLimitedError, UnavailableError, UnauthenticatedError)
T = TypeVar("T")


def survey(task: SurveyTask, transport: Transport, cancel: CancelToken) -> SurveyResult | wire.FailedResult:
    try:
        client = RegistryClient(endpoint_of(task.registry), transport, CallContext(cancel.event))
        return _Survey(task, client, cancel).result()
    except AppError as error:
        return wire.FailedResult(error=failure_about(error, task.registry.url, task.registry))
    except Exception as error:
        unexpected = UnexpectedFailureError(task.registry.url, error)
        return wire.FailedResult(error=failure_about(unexpected, task.registry.url, task.registry))


@dataclass
class _Listed:
    """``tags``: those to tell about; ``listed``: how many there are, None where there is no complete list."""

    asked: SurveyRepository
    tags: tuple[str, ...]
    listed: int | None = None
    problem: tuple[str, str] = ("", "")
    gone: tuple[str, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass
class _Budget:
    """What is left of something that all repositories of a survey share. Thread-safe."""

    what: str
    most: int
    taken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, count: int, repository: str) -> None:
        """Raises TooManyTagsError, and takes nothing."""
        with self.lock:
            if self.taken + count > self.most:
                raise TooManyTagsError(repository, self.what, self.most)
            self.taken += count


@dataclass
class _Survey:
    """One task; ``ended_by`` is the failure after which nothing more is asked."""

    task: SurveyTask
    client: RegistryClient
    cancel: CancelToken
    ended_by: AppError | None = field(default=None)
    listed: _Budget = field(default_factory=lambda: _Budget("listed", MAX_LISTED))
    chosen: _Budget = field(default_factory=lambda: _Budget("chosen", MAX_CHOSEN))

    def result(self) -> SurveyResult:
        with ThreadPoolExecutor(_AT_ONCE, "survey") as pool:
            listed = list(pool.map(self._list, self.task.repositories))
            wanted = [(one.asked, tag) for one in listed for tag in one.tags]
            found = iter(list(pool.map(self._look, wanted)))
        tags = [tuple(next(found) for _ in one.tags) for one in listed]
        limit = self.client.rate_limit
        surveyed = tuple(_surveyed(one, of_it) for one, of_it in zip(listed, tags, strict=True))
        return SurveyResult(repositories=surveyed, pulls_left=limit.remaining if limit else None)

    def _list(self, asked: SurveyRepository) -> _Listed:
        try:
            rules = _rules(asked.rules)
        except InvalidTagRuleError as error:  # of this repository alone
            return _Listed(asked, (), problem=self._told(error, asked.repository))
        found = self._asked(lambda: self._reduced(asked, rules))
        if not isinstance(found, AppError):
            return found
        named = () if isinstance(found, TooManyTagsError) else self._named(asked, rules)
        return _Listed(asked, named, problem=self._told(found, asked.repository))

    def _named(self, asked: SurveyRepository, rules: TagRules) -> tuple[str, ...]:
        """Those that need no list."""
        tags = chosen(rules)
        try:
            self.chosen.take(len(tags), asked.repository)
        except TooManyTagsError:
            return ()  # it has a problem of its own already
        return tags

    def _reduced(self, asked: SurveyRepository, rules: TagRules) -> _Listed:
        """Asks for the list, and keeps of it only what is told. Raises AppError."""
        names = self._names(asked) if rules.needs_list else ()
        tags: list[str] = []
        left_out: Counter[str] = Counter()
        for choice in choices(rules, names, self._pause):
            if choice.is_chosen:
                tags.append(choice.tag)
            else:
                left_out[choice.reason] += 1
        self.chosen.take(len(tags), asked.repository)
        if not rules.needs_list:
            return _Listed(asked, tuple(tags), left_out=left_out)
        there = frozenset(names).intersection(asked.held)
        gone = tuple(tag for tag in asked.held if tag not in there)
        return _Listed(asked, tuple(tags), len(names), gone=gone, left_out=left_out)

    def _names(self, asked: SurveyRepository) -> list[str]:
        names: list[str] = []
        for page in self.client.list_tags(asked.repository):
            self.listed.take(len(page), asked.repository)
            names += page
        return names

    def _pause(self) -> None:
        if self.cancel.is_cancelled:
            raise CallCancelledError

    def _look(self, wanted: tuple[SurveyRepository, str]) -> SurveyedTag:
        asked, tag = wanted
        if tag in asked.known:
            return SurveyedTag(tag=tag, digest=asked.known[tag])
        found = self._asked(lambda: self.client.resolve(asked.repository, tag))
        if isinstance(found, AppError):
            code, problem = self._told(found, f"{asked.repository}:{tag}")
            return SurveyedTag(tag=tag, problem_code=code, problem=problem)
        return SurveyedTag(tag=tag, digest=str(found.digest), media_type=found.media_type, size_bytes=found.size)

    def _asked(self, ask: Callable[[], T]) -> T | AppError:
        if self.ended_by is not None:
            return self.ended_by
        try:
            return ask()
        except AppError as error:
            if isinstance(error, CallCancelledError):
                raise
            if isinstance(error, _FOR_ALL):
                self.ended_by = self.ended_by or error
            return error

    def _told(self, error: AppError, what: str) -> tuple[str, str]:
        failure = failure_about(error, what, self.task.registry)
        return failure.code, failure.message


def _surveyed(one: _Listed, tags: tuple[SurveyedTag, ...]) -> SurveyedRepository:
    code, problem = one.problem
    return SurveyedRepository(
        repository=one.asked.repository,
        tags=tags,
        is_complete=one.listed is not None,
        listed=one.listed or 0,
        gone=one.gone,
        left_out=one.left_out,
        problem_code=code,
        problem=problem,
    )


def _rules(rules: SurveyRules) -> TagRules:
    """Raises InvalidTagRuleError."""
    return TagRules(**rules.model_dump()).check()
