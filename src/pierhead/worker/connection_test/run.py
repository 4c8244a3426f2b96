"""The steps of a connection test in their order. A registry's failure is a result here, never an exception."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pierhead.kit.errors import AppError, NotFoundError
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken
from pierhead.worker.errors import UnexpectedFailureError
from pierhead.worker.failures import Failure, Subject, failure_of

from .reach import NAME, TCP, TLS, Reach
from .report import ConnectionReport, Step, StepOutcome, skipped
from .rights import LIST, PULL, SCOPE, Probes, Rights
from .speak import CHALLENGE, CLOCK, LIMIT, TOKEN, VERSION, Speak

TIME_LIMIT_S = 60.0
_OBSERVATIONS = frozenset({LIMIT, CLOCK})  # worth a look whatever failed before
_NOBODY_THERE = frozenset({NAME, TCP, TLS, VERSION})


def run_connection_test(
    endpoint: Endpoint, transport: Transport, images: Sequence[str] = (), *, cancel: CancelToken | None = None
) -> ConnectionReport:
    """``images``: references to try the right to pull on. Ends after 60 s at the latest; never raises.

    An image that is not there fails the test only when none of them is: a mirror need not have all of them.
    """
    deadline = transport.clock.monotonic() + TIME_LIMIT_S
    call = CallContext((cancel or CancelToken()).event, deadline)
    reach = Reach(endpoint, transport.clock, call, judge=transport.judge, policy=transport.addresses)
    client = RegistryClient(endpoint, transport, call)
    probes = Probes.of(images)
    book = _Book(endpoint)
    try:
        for name, step, what in _steps(reach, Speak(client), Rights(client, probes), probes):
            book.take(name, step, what)
        book.forgive_missing()
    finally:
        reach.close()
    return ConnectionReport(tuple(book.steps), book.error, client.rate_limit)


def _steps(reach: Reach, speak: Speak, rights: Rights, probes: Probes) -> Iterator[tuple[str, Callable[[], Step], str]]:
    """Name, step, and the image it is about."""
    yield NAME, reach.name, ""
    yield TCP, reach.tcp, ""
    yield TLS, reach.tls, ""
    yield VERSION, speak.version, ""
    yield CHALLENGE, speak.challenge, ""
    yield TOKEN, speak.token, ""
    for image in probes.images:
        yield PULL, partial(rights.pull, image), image
    if not probes.images or probes.left_out:
        yield PULL, rights.no_pull, ""
    yield LIST, rights.list, ""
    yield SCOPE, rights.scope, ""
    yield LIMIT, speak.limit, ""
    yield CLOCK, speak.clock, ""


@dataclass(slots=True)
class _Book:
    endpoint: Endpoint
    steps: list[Step] = field(default_factory=list)
    failures: dict[int, Failure] = field(default_factory=dict)  # by the number of the step
    missing: list[int] = field(default_factory=list)  # the steps whose image is not there

    @property
    def error(self) -> Failure | None:
        return next(iter(self.failures.values()), None)

    @property
    def failed(self) -> str:
        """The name of the first step that did."""
        return next((self.steps[at].name for at in self.failures), "")

    def take(self, name: str, step: Callable[[], Step], image: str) -> None:
        """A step that needs one that failed is not tried; nothing needs a pull."""
        is_blocked = self.failed not in ("", PULL)
        if is_blocked and (name not in _OBSERVATIONS or self.failed in _NOBODY_THERE):
            self.steps.append(skipped(name, f"not tried, for {self.failed} failed"))
            return
        try:
            self.steps.append(step())
        except AppError as error:
            self._fail(name, error, image)
        except Exception as error:
            self._fail(name, UnexpectedFailureError(image or str(self.endpoint.origin), error), image)

    def forgive_missing(self) -> None:
        """Once one image could be had, another that is not there says nothing about the connector."""
        if not any(step.name == PULL and step.outcome is StepOutcome.OK for step in self.steps):
            return
        for at in self.missing:
            self.steps[at] = replace(self.steps[at], outcome=StepOutcome.WARNING)
            del self.failures[at]

    def _fail(self, name: str, error: AppError, image: str) -> None:
        subject = Subject(image or str(self.endpoint.origin), self.endpoint.origin.authority, self.endpoint.connector)
        failure = failure_of(error, subject)
        if name == PULL and isinstance(error, NotFoundError):
            self.missing.append(len(self.steps))
        self.failures[len(self.steps)] = failure
        self.steps.append(Step(name, StepOutcome.FAILED, failure.message, failure.hint))
