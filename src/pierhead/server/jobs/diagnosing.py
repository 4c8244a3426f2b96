"""A live look at one image through one connector: is it there, for which platform, who is let in, how much is left.

Through the platform or a delegate, as the connector says. Ends within ``WITHIN_S`` with what was found by then. Asks
nobody whether it may: the caller has. Passwords are in nothing that workers report.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pierhead.control.audit import Actor
from pierhead.control.connectors import AnonymousAuth, normalise_url
from pierhead.control.diagnosis import Evidence, Fact, Found, Lead, Outcome, failure_text, masked, nearest
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.oci.errors import InvalidPlatformError
from pierhead.oci.platform import Platform
from pierhead.oci.reference import DOCKER_HUB, Reference
from pierhead.protocol.tasks import RateLimitLeft, ResolveResult, TagsResult, TestReport

from .connector_tasks import Tested, path_of
from .errors import TaskFailedError
from .question_work import named

WITHIN_S = 25.0
MAX_TAGS = 10_000
_SHOWN = 5
_MISSING = frozenset({"manifest-unknown", "repository-unknown"})
_logger = logging.getLogger(__name__)


class Asks(Protocol):
    """As ``ConnectorTasks`` does."""

    def tested(self, scope: Scope, identifier: str, *, by: Actor | None = None) -> Tested: ...
    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult: ...
    def resolve(self, scope: Scope, identifier: str, image: str) -> ResolveResult: ...


@dataclass(frozen=True, slots=True)
class Look:
    """``facts``: short words for what was found, see ``Fact``. ``failures``: what was run into, as the command line
    tells it. ``is_complete``: everything that was to be looked at was."""

    connector: str
    evidence: tuple[Evidence, ...]
    facts: frozenset[str] = frozenset()
    failures: tuple[str, ...] = ()
    is_complete: bool = True


@dataclass
class _Notes:
    """What is found, while the look goes on in a thread of its own. Thread-safe: lists only grow."""

    evidence: list[Evidence] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, check: str, outcome: Outcome, text: str) -> None:
        self.evidence.append(Evidence(check, outcome, masked(text)))

    def kept(self, connector: str, *, is_complete: bool) -> Look:
        return Look(connector, tuple(self.evidence), frozenset(self.facts), tuple(self.failures), is_complete)


class Looking:
    """A look that goes on. ``done`` is called once, when nothing of it is left, however long that takes.

    ``about_quota``: a limit of pulls is what is complained about, so the connector is tested too, which tells the rest.
    """

    def __init__(
        self, tasks: Asks, lead: Lead, found: Found, by: Actor, done: Callable[[], None], *, about_quota: bool = False
    ) -> None:
        self._tasks = tasks
        self._lead = lead
        self._found = found
        self._by = by
        self._done = done
        self._about_quota = about_quota
        self._notes = _Notes()
        self._deadline = time.monotonic() + WITHIN_S
        self._thread = threading.Thread(target=self._run, name="diagnosis", daemon=True)
        self._thread.start()

    def result(self) -> Look:
        """What was found; waits until everything is, at most until the time is over."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        is_complete = not self._thread.is_alive()
        if not is_complete:
            self._notes.add("time", Outcome.WARNING, f"not everything was answered within {WITHIN_S:.0f} s")
        return self._notes.kept(str(self._lead.connector.reference), is_complete=is_complete)

    def _run(self) -> None:
        try:
            self._look()
        except Exception:
            _logger.exception("a live look for a diagnosis failed")
            self._notes.add("look", Outcome.FAILED, "the look failed in Pierhead itself")
        finally:
            self._done()

    def _look(self) -> None:
        connector = self._lead.connector
        path = path_of((connector,))
        self._notes.add("connector", Outcome.OK, f"{self._lead.reason}; {path.reason}")
        if not self._found.repository:
            self._test()
        elif (code := self._resolve()) in _MISSING:
            self._list_tags()
        elif code or self._about_quota:
            self._test()

    def _resolve(self) -> str:
        """The code of what went wrong, empty for nothing."""
        connector = self._lead.connector
        try:
            result = self._tasks.resolve(connector.scope, connector.identifier, self._image())
        except AppError as error:
            return self._note_failure("image", error)
        self._notes.facts += [Fact.TAG_EXISTS, Fact.REPOSITORY_EXISTS]
        self._notes.add("image", Outcome.OK, f"{result.reference} is there: {result.digest}")
        self._note_login()
        self._note_platforms(result)
        return ""

    def _note_failure(self, check: str, error: AppError) -> str:
        code, exchange = error.code, None
        if isinstance(error, TaskFailedError):
            failure = error.failure
            code = failure.code
            exchange = failure.exchange.model_dump() if failure.exchange else None
        self._notes.facts.append(code)
        if code == "manifest-unknown" and (self._found.tag or "latest") == "latest" and not self._found.digest:
            self._notes.facts.append(Fact.LATEST_MISSING)
        if code == "registry-unauthenticated":
            is_anonymous = self._reads_without_login()
            self._notes.facts.append(Fact.LOGIN_WANTED if is_anonymous else Fact.CREDENTIALS_REFUSED)
        self._notes.failures.append(failure_text(self._found.image, code, error.message, exchange))
        self._notes.add(check, Outcome.FAILED, error.message)
        return code

    def _image(self) -> str:
        """As the connector has to be asked: a name without a host is not Docker Hub's for one that leads elsewhere."""
        if self._found.registry != DOCKER_HUB or self._registry() == DOCKER_HUB:
            return self._found.image
        return Reference.parse(self._found.image).familiar()

    def _registry(self) -> str:
        spec = self._lead.connector.spec
        return normalise_url(spec.url, spec.provider_type).registry

    def _reads_without_login(self) -> bool:
        """Whether the connector has no credentials, or has them for another registry than the image's."""
        is_elsewhere = self._registry() == DOCKER_HUB != self._found.registry
        return isinstance(self._lead.connector.spec.auth, AnonymousAuth) or is_elsewhere

    def _note_login(self) -> None:
        if self._reads_without_login():
            self._notes.facts.append(Fact.READ_WITHOUT_LOGIN)
            self._notes.add("login", Outcome.OK, "the image can be read without a login")
        else:
            self._notes.add("login", Outcome.OK, "the connector's credentials are accepted for it")

    def _note_platforms(self, result: ResolveResult) -> None:
        if not result.platforms:
            return
        there = [each.platform for each in result.platforms]
        shown = ", ".join(there[:12])
        wanted = _platform(self._found.platform)
        if wanted is None:
            self._notes.add("platform", Outcome.OK, f"it is built for {shown}")
        elif any(one.satisfies(wanted) for one in map(_platform, there) if one is not None):
            self._notes.facts.append(Fact.PLATFORM_EXISTS)
            self._notes.add("platform", Outcome.OK, f"it is built for {wanted}")
        else:
            self._notes.facts.append(Fact.PLATFORM_ABSENT)
            said = f"the image is not there for {wanted}; it is there for {shown}"
            self._notes.failures.append(failure_text(self._found.image, "platform-not-found", said))
            self._notes.add("platform", Outcome.FAILED, f"it is not built for {wanted}; it is built for {shown}")

    def _list_tags(self) -> None:
        connector = self._lead.connector
        if time.monotonic() > self._deadline:
            return
        try:
            reference = named(connector, self._image())
            repository = f"{reference.registry}/{reference.repository}"
            result = self._tasks.list_tags(connector.scope, connector.identifier, repository, MAX_TAGS)
        except AppError as error:
            self._note_failure("tags", error)
            return
        self._notes.facts.append(Fact.REPOSITORY_EXISTS)
        self._notes.add("tags", Outcome.OK, _told(result, self._found.tag or "latest"))

    def _test(self) -> None:
        """Step by step, because something stands in the way or because it is about quotas."""
        connector = self._lead.connector
        if time.monotonic() > self._deadline:
            return
        report = self._tasks.tested(connector.scope, connector.identifier, by=self._by).report
        self._note_report(report)

    def _note_report(self, report: TestReport) -> None:
        for step in report.steps:
            if step.outcome != "skipped":
                self._notes.add(step.name, Outcome(step.outcome.value), step.evidence)
        if report.error is not None and not self._notes.failures:
            self._notes.facts.append(report.error.code)
            self._notes.failures.append(failure_text(self._found.image, report.error.code, report.error.message))
        if report.rate_limit is not None:
            self._note_quota(report.rate_limit)

    def _note_quota(self, left: RateLimitLeft) -> None:
        if left.remaining is None:
            return
        if left.remaining <= 0:
            self._notes.facts.append(Fact.QUOTA_GONE)
        outcome = Outcome.OK if left.remaining > 0 else Outcome.FAILED
        self._notes.add("quota", outcome, f"{left.remaining} pulls are left of {left.limit} by this way")


def _platform(text: str) -> Platform | None:
    try:
        return Platform.parse(text) if text else None
    except InvalidPlatformError:
        return None


def _told(result: TagsResult, wanted: str) -> str:
    """How many there are, and which of them was probably meant."""
    if not result.tags:
        return "the repository has no tags"
    noun = "tag" if len(result.tags) == 1 else "tags"
    has = f"the repository has {len(result.tags):,} {noun}{' and more' if result.truncated else ''}"
    if wanted in result.tags:
        return f"{has}, and {wanted} is one of them"
    if close := nearest(wanted, result.tags):
        return f"{has}; most like {wanted}: {', '.join(close)}"
    return f"{has}; none is like {wanted}. The last ones: {', '.join(tag[:128] for tag in result.tags[-_SHOWN:])}"
