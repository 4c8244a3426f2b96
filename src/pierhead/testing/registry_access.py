"""Who may do what in the fake registry, and how often: no login, Basic, or Bearer with a token service of its own.

Tokens and passwords here protect nothing; they exist so that clients have something to get right.
"""

import base64
import itertools
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

Users = Mapping[str, str]  # passwords by user name


@dataclass(frozen=True, slots=True)
class NoLogin:
    pass


@dataclass(frozen=True, slots=True)
class BasicLogin:
    users: Users


@dataclass(frozen=True, slots=True)
class TokenLogin:
    """Anybody gets a token for pulling from ``public`` repositories, users for all; wrong passwords get none.

    ``readers``: users who may only pull. Tokens say what they allow, as docker-registry's do, and are not signed.
    """

    users: Users
    public: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()
    service: str = "fake-registry"
    expires_in: int = 300


Login = NoLogin | BasicLogin | TokenLogin


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not the thing asked for."""

    status: int
    code: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()

    def body(self) -> bytes:
        return json.dumps({"errors": [{"code": self.code, "message": self.message}]}).encode()


@dataclass(slots=True)
class Tokens:
    """The token service and its memory of what each token allows."""

    login: TokenLogin
    _granted: dict[str, frozenset[str]] = field(default_factory=dict)
    _serial: "itertools.count[int]" = field(default_factory=itertools.count)

    def issue(self, query: str, authorization: str | None) -> Refusal | bytes:
        user = _basic_user(self.login.users, authorization)
        if authorization and user is None:
            return Refusal(401, "UNAUTHORIZED", "wrong user name or password")
        asked = [scope for value in parse_qs(query).get("scope", []) for scope in value.split()]
        granted = frozenset(right for scope in asked for right in self._rights(scope, user))
        token = f"{_encoded({'alg': 'none'})}.{_encoded({'access': _access(granted)})}.fake-{next(self._serial)}"
        self._granted[token] = granted
        return json.dumps({"token": token, "expires_in": self.login.expires_in}).encode()

    def forget(self) -> None:
        """Every token issued so far is worthless from now on."""
        self._granted.clear()

    def rights_of(self, authorization: str | None) -> frozenset[str] | None:
        """None for a token that is missing or was never issued."""
        kind, _, token = (authorization or "").partition(" ")
        return self._granted.get(token) if kind.lower() == "bearer" else None

    def _rights(self, scope: str, user: str | None) -> list[str]:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        asked = (f"{kind}:{name}:{action}" for action in actions.split(","))
        if user is None:
            return [right for right in asked if self._is_public(right)]
        may_only_pull = user in self.login.readers
        return [right for right in asked if not may_only_pull or right.endswith(":pull")]

    def _is_public(self, right: str) -> bool:
        return any(right == f"repository:{name}:pull" for name in self.login.public)


class Door:
    """Checks logins. ``right`` is ``kind:name:action``, empty for ``/v2/`` itself, which needs any login."""

    def __init__(self, login: Login, realm: str) -> None:
        self._login = login
        self._realm = realm
        self.tokens = Tokens(login) if isinstance(login, TokenLogin) else None

    def check(self, right: str, authorization: str | None) -> Refusal | None:
        match self._login:
            case NoLogin():
                return None
            case BasicLogin(users):
                challenge = 'Basic realm="fake registry"'
                return None if _basic_user(users, authorization) else _refuse(challenge)
            case TokenLogin(service=service):
                return self._check_token(right, authorization, service)

    def _check_token(self, right: str, authorization: str | None, service: str) -> Refusal | None:
        rights = self.tokens.rights_of(authorization) if self.tokens else None
        if rights is not None and (not right or right in rights):
            return None
        scope = f',scope="{right}"' if right else ""
        error = ',error="insufficient_scope"' if rights is not None else ""
        return _refuse(f'Bearer realm="{self._realm}",service="{service}"{scope}{error}')


@dataclass(slots=True)
class RateLimit:
    """``limit`` manifest GETs, then 429. None: no limit and no headers, as registries that do not limit."""

    limit: int | None = None
    window_s: int = 21600
    retry_after: str = "30"
    used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, *, costs: bool) -> Refusal | None:
        """One manifest request; only GETs cost (Docker Hub's rule)."""
        with self._lock:
            if self.limit is None or not costs:
                return None
            if self.used >= self.limit:
                headers = (("Retry-After", self.retry_after), *self.headers())
                return Refusal(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.", headers)
            self.used += 1
            return None

    def headers(self) -> tuple[tuple[str, str], ...]:
        if self.limit is None:
            return ()
        left = max(0, self.limit - self.used)
        return (
            ("ratelimit-limit", f"{self.limit};w={self.window_s}"),
            ("ratelimit-remaining", f"{left};w={self.window_s}"),
            ("docker-ratelimit-source", "127.0.0.1"),
        )


def _refuse(challenge: str) -> Refusal:
    return Refusal(401, "UNAUTHORIZED", "authentication required", (("WWW-Authenticate", challenge),))


def _basic_user(users: Users, authorization: str | None) -> str | None:
    kind, _, encoded = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return user if users.get(user) == password else None


def _access(rights: frozenset[str]) -> list[dict[str, object]]:
    """As a token's claim: the rights by what they are for."""
    found: dict[tuple[str, str], list[str]] = {}
    for right in sorted(rights):
        kind, _, rest = right.partition(":")
        name, _, action = rest.rpartition(":")
        found.setdefault((kind, name), []).append(action)
    return [{"type": kind, "name": name, "actions": actions} for (kind, name), actions in found.items()]


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
