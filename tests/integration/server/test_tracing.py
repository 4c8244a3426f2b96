"""Spans reach a collector over OTLP/HTTP, and hold no more than a line of the log."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pierhead.server.app import create_app
from pierhead.server.settings import Settings
from pierhead.server.tracing import TracingMissingError, open_tracing
from pierhead.testing.application import memory_application


class Collector(ThreadingHTTPServer):
    """Takes what is exported to ``/v1/traces``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Takes)
        self.taken: list[tuple[str, bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Takes(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        yield collector
        collector.shutdown()


def test_requests_and_tasks_arrive_as_spans_without_query_or_key(collector: Collector, tmp_path: Path) -> None:
    application = memory_application(tmp_path)
    app, tracing = create_app(application), open_tracing()
    app.state.spans = tracing
    with TestClient(app) as client:
        client.headers["X-API-KEY"] = application.key.reveal()
        answer = client.get("/pierhead/v1/whoami", params={"searchTerm": "hunter2"})
    tracing.task("pull", "task-7", 1, is_error=True)
    tracing.close()
    application.close()

    sent = b"".join(body for path, body in collector.taken if path == "/v1/traces")
    for text in ("GET /pierhead/v1/whoami", answer.headers["x-correlation-id"], "task pull", "task-7", "pierhead"):
        assert text.encode() in sent
    assert b"hunter2" not in sent
    assert application.key.reveal().encode() not in sent


def test_a_collector_that_is_gone_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    tracing = open_tracing()
    tracing.task("pull", "task-7", 1, is_error=False)
    tracing.close()


def test_spans_that_are_asked_for_without_the_extra_are_refused_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(TracingMissingError) as raised:
        open_tracing()
    assert "pierhead[opentelemetry]" in raised.value.hint


@pytest.mark.parametrize(
    ("environment", "has_traces"),
    [
        ({}, False),
        ({"PIERHEAD_OTEL": "on"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "PIERHEAD_OTEL": "off"}, False),
    ],
)
def test_spans_are_asked_for_by_our_own_or_by_the_standard_variable(
    environment: dict[str, str], has_traces: bool
) -> None:
    assert Settings.from_environment(environment).has_traces is has_traces
