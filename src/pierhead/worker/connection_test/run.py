"""The steps of a connection test in their order. A registry's failure is a result here, never an exception."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pierhead.kit.errors import AppError
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken
from pierhead.worker.errors import UnexpectedFailureError
from pierhead.worker.failures import Failure, Subject, failure_of

from .reach import NAME, TCP, TLS, Reach
from .report import ConnectionReport, Step, StepOutcome, skipped
from .speak import CHALLENGE, CLOCK, LIMIT, PULL, TOKEN, VERSION, Speak

TIME_LIMIT_S = 60.0
_OBSERVATIONS = frozenset({LIMIT, CLOCK})  # worth a look whatever failed before


def run_connection_test(
    endpoint: Endpoint,
    transport: Transport,
    images: Sequence[str] = (),
    *,
    cancel: CancelToken | None = None,
) -> ConnectionReport:
    """``images``: references to try the right to pull on. Ends after 60 s at the latest; never raises."""
    deadline = transport.clock.monotonic() + TIME_LIMIT_S
    call = CallContext((cancel or CancelToken()).event, deadline)
    probe_image = images[0] if images else None
    reach = Reach(endpoint, transport.clock, call)
    client = RegistryClient(endpoint, transport, call)
    speak = Speak(client, probe_image)
    book = _Book(Subject(probe_image or str(endpoint.origin), endpoint.origin.authority, endpoint.connector))
    try:
        for name, step in _steps(reach, speak):
            book.take(name, step)
    finally:
        reach.close()
    return ConnectionReport(tuple(book.steps), book.error, client.rate_limit)


def _steps(reach: Reach, speak: Speak) -> tuple[tuple[str, Callable[[], Step]], ...]:
    return (
        (NAME, reach.name),
        (TCP, reach.tcp),
        (TLS, reach.tls),
        (VERSION, speak.version),
        (CHALLENGE, speak.challenge),
        (TOKEN, speak.token),
        (PULL, speak.pull),
        (LIMIT, speak.limit),
        (CLOCK, speak.clock),
    )


@dataclass(slots=True)
class _Book:
    subject: Subject
    steps: list[Step] = field(default_factory=list)
    error: Failure | None = None
    failed: str = ""

    def take(self, name: str, step: Callable[[], Step]) -> None:
        if self.failed and (name not in _OBSERVATIONS or self.failed in (NAME, TCP, TLS, VERSION)):
            self.steps.append(skipped(name, f"not tried, for {self.failed} failed"))
            return
        try:
            self.steps.append(step())
        except AppError as error:
            self._fail(name, error)
        except Exception as error:
            self._fail(name, UnexpectedFailureError(self.subject.what, error))

    def _fail(self, name: str, error: AppError) -> None:
        failure = failure_of(error, self.subject)
        self.steps.append(Step(name, StepOutcome.FAILED, failure.message, failure.hint))
        self.error = self.error or failure
        self.failed = self.failed or name
