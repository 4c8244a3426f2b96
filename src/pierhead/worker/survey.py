"""A survey done: lists where rules need them, then one HEAD for each chosen tag, several at a time.

Failures are part of the result. After one that would meet every further question too (a rate limit, a registry that is
away) nothing more is asked: what was not asked says so, and is never taken for missing.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from pierhead.kit.errors import AppError, RateLimitedError, UnauthenticatedError, UnavailableError
from pierhead.oci.tag_selection import InvalidTagRuleError, TagRules, chosen, select
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
from .errors import UnexpectedFailureError
from .wire import failure_about

_AT_ONCE = 16
_FOR_ALL = (RateLimitedError, UnavailableError, UnauthenticatedError)
T = TypeVar("T")


def survey(task: SurveyTask, transport: Transport, cancel: CancelToken) -> SurveyResult | wire.FailedResult:
    try:
        client = RegistryClient(endpoint_of(task.registry), transport, CallContext(cancel.event))
        return _Survey(task, client).result()
    except AppError as error:
        return wire.FailedResult(error=failure_about(error, task.registry.url, task.registry))
    except Exception as error:
        unexpected = UnexpectedFailureError(task.registry.url, error)
        return wire.FailedResult(error=failure_about(unexpected, task.registry.url, task.registry))


@dataclass
class _Listed:
    """``tags``: those to tell about; ``names`` every one, None where there is no complete list."""

    asked: SurveyRepository
    tags: tuple[str, ...]
    names: tuple[str, ...] | None = None
    problem: tuple[str, str] = ("", "")
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass
class _Survey:
    """One task; ``ended_by`` is the failure after which nothing more is asked."""

    task: SurveyTask
    client: RegistryClient
    ended_by: AppError | None = field(default=None)

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
            return _Listed(asked, (), None, self._told(error, asked.repository))
        if not rules.needs_list:
            return _listed(asked, rules, None)
        names = self._asked(lambda: tuple(chain.from_iterable(self.client.list_tags(asked.repository))))
        if isinstance(names, AppError):
            return _Listed(asked, chosen(rules), None, self._told(names, asked.repository))
        return _listed(asked, rules, names)

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


def _listed(asked: SurveyRepository, rules: TagRules, names: tuple[str, ...] | None) -> _Listed:
    choices = select(rules, names or ())
    tags = tuple(choice.tag for choice in choices if choice.is_chosen)
    return _Listed(asked, tags, names, left_out=Counter(each.reason for each in choices if not each.is_chosen))


def _surveyed(one: _Listed, tags: tuple[SurveyedTag, ...]) -> SurveyedRepository:
    code, problem = one.problem
    return SurveyedRepository(
        repository=one.asked.repository,
        tags=tags,
        is_complete=one.names is not None,
        listed=len(one.names or ()),
        gone=_gone(one.asked.held, one.names),
        left_out=one.left_out,
        problem_code=code,
        problem=problem,
    )


def _gone(held: Iterable[str], names: tuple[str, ...] | None) -> tuple[str, ...]:
    if names is None:
        return ()
    there = frozenset(names)
    return tuple(tag for tag in held if tag not in there)


def _rules(rules: SurveyRules) -> TagRules:
    """Raises InvalidTagRuleError."""
    return TagRules(**rules.model_dump())
