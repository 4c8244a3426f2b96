"""A question to a registry and the answer to it, between the transport and those who ask."""

from dataclasses import dataclass

from .auth.credentials import Grant, secrets_of
from .endpoint import Endpoint
from .exchange import Exchange
from .origin import Url
from .wire.head import Headers
from .wire.payload import Payload
from .wire.response import Response


@dataclass(frozen=True, slots=True)
class Request:
    """``subject`` names in words what is asked about; ``scope`` is what a token must allow, "" for none; several have
    blanks between them, the one that matters most first.

    ``is_blob``: the answer may come from a storage host to which the registry redirects, without credentials.
    ``is_bare``: to be sent without credentials, whatever the answer. ``is_once``: not to be sent again by the
    transport when it got lost, for whoever asks must first find out what came of it.
    """

    subject: str
    method: str
    url: Url
    scope: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    is_blob: bool = False
    is_bare: bool = False
    payload: Payload | None = None
    is_once: bool = False

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(self.scope.split())


class Answer:
    """``url`` is where it came from, after redirects. An answer with status 400 or more has its excerpt read."""

    __slots__ = ("endpoint", "grant", "request", "response", "url")

    def __init__(self, request: Request, endpoint: Endpoint, url: Url, response: Response) -> None:
        self.request = request
        self.endpoint = endpoint
        self.url = url
        self.response = response
        self.grant: Grant | None = None

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> Headers:
        return self.response.headers

    @property
    def is_foreign(self) -> bool:
        """Whether it came from another origin than the registry's own."""
        return self.url.origin != self.endpoint.origin

    def exchange(self) -> Exchange:
        return exchange_of(self.endpoint, self.request.method, self.url, self.status, self.response.excerpt, self.grant)

    def close(self) -> None:
        self.response.close()


class Reply:
    """An answer with its whole body; ``body`` is empty for errors, whose ``answer`` has the excerpt."""

    __slots__ = ("answer", "body")

    def __init__(self, answer: Answer, body: bytes) -> None:
        self.answer = answer
        self.body = body

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Headers:
        return self.answer.headers


def exchange_of(
    endpoint: Endpoint, method: str, url: Url, status: int | None, body: bytes = b"", grant: Grant | None = None
) -> Exchange:
    secrets = secrets_of(endpoint, grant) if body else ()
    return Exchange.of(method, str(url), status, body, connector=endpoint.connector, secrets=secrets)
