"""A small OIDC provider on loopback: real sockets and real signatures, and every mistake that a test asks for.

Whoever comes to its authorization endpoint is logged in at once as ``person``. It holds callers to PKCE, to the
redirect address and to using a code once, as a real one does.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT_ID = "pierhead-test"
CLIENT_SECRET = "s3cret/with:signs"  # noqa: S105 - of a provider that lives for one test


@cache
def _rsa() -> RSAKey:
    """One for all providers of a process: a test that needs another makes it, which takes a while."""
    return RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})


@dataclass
class Person:
    subject: str = "person-1"
    email: str | None = "ada@example.com"
    is_email_verified: object = True


@dataclass
class OidcTestProvider:
    """``claims`` overrides what stands in id tokens (None takes a claim away), ``algorithm`` and ``signing_key`` how
    they are signed, ``header`` adds to their header. ``requests`` are the paths that were asked."""

    person: Person = field(default_factory=Person)
    claims: dict[str, object] = field(default_factory=dict)
    header: dict[str, object] = field(default_factory=dict)
    algorithm: str = "RS256"
    discovery: dict[str, object] = field(default_factory=dict)
    now: Callable[[], float] = time.time
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rsa = _rsa()
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})
        self.published: list[Any] = [self.rsa, self.ec]
        self.signing_key: Any = None
        self.codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def authorise(self, url: str) -> dict[str, str]:
        """What a browser does with the address that it is sent to: the query with which it is sent back."""
        query = dict(parse_qsl(urlsplit(url).query))
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def document(self) -> dict[str, object]:
        made = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "code_challenge_methods_supported": ["S256"],
        }
        return made | self.discovery

    def keys(self) -> dict[str, Any]:
        return dict(KeySet(self.published).as_dict(private=False))

    def token(self, form: dict[str, str], authorization: str | None) -> tuple[int, dict[str, object]]:
        """The answer of the token endpoint."""
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not _is_client(authorization):
            return 401, {"error": "invalid_client"}
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        if asked["code_challenge"] != challenge.rstrip(b"=").decode():
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(self.now())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.person.subject,
            "email": self.person.email,
            "email_verified": self.person.is_email_verified,
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        key: Any = self.signing_key or {"RS256": self.rsa, "ES256": self.ec}.get(self.algorithm)
        if self.algorithm == "none":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        header = {"alg": self.algorithm, "kid": getattr(key, "kid", None), **self.header}
        header = {name: value for name, value in header.items() if value is not None}
        if isinstance(key, bytes):  # no library signs with what is the public half of another key
            signed = f"{_part(header)}.{_part(claims)}"
            seal = hmac.digest(key, signed.encode(), "sha256")
            return f"{signed}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])


def _is_client(authorization: str | None) -> bool:
    if authorization is None or not authorization.startswith("Basic "):
        return False
    user, _, password = base64.b64decode(authorization[6:]).decode().partition(":")
    return (unquote_plus(user), unquote_plus(password)) == (CLIENT_ID, CLIENT_SECRET)


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _handler_of(provider: OidcTestProvider) -> type[BaseHTTPRequestHandler]:
    class _Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            provider.requests.append(url.path)
            if url.path == "/.well-known/openid-configuration":
                self._answer(200, provider.document())
            elif url.path == "/jwks":
                self._answer(200, provider.keys())
            elif url.path == "/authorize":
                back = dict(parse_qsl(url.query))["redirect_uri"]
                self.send_response(302)
                self.send_header("Location", f"{back}?{urlencode(provider.authorise(self.path))}")
                self.end_headers()
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            provider.requests.append(self.path)
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._answer(*provider.token(form, self.headers.get("Authorization")))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Silence."""

        def _answer(self, status: int, body: dict[str, object]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    return _Handler
