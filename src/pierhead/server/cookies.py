"""The cookies of this server: how they are named, and by whom they may be seen.

``__Host-`` makes a browser take the cookie from this very host only, over TLS, for all paths. A browser on the same
machine may be served by plain http instead, when the operator says so; then the cookies have other names, so that one
kind is never taken for the other.
"""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from pierhead.control.access import OIDC_STATE_LASTS, SESSION_LASTS
from pierhead.kit.redact import SecretValue

_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class Cookie:
    """``same_site``: strict, but for what has to come back from a provider's page."""

    name: str
    lasts_s: int
    same_site: Literal["strict", "lax"] = "strict"

    def read(self, request: Request, *, is_plain: bool) -> SecretValue | None:
        text = request.cookies.get(self._full_name(is_plain))
        return SecretValue(text) if text and len(text) <= _MAX_LENGTH else None

    def set(self, response: Response, text: SecretValue, *, is_plain: bool) -> None:
        response.set_cookie(
            self._full_name(is_plain),
            text.reveal(),
            max_age=self.lasts_s,
            path="/",
            secure=not is_plain,
            httponly=True,
            samesite=self.same_site,
        )

    def forget(self, response: Response, *, is_plain: bool) -> None:
        name = self._full_name(is_plain)
        response.delete_cookie(name, path="/", secure=not is_plain, httponly=True, samesite=self.same_site)

    def _full_name(self, is_plain: bool) -> str:
        return f"{self.name}-plain" if is_plain else f"__Host-{self.name}"


SESSION = Cookie("pierhead", int(SESSION_LASTS.total_seconds()))
OIDC_STATE = Cookie("pierhead-oidc", int(OIDC_STATE_LASTS.total_seconds()), "lax")
