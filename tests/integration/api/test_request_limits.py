"""Too many requests are refused in the reference's words, before they cost anything."""

from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from pierhead.server.app import bind
from pierhead.server.login_settings import LoginSettings
from pierhead.server.request_limits import RequestLimits
from pierhead.server.settings import Settings
from pierhead.testing.application import MemoryApplication

WHOAMI = "/pierhead/v1/whoami"


def limited(app: FastAPI, application: MemoryApplication, directory: Path, per_minute: int) -> None:
    settings = Settings(data=directory, login=LoginSettings(requests_per_minute=per_minute))
    bind(app, replace(application, settings=settings))


def test_a_key_that_asks_too_often_is_told_when_to_come_back(
    app: FastAPI, client: TestClient, application: MemoryApplication, tmp_path: Path
) -> None:
    limited(app, application, tmp_path, 5)
    answers = [client.get(WHOAMI) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    body = answers[-1].json()
    assert (body["status"], body["code"], body["pierheadCode"]) == ("ERROR", "TOO_MANY_REQUESTS", "too-many-requests")
    assert 0 < int(answers[-1].headers["retry-after"]) <= 120


def test_a_wrong_secret_does_not_use_up_the_requests_of_a_key(
    app: FastAPI, client: TestClient, application: MemoryApplication, tmp_path: Path
) -> None:
    limited(app, application, tmp_path, 5)
    wrong = application.key.reveal()[:-4] + "AAAA"
    assert {client.get(WHOAMI, headers={"X-API-KEY": wrong}).status_code for _ in range(20)} == {401}
    assert client.get(WHOAMI).status_code == 200


def test_an_address_is_refused_before_the_database_is_asked(
    app: FastAPI, stranger: TestClient, application: MemoryApplication, tmp_path: Path
) -> None:
    limited(app, application, tmp_path, 1000)
    app.state.request_limits = RequestLimits(1000, per_address=5)
    answers = [stranger.get(path) for path in (WHOAMI, "/nothing", "/health", WHOAMI, "/nothing", WHOAMI, "/health")]
    assert [answer.status_code for answer in answers] == [401, 404, 200, 401, 404, 429, 429]
    assert answers[-1].headers["content-type"] == "application/json"
    assert answers[-1].headers["content-security-policy"].startswith("default-src 'none'")


def test_zero_switches_limits_off(
    app: FastAPI, client: TestClient, application: MemoryApplication, tmp_path: Path
) -> None:
    limited(app, application, tmp_path, 0)
    assert {client.get("/nothing").status_code for _ in range(50)} == {404}
