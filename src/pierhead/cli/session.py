"""The API to a person who is logged in: a cookie says who it is, and a second text that a change is meant.

Unlike a browser, this client shows the cookie over plain http as well, so it needs no TLS on the same machine.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Self

from pierhead.kit.redact import SecretValue

from .api_client import ApiClient
from .errors import NotPierheadError
from .wire import Answer, Wire

_PATH = "/pierhead/v1/session"


class SessionClient(ApiClient):
    """Nobody until ``log_in``."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire, SecretValue(""), {})
        self._cookies: dict[str, SecretValue] = {}
        self._csrf = SecretValue("")

    def log_in(self, email: str, password: SecretValue) -> str:
        """The id of the user. Raises AppError."""
        data = self.call("POST", _PATH, None, {"email": email, "password": password.reveal()})
        if not self._cookies or not isinstance(data, dict):
            raise NotPierheadError(self.place, "it opened no session")
        self._csrf = SecretValue(str(data["csrfToken"]))
        self.scope = {"accountIdentifier": str(data["account"])}
        return str(data["user"]["id"])

    def log_out(self) -> None:
        self.call("DELETE", _PATH)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _shown(self) -> dict[str, str]:
        if not self._cookies:
            return {}
        shown = "; ".join(f"{name}={value.reveal()}" for name, value in self._cookies.items())
        return {"Cookie": shown, "X-CSRF-Token": self._csrf.reveal()}

    def _request(self, method: str, path: str, query: Mapping[str, object] | None, body: object, accept: str) -> Answer:
        answer = super()._request(method, path, query, body, accept)
        for line in answer.cookies:
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        try:
            morsels = SimpleCookie(line)
        except CookieError:
            raise NotPierheadError(self.place, "it sets a cookie that is none") from None
        for name, morsel in morsels.items():
            self._cookies[name] = SecretValue(morsel.value)
