"""What is there for whoever runs a server: health, readiness, figures, lines of the log."""

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from pierhead.kit.clock import SystemClock
from pierhead.kit.errors import UnavailableError
from pierhead.kit.log import FIELDS, JsonLines
from pierhead.server.exposition import Exposition
from pierhead.server.readiness import Readiness
from pierhead.server.request_figures import RequestFigures
from pierhead.testing.application import MemoryApplication

SECRET = "hunter2-very-secret"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the log says, as JSON lines."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    handler.addFilter(lambda record: record.name != "httpx")  # the client of the test
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield text
    root.removeHandler(handler)
    root.setLevel(before)


def access_lines(text: io.StringIO) -> list[dict[str, object]]:
    found = [json.loads(line) for line in text.getvalue().splitlines()]
    return [line for line in found if line["logger"] == "pierhead.access"]


def set_up(app: FastAPI, application: MemoryApplication, **settings: object) -> None:
    changed = replace(application.settings, **settings)  # type: ignore[arg-type]
    app.state.application = replace(application, settings=changed)
    app.state.has_access_log = changed.log_format == "json"


def test_a_stranger_hears_that_the_server_lives_and_is_ready_and_no_more(stranger: TestClient) -> None:
    assert stranger.get("/health").status_code == 200
    assert stranger.get("/ready").json() == {"status": "ready"}
    for path in ("/metrics", "/openapi.json"):
        assert stranger.get(path).status_code == 401


def test_a_server_whose_database_fails_is_not_ready_and_says_why(app: FastAPI, stranger: TestClient) -> None:
    class GoneError(UnavailableError):
        code = "gone"

    def check() -> None:
        raise GoneError("the database is gone")

    app.state.readiness = Readiness(check, lambda: False)
    answer = stranger.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "reason": "the database is gone"}


def test_a_server_that_stops_is_not_ready(application: MemoryApplication, stranger: TestClient) -> None:
    application.hub.dismiss()
    assert stranger.get("/ready").json()["reason"] == "the server is stopping"


def test_a_key_gets_figures_with_bounded_labels(client: TestClient) -> None:
    client.get("/ng/api/connectors/one-name")
    client.get("/ng/api/connectors/another-name")
    client.get("/no/such/path/at/all")
    text = client.get("/metrics").text
    kinds = re.findall(
        r'pierhead_http_request_seconds_count\{method="(\w+)",route="([^"]+)",status="(\w+)"\} (\S+)', text
    )
    assert ("GET", "/ng/api/connectors/{identifier}", "4xx", "2.0") in kinds
    assert ("GET", "unmatched", "4xx", "1.0") in kinds
    assert "one-name" not in text
    assert "pierhead_database_up 1.0" in text
    assert 'pierhead_tokens{owner="' in text
    assert "process_resident_memory_bytes" in text
    assert "python_gc_collections_total" in text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/metrics"),
        ("GET", "/pierhead/v1/encryption-keys"),
        ("POST", "/pierhead/v1/encryption-keys/rotate"),
    ],
)
def test_what_is_the_servers_is_not_for_an_admin_of_another_account(
    application: MemoryApplication, client: TestClient, stranger: TestClient, method: str, path: str
) -> None:
    keys = application.encryption_keys.list()
    _, key = application.access.create_account("other")
    answer = stranger.request(method, path, headers={"X-API-KEY": key.reveal()})
    assert (answer.status_code, answer.json()["pierheadCode"]) == (403, "not-operator")
    assert application.account.id not in answer.text
    assert application.encryption_keys.list() == keys
    assert client.request(method, path).status_code == 200


def test_figures_may_be_open_or_off(app: FastAPI, application: MemoryApplication, stranger: TestClient) -> None:
    set_up(app, application, metrics="open")
    assert stranger.get("/metrics").status_code == 200
    set_up(app, application, metrics="off")
    assert stranger.get("/metrics").status_code == 404


def test_the_figures_that_need_no_database_are_there_when_it_is_gone_and_it_is_asked_seldom() -> None:
    asked: list[int] = []

    def counts() -> dict[str, dict[tuple[str, ...], int]]:
        asked.append(1)
        if len(asked) == 1:
            raise OSError("gone")
        return {"runs": {("FAILED",): 3}}

    exposition = Exposition(RequestFigures(), counts, SystemClock())
    assert b"pierhead_database_up 0.0" in exposition.text()
    for _ in range(3):
        assert b'pierhead_runs{state="FAILED"} 3.0' in exposition.text()
    assert len(asked) == 2


def test_each_request_has_one_line_with_its_route_and_never_its_query(
    app: FastAPI, application: MemoryApplication, client: TestClient, lines: io.StringIO
) -> None:
    set_up(app, application, log_format="json")
    answer = client.get("/ng/api/connectors/mirror", params={"searchTerm": SECRET})
    client.get("/health")
    (line,) = access_lines(lines)
    assert line["requestId"] == answer.headers["x-correlation-id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/ng/api/connectors/{identifier}", 404)
    assert str(line["principal"]).startswith("SERVICE_ACCOUNT") or str(line["principal"]).startswith("USER")
    assert SECRET not in lines.getvalue()
    assert application.key.reveal() not in lines.getvalue()


def test_text_logs_have_no_line_for_each_request(client: TestClient, lines: io.StringIO) -> None:
    client.get("/pierhead/v1/whoami")
    assert access_lines(lines) == []


def test_only_fields_on_the_list_are_written_and_only_plain_values(lines: io.StringIO) -> None:
    class Holder:
        def __str__(self) -> str:
            return SECRET

    given = {"password": SECRET, "token": SECRET, "authorization": f"Bearer {SECRET}", "secret": SECRET, "pw": SECRET}
    logging.getLogger("test").warning("done", extra={**given, "task": "t1", "kind": Holder()})
    (line,) = (json.loads(line) for line in lines.getvalue().splitlines())
    assert SECRET not in lines.getvalue()
    assert line["task"] == "t1"
    assert line["kind"] == "<Holder>"
    assert not {"password", "token", "secret", "authorization"} & set(FIELDS)


def test_a_line_cannot_be_forged(lines: io.StringIO) -> None:
    logging.getLogger("test").warning('x\n{"event":"forged"}\x1b[2J')
    assert len(lines.getvalue().splitlines()) == 1
    assert "\x1b" not in lines.getvalue()
