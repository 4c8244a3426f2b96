"""From a registry's "no" to an error with a name, by status, error code (distribution-spec) and who we are."""

from collections.abc import Callable
from typing import Final

from pierhead.kit.limits import MalformedJsonError, parse_json
from pierhead.kit.redact import redact

from .auth.challenge import parse_challenges
from .auth.credentials import secrets_of
from .auth.tokens import Token
from .errors import (
    BadResponseError,
    BlobUnknownError,
    ManifestUnknownError,
    NotOfferedError,
    RegistryDeniedError,
    RegistryError,
    RegistryUnauthenticatedError,
    RegistryV1Error,
    RepositoryUnknownError,
    RequestRefusedError,
)
from .exchange import Exchange, show_text
from .quirks import is_v1_answer
from .request import Answer

Unknown = Callable[[str, Exchange | None], RegistryError]
_UNKNOWN: Final[dict[str, Unknown]] = {
    "NAME_UNKNOWN": RepositoryUnknownError,
    "REPOSITORY_UNKNOWN": RepositoryUnknownError,
    "MANIFEST_UNKNOWN": ManifestUnknownError,
    "BLOB_UNKNOWN": BlobUnknownError,
}


def refusal(answer: Answer, unknown: Unknown = RepositoryUnknownError) -> RegistryError:
    """The error for an answer other than the one wanted; ``unknown`` is what a bare 404 means to the one who asked."""
    subject, status, exchange = answer.request.subject, answer.status, answer.exchange()
    codes = error_codes(answer.response.excerpt)
    if is_v1_answer(answer.headers):
        return RegistryV1Error(str(answer.url.origin), "use a registry that speaks v2 (/v2/)", exchange)
    if status == 401:
        return _unauthenticated(answer, exchange)
    if status in (403, 451):
        return RegistryDeniedError(subject, reason_of(answer), exchange)
    if status in (404, 410):
        named = next((_UNKNOWN[code] for code in codes if code in _UNKNOWN), unknown)
        return named(subject, exchange)
    if status in (405, 501) or "UNSUPPORTED" in codes:
        return NotOfferedError(subject, exchange)
    if 400 <= status < 500:
        return _bad_request(answer, exchange)
    return BadResponseError(subject, f"status {status}", exchange)


def error_codes(body: bytes) -> tuple[str, ...]:
    """The codes of an error body, in upper case; none when it is not one."""
    return tuple(str(error.get("code", ""))[:64].upper() for error in _errors(body))


def reason_of(answer: Answer) -> str:
    """What an error body says for people, in a line, without the secrets it may repeat."""
    texts = (str(error.get("message") or error.get("code") or "") for error in _errors(answer.response.excerpt))
    text = redact("; ".join(text for text in texts if text), secrets_of(answer.endpoint, answer.grant))
    return show_text(text, 200)


def _errors(body: bytes) -> list[dict[str, object]]:
    if body.lstrip()[:1] != b"{":
        return []
    try:
        document = parse_json(body)
    except MalformedJsonError:
        return []
    listed = document.get("errors") if isinstance(document, dict) else None
    if isinstance(listed, list):
        return [error for error in listed[:16] if isinstance(error, dict)]
    # Token servers and some proxies give one error bare: {"details": "..."} or {"code": "...", "message": "..."}.
    bare = document if isinstance(document, dict) else {}
    message = bare.get("message") or bare.get("details") or bare.get("error_description") or bare.get("error")
    return [{"code": bare.get("code", ""), "message": message}] if isinstance(message, str) else []


def _unauthenticated(answer: Answer, exchange: Exchange) -> RegistryError:
    subject, endpoint = answer.request.subject, answer.endpoint
    reason = reason_of(answer)
    if answer.is_foreign:
        where = f"redirected to {answer.url.origin}, which wants credentials that are only for {endpoint.origin}"
        return RegistryDeniedError(subject, where, exchange)
    if endpoint.is_anonymous:
        return RegistryUnauthenticatedError(subject, is_anonymous=True, reason=reason, exchange=exchange)
    if isinstance(answer.grant, Token):  # the token server did accept the credentials
        return RegistryDeniedError(subject, f"not found, or not for this user{reason and ': ' + reason}", exchange)
    if answer.grant is None:
        schemes = ", ".join(c.scheme for c in parse_challenges(answer.headers.all("www-authenticate")))
        reason = f"it asks for {schemes or 'no way we know'}"
    return RegistryUnauthenticatedError(subject, is_anonymous=False, reason=reason, exchange=exchange)


def _bad_request(answer: Answer, exchange: Exchange) -> RegistryError:
    body = answer.response.excerpt
    if b"HTTP request to an HTTPS server" in body or b"plain HTTP request was sent to HTTPS port" in body:
        return BadResponseError(answer.request.subject, "it wants TLS: the URL must begin with https://", exchange)
    return RequestRefusedError(answer.request.subject, answer.status, reason_of(answer), exchange)
