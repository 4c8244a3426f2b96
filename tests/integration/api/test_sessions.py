"""People log in, and their browsers change nothing that they did not mean to."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from pierhead.control.access import User
from pierhead.kit.redact import SecretValue
from pierhead.server.api.permissions import RULES
from pierhead.server.api.routers import ROUTERS
from pierhead.server.api.rules import At
from pierhead.testing.application import MemoryApplication

SESSION = "/pierhead/v1/session"
PASSWORD = "correct horse battery"


def changing_routes() -> list[tuple[str, APIRoute]]:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    closed = [route for route in routes if RULES[str(route.operation_id)].at is not At.OPEN]
    return [(method, route) for route in closed for method in route.methods if method not in ("GET", "HEAD")]


@pytest.fixture
def admin(application: MemoryApplication) -> User:
    with application.store.snapshot() as tx:
        user = tx.users.find_by_email(application.account.id, "admin@localhost")
    assert user is not None
    application.login.passwords.set_password(user.account, user.id, SecretValue(PASSWORD))
    return user


@pytest.fixture
def browser(app: FastAPI, admin: User) -> Iterator[TestClient]:
    """Logged in, with nothing but the cookie; ``X-CSRF-Token`` has to be added."""
    with TestClient(app, base_url="https://pier.example") as client:
        assert log_in(client).status_code == 200
        yield client


def log_in(client: TestClient, password: str = PASSWORD, email: str = "admin@localhost", **headers: str) -> object:
    return client.post(SESSION, json={"email": email, "password": password}, headers=headers)


def csrf(client: TestClient) -> dict[str, str]:
    return {"X-CSRF-Token": client.get(SESSION).json()["data"]["csrfToken"]}


def test_the_cookie_is_for_this_host_alone_and_for_no_script(app: FastAPI, admin: User) -> None:
    with TestClient(app, base_url="https://pier.example") as client:
        cookie = log_in(client).headers["set-cookie"]
    assert cookie.startswith("__Host-pierhead=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts
    assert not [part for part in parts if part.startswith("domain")]


def test_a_session_is_as_good_as_a_key_and_says_who_it_is(browser: TestClient, admin: User) -> None:
    data = browser.get(SESSION).json()["data"]
    assert data["user"] == {"id": admin.id, "email": "admin@localhost", "name": "admin"}
    params = {"accountIdentifier": admin.account}
    assert browser.get("/ng/api/connectors/harnessImage", params=params).status_code == 200
    assert browser.get("/ng/api/connectors/harnessImage", params={"accountIdentifier": "x"}).status_code == 401


def test_logging_out_ends_the_session_at_once(browser: TestClient) -> None:
    cookies = dict(browser.cookies)
    assert browser.delete(SESSION, headers=csrf(browser)).json()["data"] is True
    browser.cookies.update(cookies)
    assert browser.get(SESSION).status_code == 401


@pytest.mark.parametrize(("method", "route"), changing_routes(), ids=lambda part: getattr(part, "operation_id", part))
def test_no_route_changes_anything_for_a_session_without_its_token(
    browser: TestClient, admin: User, method: str, route: APIRoute
) -> None:
    path = re.sub(r"\{[^}]*\}", "x", route.path)
    params, own = {"accountIdentifier": admin.account}, csrf(browser)
    for headers in (
        {},
        {"X-CSRF-Token": "0" * 64},
        {"Content-Type": "text/plain"},
        {**own, "Origin": "https://evil.example"},
        {**own, "Origin": "null"},
        {**own, "Sec-Fetch-Site": "cross-site"},
        {**own, "Sec-Fetch-Site": "same-site"},
        {**own, "Sec-Fetch-Site": "none"},
    ):
        answer = browser.request(method, path, params=params, headers=headers, content=b"{}")
        assert answer.status_code == 403, headers
        assert answer.json()["pierheadCode"] == "csrf"


def test_with_the_token_and_from_its_own_page_a_session_changes_things(browser: TestClient, admin: User) -> None:
    headers = {**csrf(browser), "Origin": "https://pier.example", "Sec-Fetch-Site": "same-origin"}
    body = {"password": "another horse battery", "currentPassword": PASSWORD}
    answer = browser.put(f"/pierhead/v1/users/{admin.id}/password", json=body, headers=headers)
    assert answer.json()["data"] is True
    assert browser.get(SESSION).status_code == 401
    assert log_in(browser).status_code == 401
    assert log_in(browser, "another horse battery").status_code == 200


def test_the_token_does_not_help_a_body_that_is_no_json(browser: TestClient, admin: User) -> None:
    headers = {**csrf(browser), "Content-Type": "text/plain"}
    answer = browser.put(f"/pierhead/v1/users/{admin.id}/password", content=b"{}", headers=headers)
    assert answer.status_code == 415


def test_a_key_goes_before_the_cookie_and_needs_no_token(browser: TestClient, application: MemoryApplication) -> None:
    key = {"X-API-KEY": application.key.reveal()}
    path = f"/pierhead/v1/users/{'x' * 22}/password"
    assert browser.put(path, json={"password": PASSWORD}, headers=key).status_code == 404
    assert browser.get("/pierhead/v1/whoami", headers={"X-API-KEY": "pat.a.b.c"}).status_code == 401
    assert browser.get(SESSION, headers=key).status_code == 401


def test_another_site_cannot_log_a_browser_in(app: FastAPI, admin: User) -> None:
    with TestClient(app, base_url="https://pier.example") as client:
        assert log_in(client, Origin="https://evil.example").status_code == 403
        assert log_in(client, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert log_in(client, Origin="https://pier.example").status_code == 200


def test_whoever_does_not_get_in_hears_the_same_words(stranger: TestClient, admin: User) -> None:
    wrong, unknown = log_in(stranger, "x"), log_in(stranger, email="nobody@example.com")
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json(), "correlationId": ""} == {**unknown.json(), "correlationId": ""}
    assert "set-cookie" not in wrong.headers


def test_a_locked_name_is_told_when_to_come_back(stranger: TestClient, admin: User) -> None:
    for _ in range(10):
        assert log_in(stranger, "x").status_code == 401
    for password in ("x", PASSWORD):
        locked = log_in(stranger, password)
        assert locked.status_code == 429
        assert locked.json()["code"] == "TOO_MANY_REQUESTS"
        assert 0 < int(locked.headers["retry-after"]) <= 900


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@example.com"},
        {"email": "", "password": "x"},
        {"email": "a@example.com", "password": 1},
        {"email": ["a"], "password": "x"},
        {"email": "a@example.com", "password": "x" * 5000},
        {"email": "a" * 400, "password": "x"},
        {"email": "a@example.com", "password": "hunter2-hunter2", "remember": True},
    ],
)
def test_a_body_that_is_no_login_is_refused_without_repeating_the_password(
    stranger: TestClient, admin: User, body: object
) -> None:
    answer = stranger.post(SESSION, json=body)
    assert answer.status_code == 400
    assert "hunter2" not in answer.text


def test_a_new_password_ends_the_lockout_of_a_name(client: TestClient, stranger: TestClient) -> None:
    made = client.post("/pierhead/v1/users", json={"email": "ada@example.com"}).json()["data"]
    path = f"/pierhead/v1/users/{made['id']}"
    assert client.put(f"{path}/password", json={"password": PASSWORD}).status_code == 200
    assert client.get(path).json()["data"]["lockedUntil"] is None
    for _ in range(10):
        log_in(stranger, "wrong horse battery", "ada@example.com")
    assert log_in(stranger, PASSWORD, "ada@example.com").status_code == 429
    assert client.get(path).json()["data"]["lockedUntil"] > made["createdAt"]
    assert client.put(f"{path}/password", json={"password": "another horse battery"}).status_code == 200
    assert client.get(path).json()["data"]["lockedUntil"] is None
    assert log_in(stranger, "another horse battery", "ada@example.com").status_code == 200


def test_the_first_password_of_ones_own_needs_the_right_to_manage_users(
    client: TestClient, application: MemoryApplication
) -> None:
    with application.store.snapshot() as tx:
        user = tx.users.find_by_email(application.account.id, "admin@localhost")
    assert user is not None
    path = f"/pierhead/v1/users/{user.id}/password"
    assert client.put(path, json={"password": PASSWORD}).status_code == 200
    assert client.put(path, json={"password": "another horse battery"}).json()["errors"][0]["fieldId"] == (
        "currentPassword"
    )
    assert client.put(path, json={"password": "short", "currentPassword": PASSWORD}).status_code == 400


def test_an_end_of_a_user_ends_the_sessions(browser: TestClient, application: MemoryApplication, admin: User) -> None:
    with application.store.transaction() as tx:
        tx.users.remove(admin.account, admin.id)
    assert browser.get(SESSION).status_code == 401
