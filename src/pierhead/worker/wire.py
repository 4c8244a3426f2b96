"""The worker's values as messages of the protocol; one function each, no decisions."""

from pierhead.kit.errors import AppError
from pierhead.protocol import tasks as wire
from pierhead.registry.exchange import Exchange
from pierhead.registry.journal import RateLimit

from .connection_test import ConnectionReport
from .copying.progress import CopyProgress
from .failures import Failure, Subject, failure_of
from .progress import ImageProgress


def failure_to_wire(failure: Failure) -> wire.TaskFailure:
    return wire.TaskFailure(
        code=failure.code,
        category=failure.category,
        message=failure.message,
        hint=failure.hint,
        exchange=_exchange(failure.exchange) if failure.exchange else None,
        retryable=failure.retryable,
    )


def failure_about(error: AppError, what: str, registry: wire.RegistryAccess) -> wire.TaskFailure:
    """``what``: the image, or whatever was asked about."""
    return failure_to_wire(failure_of(error, Subject(what, _host(registry.url), registry.connector)))


def copy_to_wire(progress: CopyProgress) -> wire.CopyEvent:
    return wire.CopyEvent(
        key=progress.key,
        state=wire.CopyState(progress.state.value),
        digest=str(progress.digest) if progress.digest else None,
        bytes_total=progress.bytes_total,
        bytes_done=progress.bytes_done,
        bytes_fetched=progress.bytes_fetched,
        bytes_mounted=progress.bytes_mounted,
        source_digest=str(progress.source_digest) if progress.source_digest else None,
        referrers=progress.referrers,
        referrers_left_out=progress.referrers_left_out,
        seconds=progress.seconds,
        error=failure_to_wire(progress.error) if progress.error else None,
    )


def event_to_wire(progress: ImageProgress) -> wire.ImageEvent:
    return wire.ImageEvent(
        key=progress.key,
        state=wire.ImageState(progress.state.value),
        digest=str(progress.digest) if progress.digest else None,
        manifest_digest=str(progress.manifest_digest) if progress.manifest_digest else None,
        bytes_total=progress.bytes_total,
        bytes_done=progress.bytes_done,
        bytes_fetched=progress.bytes_fetched,
        seconds=progress.seconds,
        rate_limit=rate_to_wire(progress.rate_limit),
        error=failure_to_wire(progress.error) if progress.error else None,
        warnings=progress.warnings,
    )


def report_to_wire(report: ConnectionReport) -> wire.TestReport:
    return wire.TestReport(
        outcome="success" if report.is_success else "failure",
        steps=tuple(
            wire.TestStep(
                name=step.name,
                outcome=wire.StepOutcome(step.outcome.value),
                evidence=step.evidence,
                advice=step.advice,
            )
            for step in report.steps
        ),
        error=failure_to_wire(report.error) if report.error else None,
        rate_limit=rate_to_wire(report.rate_limit),
    )


def _exchange(exchange: Exchange) -> wire.HttpExchange:
    return wire.HttpExchange(method=exchange.method, url=exchange.url, status=exchange.status, body=exchange.body)


def rate_to_wire(rate: RateLimit | None) -> wire.RateLimitLeft | None:
    if rate is None:
        return None
    return wire.RateLimitLeft(limit=rate.limit, remaining=rate.remaining, window_s=rate.window_s)


def _host(url: str) -> str:
    """For messages about a URL that may not even be one."""
    return url.partition("://")[2].rpartition("@")[2].partition("/")[0] or url.partition("/")[0]
