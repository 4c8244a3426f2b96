"""Polls watches: lists through the connector's own path, asks digests by HEAD, and keeps what came of it.

On each watch one server at a time: whoever claims it in the database. What goes wrong is kept with the watch.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pierhead.control.connectors import Connector, ConnectorService
from pierhead.control.scopes import Scope
from pierhead.control.sources import (
    Digests,
    Listing,
    Watch,
    Watched,
    WatchEvent,
    WatchMissingError,
    WatchService,
    to_check,
)
from pierhead.kit.errors import AppError
from pierhead.kit.tasks import Loop
from pierhead.protocol.tasks import TagFactsResult, TagsResult
from pierhead.registry.errors import ManifestUnknownError

from .errors import TaskFailedError
from .makers_rights import Made, MakersRights

log = logging.getLogger(__name__)

MAX_TAGS = 100_000
_AT_ONCE = 4
_LOOK_EVERY_S = 5.0
_WAIT_STEP_S = 0.2
_SHOWN = 2000


class Asks(Protocol):
    """Of the questions to registries, those that a poll needs."""

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult: ...

    def read_tags(self, scope: Scope, identifier: str, repository: str, tags: Sequence[str]) -> TagFactsResult: ...


@dataclass(frozen=True, slots=True)
class Polled:
    """The watch after a poll, and what was new."""

    watched: Watched
    events: tuple[WatchEvent, ...]


class WatchPolling:
    """Thread-safe."""

    def __init__(self, watches: WatchService, connectors: ConnectorService, tasks: Asks, rights: MakersRights) -> None:
        self._watches = watches
        self._connectors = connectors
        self._tasks = tasks
        self._rights = rights

    def poll(self, scope: Scope, identifier: str) -> Polled:
        """Asks the registry now, by the rights of the watch's maker. A failing poll is a result.

        Raises WatchMissingError.
        """
        watch = self._watches.get(scope, identifier).watch
        began = self._watches.now
        events: tuple[WatchEvent, ...] = ()
        try:
            connector = self._connectors.resolve(watch.connector, scope)
            made = Made(f"watch [{watch.identifier}]", watch.made_by, watch.last_modified_at)
            self._rights.check(made, connector)
            listing = self._listing(watch, connector)
            digests = self._digests(watch, connector, listing)
        except AppError as error:
            self._watches.fail(watch, code_of(error), error.message[:_SHOWN])
        else:
            events = self._watches.record(watch, began, listing, digests)
        return Polled(self._watches.get(scope, identifier), events)

    def _listing(self, watch: Watch, connector: Connector) -> Listing:
        if watch.rule.tag is not None:
            return Listing((watch.rule.tag,), 1)
        found = self._tasks.list_tags(connector.scope, connector.identifier, watch.image, MAX_TAGS)
        return Listing(watch.rule.matching(found.tags), len(found.tags), found.truncated)

    def _digests(self, watch: Watch, connector: Connector, listing: Listing) -> Digests:
        """Where there is a list, it counts even when no digest could be read."""
        tags = to_check(self._watches.tags(watch.scope, watch.identifier), listing.tags)
        if not tags:
            return Digests({})
        try:
            facts = self._tasks.read_tags(connector.scope, connector.identifier, watch.image, tags)
        except AppError as error:
            if not watch.rule.needs_list:
                raise
            return Digests({}, len(tags), problem_code=code_of(error), problem=error.message[:_SHOWN])
        return _digests_in(facts, len(tags))


class Watching:
    """Polls what is due, a few at once."""

    def __init__(self, watches: WatchService, polling: WatchPolling) -> None:
        self._watches = watches
        self._polling = polling
        self._loop = Loop("watch", self._step)

    def start(self) -> None:
        self._loop.start()

    def close(self) -> None:
        """A poll that is under way is left to itself; another server, or the next start, polls again."""
        self._loop.stop()

    def _step(self, stop: threading.Event) -> float:
        due = self._watches.claim_due(_AT_ONCE)
        polls = [threading.Thread(target=self._poll, args=place, name="watch-poll", daemon=True) for place in due]
        for poll in polls:
            poll.start()
        for poll in polls:
            while poll.is_alive() and not stop.is_set():
                poll.join(_WAIT_STEP_S)
        return _LOOK_EVERY_S if len(due) < _AT_ONCE else 0.0

    def _poll(self, scope: Scope, identifier: str) -> None:
        try:
            self._polling.poll(scope, identifier)
        except WatchMissingError:
            pass  # deleted just now
        except Exception:
            log.exception("the poll of watch %s failed", identifier)


def code_of(error: AppError) -> str:
    """Of a task that failed, the failure's own."""
    return error.failure.code if isinstance(error, TaskFailedError) else error.code


def _digests_in(facts: TagFactsResult, asked: int) -> Digests:
    found = {fact.tag: fact.digest for fact in facts.tags if fact.digest is not None}
    absent = frozenset(fact.tag for fact in facts.tags if fact.problem_code == ManifestUnknownError.code)
    digests = Digests(found, asked, absent)
    bad = next((fact for fact in facts.tags if fact.problem_code and fact.tag not in absent), None)
    return digests if bad is None else replace(digests, problem_code=bad.problem_code, problem=bad.problem[:_SHOWN])
