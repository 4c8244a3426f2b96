"""What holds for every answer, whatever its route."""

import asyncio
import logging
import uuid
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from pierhead.server.api import bodies
from pierhead.testing.application import MemoryApplication


@pytest.mark.parametrize("path", ["/nowhere", "/gateway/nowhere", "/ng/api/connectors/a/b/c", "/%00", "/%ff", "//"])
def test_an_unknown_path_is_answered_in_the_references_envelope(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() | {"message": "", "correlationId": "", "responseMessages": []} == {
        "status": "ERROR",
        "code": "RESOURCE_NOT_FOUND",
        "message": "",
        "correlationId": "",
        "detailedMessage": None,
        "responseMessages": [],
        "metadata": None,
    }


def test_an_unknown_method_is_answered_with_405_and_what_is_allowed(client: TestClient) -> None:
    answer = client.patch("/ng/api/connectors")
    assert answer.status_code == 405
    assert answer.json()["code"] == "RESOURCE_NOT_FOUND_EXCEPTION"
    assert "allow" in answer.headers


def test_each_answer_has_an_id_of_its_own_in_header_and_body(client: TestClient) -> None:
    answers = [client.get("/ng/api/connectors/harnessImage"), client.get("/ng/api/connectors/missing")]
    ids = [answer.json()["correlationId"] for answer in answers]
    assert [answer.headers["x-correlation-id"] for answer in answers] == ids
    assert len({uuid.UUID(text) for text in ids}) == 2


@pytest.mark.parametrize("path", ["/health", "/ng/api/connectors/missing", "/nowhere", "/openapi.json"])
def test_every_answer_carries_the_safe_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "application/json"


def test_a_crash_says_nothing_but_the_id_under_which_it_is_logged(
    application: MemoryApplication,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr(type(application.connectors), "get", crash)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/ng/api/connectors/harnessImage")
    assert answer.status_code == 500
    assert answer.json()["code"] == "UNKNOWN_ERROR"
    assert "secret reason" not in answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["correlationId"] in caplog.text
    assert "the secret reason" in caplog.text


def test_a_trailing_slash_makes_no_difference(client: TestClient) -> None:
    assert client.get("/ci/execution-config/").json()["data"] == client.get("/ci/execution-config").json()["data"]
    assert client.get("/ng/api/v2/secrets/").status_code == 200


def test_a_body_announced_as_too_large_is_refused_before_one_byte_is_read(app: FastAPI) -> None:
    status, _ = _asgi(app, [(b"content-length", b"1048577")], body=None)
    assert status == 413
    status, _ = _asgi(app, [(b"content-length", b"9" * 30)], body=None)
    assert status == 413


def test_a_body_that_grows_too_large_is_refused_when_it_does(app: FastAPI, application: MemoryApplication) -> None:
    pieces = 0

    async def endless() -> dict[str, Any]:
        nonlocal pieces
        pieces += 1
        return {"type": "http.request", "body": b" " * 65536, "more_body": True}

    headers = [
        (b"transfer-encoding", b"chunked"),
        (b"content-type", b"application/json"),
        (b"x-api-key", application.key.reveal().encode()),
    ]
    status, body = _asgi(app, headers, body=endless)
    assert status == 413
    assert b"1,048,576 bytes" in body
    assert pieces == 17


def test_a_body_that_never_comes_is_given_up(
    app: FastAPI, application: MemoryApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "READ_DEADLINE_S", 0.01)

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    headers = [
        (b"content-length", b"5"),
        (b"content-type", b"application/json"),
        (b"x-api-key", application.key.reveal().encode()),
    ]
    status, body = _asgi(app, headers, body=never)
    assert status == 408
    assert b"slow-body" in body


def _asgi(app: FastAPI, headers: list[tuple[bytes, bytes]], body: Any) -> tuple[int, bytes]:
    """One POST, spoken without a client library; a body of None must not be asked for."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        assert body is not None, "the body was read"
        message: dict[str, Any] = await body()
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/ng/api/connectors",
        "raw_path": b"/ng/api/connectors",
        "root_path": "",
        "query_string": f"accountIdentifier={app.state.application.account.id}".encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
