"""An OIDC provider over HTTP (port: control.access.OidcProvider).

Only the issuer that was set up is asked, and what its own discovery document names. Redirects are not followed, no
proxy or credential of the environment is used, answers are capped. Of an id token everything is checked: who signed it
by which algorithm, issuer, audience, times, nonce. Keys that a token brings along are not looked at.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from pierhead.control.access import Identity, OidcLoginError
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError, UnavailableError
from pierhead.kit.limits import MIB, parse_json
from pierhead.kit.redact import SecretValue
from pierhead.kit.urls import is_safe_url

ALGORITHMS = ("RS256", "ES256")
_KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
_TIMEOUT_S = 10.0
_LEEWAY_S = 60
_OLDEST_S = 600
_KEPT_S = 600.0
_ASKED_AGAIN_AFTER_S = 10.0
_LEFT_ALONE_S = 5.0
_MAX_SUBJECT_LENGTH = 255


class OidcProviderError(UnavailableError):
    code = "oidc-provider"

    def __init__(self, issuer: str, problem: str) -> None:
        super().__init__(
            f"the OIDC provider {issuer} {problem}", hint="try again; if it stays so, the operator has to look at it"
        )
        self.problem = problem


@dataclass(frozen=True, slots=True)
class OidcClient:
    """What was set up at the provider. ``callback`` is the full URL to which it sends browsers back."""

    issuer: str
    client_id: str
    client_secret: SecretValue | None
    callback: str


@dataclass(frozen=True, slots=True)
class _Known:
    document: Mapping[str, Any]
    keys: tuple[Mapping[str, Any], ...]
    at: float


class HttpOidcProvider:
    """Thread-safe."""

    def __init__(self, client: OidcClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._failed: tuple[float, str] | None = None

    def authorization_url(self, state: str, nonce: str, challenge: str) -> str:
        """Raises OidcProviderError."""
        endpoint = self._endpoint(self._current().document, "authorization_endpoint")
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.callback,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def redeem(self, code: str, verifier: SecretValue, nonce: str) -> Identity:
        """Raises OidcLoginError and OidcProviderError."""
        document = self._current().document
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.callback,
            "client_id": self._client.client_id,
            "code_verifier": verifier.reveal(),
        }
        auth, secret = None, self._client.client_secret
        if secret is not None:
            methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            if "client_secret_basic" in methods:
                auth = (_form_encoded(self._client.client_id), _form_encoded(secret.reveal()))
            else:
                form["client_secret"] = secret.reveal()
        status, answer = self._send("POST", self._endpoint(document, "token_endpoint"), form, auth)
        if status >= 500:
            raise OidcProviderError(self._client.issuer, f"answered {status}")
        if status != 200 or not isinstance(answer.get("id_token"), str):
            raise OidcLoginError("the provider does not take its code")
        return self._identity(self._claims(answer["id_token"]), nonce)

    def _claims(self, token: str) -> Mapping[str, Any]:
        from joserfc import jwk, jwt
        from joserfc.errors import JoseError

        try:
            header = _header(token)
            key = jwk.import_key(dict(self._key(header)))
            return jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError, TypeError, KeyError):
            raise OidcLoginError("the signature of its id token is not good") from None

    def _key(self, header: Mapping[str, Any]) -> Mapping[str, Any]:
        """The one key of the issuer that the header means. Raises KeyError."""
        if header.get("alg") not in ALGORITHMS:
            raise KeyError("alg")
        for known in (self._current(), self._refreshed()):
            fitting = [key for key in known.keys if _fits(key, header)]
            if len(fitting) == 1:
                return fitting[0]
        raise KeyError("kid")

    def _identity(self, claims: Mapping[str, Any], nonce: str) -> Identity:
        now, audience = self._clock.now().timestamp(), claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        party = claims.get("azp")
        problems = {
            "issuer": claims.get("iss") != self._client.issuer,
            "audience": self._client.client_id not in audiences,
            "authorized party": party != self._client.client_id if party is not None else len(audiences) > 1,
            "nonce": claims.get("nonce") != nonce,
            "expiry": not now < _number(claims.get("exp")) + _LEEWAY_S,
            "time of issue": not now - _OLDEST_S < _number(claims.get("iat")) <= now + _LEEWAY_S,
            "subject": not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= _MAX_SUBJECT_LENGTH,
        }
        wrong = [name for name, is_wrong in problems.items() if is_wrong]
        if "nbf" in claims and _number(claims["nbf"]) > now + _LEEWAY_S:
            wrong.append("first moment")
        if wrong:
            raise OidcLoginError(f"its id token has a wrong {wrong[0]}")
        email = claims.get("email")
        # with its issuer: another provider, set up one day, may give the same subject to somebody else
        subject = f"{self._client.issuer}#{claims['sub']}"
        return Identity(subject, email if isinstance(email, str) else None, claims.get("email_verified") is True)

    def _current(self) -> _Known:
        with self._lock:
            if self._known is None or self._clock.monotonic() - self._known.at > _KEPT_S:
                self._known = self._asked()
            return self._known

    def _refreshed(self) -> _Known:
        """For a key that is not known: the provider may have a new one, but is not asked for every token."""
        with self._lock:
            if self._known is None or self._clock.monotonic() - self._known.at > _ASKED_AGAIN_AFTER_S:
                self._known = self._asked()
            return self._known

    def _asked(self) -> _Known:
        """One that does not answer is left alone for a moment: whoever logs in meanwhile need not wait as well."""
        if self._failed is not None and self._clock.monotonic() - self._failed[0] < _LEFT_ALONE_S:
            raise OidcProviderError(self._client.issuer, self._failed[1])
        try:
            return self._discovered()
        except OidcProviderError as error:
            self._failed = (self._clock.monotonic(), error.problem)
            raise

    def _discovered(self) -> _Known:
        issuer = self._client.issuer
        document = self._fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            raise OidcProviderError(issuer, "says that it is another issuer")
        keys = self._fetched(self._endpoint(document, "jwks_uri")).get("keys")
        found = tuple(key for key in keys if isinstance(key, dict)) if isinstance(keys, list) else ()
        return _Known(document, found, self._clock.monotonic())

    def _endpoint(self, document: Mapping[str, Any], name: str) -> str:
        url = document.get(name)
        if not isinstance(url, str) or not is_safe_url(url):
            raise OidcProviderError(self._client.issuer, f"names no {name} that can be used")
        return url

    def _fetched(self, url: str) -> Mapping[str, Any]:
        status, answer = self._send("GET", url)
        if status != 200:
            raise OidcProviderError(self._client.issuer, f"answered {status} at {urlsplit(url).path}")
        return answer

    def _send(
        self, method: str, url: str, form: dict[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Status and the JSON object that came, empty when it was none."""
        import httpx

        raw, headers = b"", {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            with (
                httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as http,
                http.stream(method, url, data=form, auth=auth, headers=headers) as response,
            ):
                for part in response.iter_raw():
                    raw += part
                    if len(raw) > MIB:
                        raise OidcProviderError(self._client.issuer, "answers with more than 1 MiB")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OidcProviderError(self._client.issuer, f"cannot be asked: {type(error).__name__}") from None
        with suppress(AppError):
            if isinstance(answer := parse_json(raw), dict):
                return response.status_code, answer
        return response.status_code, {}


def _header(token: str) -> Mapping[str, Any]:
    from joserfc.util import urlsafe_b64decode

    header = parse_json(urlsafe_b64decode(token.partition(".")[0].encode()))
    return header if isinstance(header, dict) else {}


def _fits(key: Mapping[str, Any], header: Mapping[str, Any]) -> bool:
    is_kind = key.get("kty") == _KEY_TYPES[str(header["alg"])] and key.get("use") in (None, "sig")
    is_named = "kid" not in header or header["kid"] == key.get("kid")
    return is_kind and is_named and key.get("alg") in (None, header["alg"])


def _number(value: object) -> float:
    """Not a number: such a claim is never right."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e12 else float("nan")  # type: ignore[arg-type]


def _form_encoded(text: str) -> str:
    """RFC 6749 §2.3.1: user and password of Basic are form-encoded first."""
    return urlencode({"": text})[1:]
