"""Logging in through an OIDC provider that is really asked, and every way in which its word is not good."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.control.access import User
from pierhead.kit.redact import SecretValue
from pierhead.server.app import bind
from pierhead.server.login import login_on
from pierhead.server.login_settings import LoginSettings
from pierhead.testing.application import MemoryApplication
from pierhead.testing.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcTestProvider

BEGIN, BACK = "/pierhead/v1/session/oidc/login", "/pierhead/v1/session/oidc/callback"
SESSION = "/pierhead/v1/session"
ELSEWHERE = [
    *("", "x", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example"),
    *("javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example"),
    *("/.//evil.example", "/x/..//evil.example", "/x/%2e%2e//evil.example", "/%2e%2E/x", "/\u2044evil", "/x\r\nA: b"),
    *("/<script>", '/"x', "//", "http:evil.example", "/" + "x" * 1001, "/x y", "/\x00", "/@\\evil.example"),
]


@pytest.fixture
def provider(application: MemoryApplication) -> Iterator[OidcTestProvider]:
    with OidcTestProvider(now=lambda: application.clock.now().timestamp()) as provider:
        yield provider


@pytest.fixture
def ada(application: MemoryApplication) -> User:
    now = application.clock.now()
    user = User(application.account.id, "ada", "ada@example.com", "Ada", now, now)
    with application.store.transaction() as tx:
        tx.users.add(user)
    return user


@pytest.fixture
def browser(
    app: FastAPI, application: MemoryApplication, provider: OidcTestProvider, ada: User, tmp_path: Path
) -> Iterator[TestClient]:
    settings = LoginSettings("https://pier.example", provider.issuer, CLIENT_ID, SecretValue(CLIENT_SECRET))
    login = login_on(application.store, application.clock, FileKeyring(tmp_path / "keyring"), settings)
    bind(app, replace(application, login=login))
    with TestClient(app, base_url="https://pier.example", follow_redirects=False) as client:
        yield client


def begin(browser: TestClient, next_path: str = "/") -> str:
    answer = browser.get(BEGIN, params={"next": next_path})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def log_in(browser: TestClient, provider: OidcTestProvider) -> Any:
    return browser.get(BACK, params=provider.authorise(begin(browser)))


def refused(answer: Any) -> str:
    assert answer.status_code == 401, answer.text
    assert answer.json()["pierheadCode"] == "oidc-login"
    assert "__Host-pierhead=" not in answer.headers.get("set-cookie", "")
    return str(answer.json()["message"])


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_person_that_the_provider_names_is_logged_in(
    browser: TestClient, provider: OidcTestProvider, ada: User, algorithm: str
) -> None:
    provider.algorithm = algorithm
    answer = browser.get(BACK, params=provider.authorise(begin(browser, "/connectors?x=1&y=2")))
    assert answer.status_code == 200
    assert 'content="0;url=/connectors?x=1&amp;y=2"' in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert browser.get(SESSION).json()["data"]["user"]["id"] == ada.id


def test_the_provider_is_asked_with_pkce_state_and_nonce(browser: TestClient, provider: OidcTestProvider) -> None:
    query = parse_qs(urlsplit(begin(browser)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["response_type"] == ["code"]
    assert all(len(query[name][0]) == 43 for name in ("state", "nonce", "code_challenge"))
    assert query["redirect_uri"] == [f"https://pier.example{BACK}"]


def test_from_the_first_login_on_the_subject_decides(
    browser: TestClient, provider: OidcTestProvider, application: MemoryApplication, ada: User
) -> None:
    assert log_in(browser, provider).status_code == 200
    provider.person.email = "new-name@example.com"
    assert log_in(browser, provider).status_code == 200
    provider.person.subject, provider.person.email = "person-2", ada.email
    assert "there is no user" in refused(log_in(browser, provider))


@pytest.mark.parametrize(
    ("email", "is_verified"),
    [
        ("ada@example.com", False),
        ("ada@example.com", None),
        ("ada@example.com", "true"),
        ("ada@example.com", 1),
        (None, True),
        ("nobody@example.com", True),
        ("Admin@localhost", True),
    ],
)
def test_an_email_that_is_not_verified_or_not_known_opens_nothing(
    browser: TestClient, provider: OidcTestProvider, application: MemoryApplication, email: Any, is_verified: Any
) -> None:
    provider.person.email, provider.person.is_email_verified = email, is_verified
    assert "there is no user" in refused(log_in(browser, provider))
    with application.store.snapshot() as tx:
        assert tx.users.find_by_email(application.account.id, "nobody@example.com") is None


def test_a_disabled_user_does_not_get_in(
    browser: TestClient, provider: OidcTestProvider, application: MemoryApplication, ada: User
) -> None:
    with application.store.transaction() as tx:
        tx.users.replace(replace(ada, is_disabled=True))
    assert "there is no user" in refused(log_in(browser, provider))


@pytest.mark.parametrize(
    ("claims", "what"),
    [
        ({"nonce": "x"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "somebody-else"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": [CLIENT_ID, "somebody-else"]}, "authorized party"),
        ({"azp": "somebody-else"}, "authorized party"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"exp": 1}, "expiry"),
        ({"exp": None}, "expiry"),
        ({"exp": "9999999999"}, "expiry"),
        ({"exp": True}, "expiry"),
        ({"exp": 1e300}, "expiry"),
        ({"iat": 1}, "time of issue"),
        ({"iat": 9_999_999_999}, "time of issue"),
        ({"nbf": 9_999_999_999}, "first moment"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": None}, "subject"),
    ],
)
def test_an_id_token_with_a_wrong_claim_opens_nothing(
    browser: TestClient, provider: OidcTestProvider, claims: dict[str, object], what: str
) -> None:
    provider.claims = claims
    assert refused(log_in(browser, provider)).endswith(f"a wrong {what}")


def test_an_id_token_without_a_signature_opens_nothing(browser: TestClient, provider: OidcTestProvider) -> None:
    provider.algorithm = "none"
    assert "signature" in refused(log_in(browser, provider))


def test_an_id_token_signed_with_the_public_key_as_a_secret_opens_nothing(
    browser: TestClient, provider: OidcTestProvider
) -> None:
    provider.algorithm, provider.signing_key = "HS256", provider.rsa.as_pem(private=False)
    provider.header = {"kid": "rsa-1"}
    assert "signature" in refused(log_in(browser, provider))


@pytest.mark.parametrize("kid", ["rsa-1", "other", None])
def test_an_id_token_signed_by_somebody_else_opens_nothing(
    browser: TestClient, provider: OidcTestProvider, kid: str | None
) -> None:
    own = RSAKey.generate_key(2048)
    provider.signing_key, provider.header = own, {"kid": kid} if kid else {"jwk": own.as_dict(private=False)}
    assert "signature" in refused(log_in(browser, provider))


def test_a_key_that_the_provider_has_changed_is_fetched_once(
    browser: TestClient, provider: OidcTestProvider, application: MemoryApplication
) -> None:
    assert log_in(browser, provider).status_code == 200
    provider.rsa = RSAKey.generate_key(2048, {"kid": "rsa-2"})
    provider.published = [provider.rsa, provider.ec]
    application.clock.advance(30)
    assert log_in(browser, provider).status_code == 200
    assert provider.requests.count("/jwks") == 2


def test_a_code_is_good_once(browser: TestClient, provider: OidcTestProvider) -> None:
    cookies = {}
    query = provider.authorise(begin(browser))
    cookies.update(browser.cookies)
    assert browser.get(BACK, params=query).status_code == 200
    browser.cookies.clear()
    browser.cookies.update(cookies)
    assert "does not take its code" in refused(browser.get(BACK, params=query))


def test_what_another_browser_began_opens_nothing(browser: TestClient, provider: OidcTestProvider) -> None:
    query = provider.authorise(begin(browser))
    assert "this browser began" in refused(browser.get(BACK, params={**query, "state": "x" * 43}))
    assert "this browser began" in refused(browser.get(BACK, params={"code": query["code"]}))
    browser.cookies.clear()
    assert "has not begun" in refused(browser.get(BACK, params=query))
    begin(browser)
    assert "this browser began" in refused(browser.get(BACK, params=query))


@pytest.mark.parametrize("text", ["x", "x.y", ".", "e30.", "ä.ä", "x" * 5000])
def test_a_cookie_that_we_did_not_make_opens_nothing(
    browser: TestClient, provider: OidcTestProvider, text: str
) -> None:
    query = provider.authorise(begin(browser))
    answer = browser.get(BACK, params=query, headers={"Cookie": f"__Host-pierhead-oidc={text}".encode()})
    assert "has not begun" in refused(answer)


def test_a_login_that_takes_too_long_opens_nothing(
    browser: TestClient, provider: OidcTestProvider, application: MemoryApplication
) -> None:
    query = provider.authorise(begin(browser))
    application.clock.advance(601)
    assert "took too long" in refused(browser.get(BACK, params=query))


def test_a_code_for_another_verifier_is_not_taken(browser: TestClient, provider: OidcTestProvider) -> None:
    query = provider.authorise(begin(browser))
    provider.codes[query["code"]]["code_challenge"] = "x" * 43
    assert "does not take its code" in refused(browser.get(BACK, params=query))


def test_a_refusal_of_the_provider_is_told_without_its_words(browser: TestClient) -> None:
    begin(browser)
    answer = browser.get(BACK, params={"error": "<script>", "state": "x"})
    assert "the provider refused it" in refused(answer)
    assert "script" not in answer.text


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://user@127.0.0.1/"},
    ],
)
def test_a_discovery_document_that_leads_elsewhere_is_not_used(
    browser: TestClient, provider: OidcTestProvider, discovery: dict[str, object]
) -> None:
    provider.discovery = discovery
    answer = browser.get(BEGIN)
    if answer.status_code == 302:
        answer = browser.get(BACK, params=provider.authorise(answer.headers["location"]))
    assert (answer.status_code, answer.json()["pierheadCode"]) == (503, "oidc-provider")


@pytest.mark.parametrize(
    "path",
    ELSEWHERE,
)
def test_next_leads_to_no_other_server(browser: TestClient, path: str) -> None:
    answer = browser.get(BEGIN, params={"next": path})
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/connectors", "/a/b-c_d.e~f?x=1&y=%2F%2Fevil#z", "/@evil.example", "/:80"])
def test_next_is_any_path_of_this_server(browser: TestClient, provider: OidcTestProvider, path: str) -> None:
    answer = browser.get(BACK, params=provider.authorise(begin(browser, path)))
    assert f'url={path.replace("&", "&amp;")}"' in answer.text


def test_a_provider_that_is_down_is_not_asked_by_everybody(
    browser: TestClient, provider: OidcTestProvider, application: MemoryApplication
) -> None:
    provider.discovery = {"issuer": "https://evil.example"}
    for _ in range(5):
        assert browser.get(BEGIN).status_code == 503
    assert len(provider.requests) == 1
    provider.discovery = {}
    application.clock.advance(6)
    assert browser.get(BEGIN).status_code == 302
