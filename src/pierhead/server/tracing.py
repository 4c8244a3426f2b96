"""Spans for OpenTelemetry, exported by OTLP over HTTP. The libraries for it are an extra of the package.

Where spans go and what the service is called say the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS,
OTEL_SERVICE_NAME and so on), which the libraries read by themselves. A span holds no more than a line of the log.
"""

import time
from typing import TYPE_CHECKING, Any, Final

from pierhead import __version__
from pierhead.kit.errors import UnsupportedError
from pierhead.kit.log import RequestFacts

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_FLUSH_WITHIN_MS: Final = 3000
_SERVER_ERROR: Final = 500


class TracingMissingError(UnsupportedError):
    code = "tracing-not-installed"

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"spans are asked for, and {missing} is not installed",
            hint="install pierhead[opentelemetry], or set PIERHEAD_OTEL=off",
        )


class Tracing:
    """Thread-safe; spans are sent by a thread of the library, which drops them when nobody takes them."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("pierhead", __version__)

    def request(self, method: str, route: str, status: int, began_ns: int, facts: RequestFacts) -> None:
        from opentelemetry.trace import SpanKind

        attributes: dict[str, Any] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "pierhead.request_id": facts.id,
            "pierhead.principal": facts.principal,
        }
        span = self._tracer.start_span(
            f"{method} {route}", kind=SpanKind.SERVER, attributes=attributes, start_time=began_ns
        )
        self._end(span, is_error=status >= _SERVER_ERROR)

    def task(self, kind: str, task_id: str, began_ns: int, *, is_error: bool) -> None:
        """A task that the platform has performed."""
        attributes: dict[str, Any] = {"pierhead.task": task_id, "pierhead.task.kind": kind}
        self._end(
            self._tracer.start_span(f"task {kind}", attributes=attributes, start_time=began_ns), is_error=is_error
        )

    def close(self) -> None:
        """Sends what is left, and waits a little for it."""
        self._provider.force_flush(_FLUSH_WITHIN_MS)
        self._provider.shutdown()

    @staticmethod
    def _end(span: Any, *, is_error: bool) -> None:
        from opentelemetry.trace import Status, StatusCode

        if is_error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(time.time_ns())


def open_tracing() -> Tracing:
    """Raises TracingMissingError."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracingMissingError(error.name or "opentelemetry") from None
    named = Resource({"service.name": "pierhead", "service.version": __version__})
    provider = TracerProvider(
        resource=named.merge(Resource.create()) if _is_named() else Resource.create().merge(named)
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def _is_named() -> bool:
    """Whether the operator has a name for the service, which goes before ours."""
    import os

    return bool(
        os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    )
