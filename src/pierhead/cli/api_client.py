"""The API as commands use it: a call gives the data out of the envelope or raises, a stream gives events.

Whether a server elsewhere answers or the application in this very process is the wire's business.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlencode

from pierhead import __version__
from pierhead.kit.errors import NotFoundError
from pierhead.kit.limits import MIB, BodyTooLargeError, MalformedJsonError, parse_json
from pierhead.kit.redact import SecretValue

from . import sse
from .errors import ApiError, NotPierheadError
from .wire import Answer, Wire

_ANSWER_CAP_BYTES = 64 * MIB
_DETAILS = ("errors", "failedPermissionChecks")


class ApiClient:
    """``scope`` is put into every query: accountIdentifier and, where chosen, orgIdentifier and projectIdentifier.

    ``warnings`` gathers what answers warned about beside their data.
    """

    def __init__(self, wire: Wire, key: SecretValue, scope: Mapping[str, str]) -> None:
        self._wire = wire
        self._key = key
        self.scope = dict(scope)
        self.warnings: list[str] = []

    @property
    def place(self) -> str:
        return self._wire.place

    def call(self, method: str, path: str, query: Mapping[str, object] | None = None, body: object = None) -> Any:
        """The ``data`` of the answer, or its ``resource``, which is how the reference names it for delegates.

        A ``bytes`` body is sent as YAML, any other as JSON. Raises AppError.
        """
        answer = self._request(method, path, query, body, "application/json")
        with closing(answer):
            document = self._document(answer)
        if answer.status >= 300:
            raise _refusal(answer.status, document, self.place)
        if isinstance(document, dict):
            self.warnings += texts_of(document.get("metaData"))
            for name in ("data", "resource"):
                if name in document:
                    return document[name]
        raise NotPierheadError(self.place, f"{method} {path} gave no data")

    def find(self, path: str, query: Mapping[str, object] | None = None) -> Any | None:
        """What GET gives, None when it is not there. Raises AppError for any other refusal."""
        try:
            return self.call("GET", path, query)
        except ApiError as error:
            if error.category is NotFoundError:
                return None
            raise

    def stream(self, path: str, query: Mapping[str, object] | None = None) -> Iterator[tuple[str, Any]]:
        """Events with their JSON data until the other side ends the stream. Raises AppError."""
        answer = self._request("GET", path, query, None, "text/event-stream")
        with closing(answer):
            if answer.status >= 300:
                raise _refusal(answer.status, self._document(answer), self.place)
            for event, data in sse.events(answer.chunks):
                yield event, parse_json(data.encode())

    def close(self) -> None:
        self._wire.close()

    def _shown(self) -> dict[str, str]:
        """The headers that say who calls."""
        return {"X-API-KEY": self._key.reveal()}

    def _request(self, method: str, path: str, query: Mapping[str, object] | None, body: object, accept: str) -> Answer:
        headers = {
            "Accept": accept,
            "User-Agent": f"pierhead/{__version__}",
            **self._shown(),
        }
        raw: bytes | None = None
        if isinstance(body, bytes):
            raw, headers["Content-Type"] = body, "application/yaml"
        elif body is not None:
            raw, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif method != "GET":
            raw = b""
        return self._wire.request(method, path + _query_string({**self.scope, **(query or {})}), headers, raw)

    def _document(self, answer: Answer) -> object:
        received = bytearray()
        for chunk in answer.chunks:
            received += chunk
            if len(received) > _ANSWER_CAP_BYTES:
                raise BodyTooLargeError(f"the answer of {self.place}", _ANSWER_CAP_BYTES)
        try:
            return parse_json(bytes(received))
        except MalformedJsonError:
            kind = answer.content_type or "no content type"
            raise NotPierheadError(self.place, f"status {answer.status} with {kind}, which is not JSON") from None


def account_of(key: SecretValue) -> str | None:
    """The account that a key of the form ``pat.<accountId>.<keyId>.<secret>`` names; None for any other form."""
    parts = key.reveal().split(".")
    return parts[1] if len(parts) == 4 else None


def segment(text: str) -> str:
    """``text`` as one segment of a path."""
    return quote(text, safe="")


def texts_of(carrier: object) -> list[str]:
    """The ``warnings`` of an object, which are texts or ``{code, text}``."""
    warnings = carrier.get("warnings") if isinstance(carrier, dict) else None
    return [str(each.get("text") if isinstance(each, dict) else each) for each in warnings or []]


def _query_string(query: Mapping[str, object]) -> str:
    kept = {name: _written(value) for name, value in query.items() if value is not None}
    return "?" + urlencode(kept, doseq=True) if kept else ""


def _written(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _refusal(status: int, document: object, place: str) -> ApiError | NotPierheadError:
    if not isinstance(document, dict) or not isinstance(document.get("message"), str):
        return NotPierheadError(place, f"status {status} without a message")
    message = document["message"]
    for error in document.get("errors") or []:
        if isinstance(error, dict) and str(error.get("error")) not in message:
            message += f"; {error.get('fieldId')}: {error.get('error')}"
    wire_code, own_code, hint, correlation_id = (
        str(document.get(name) or "") for name in ("code", "pierheadCode", "hint", "correlationId")
    )
    details = {name: document[name] for name in _DETAILS if document.get(name)}
    return ApiError(status, wire_code, own_code, message, hint, correlation_id=correlation_id, details=details)
