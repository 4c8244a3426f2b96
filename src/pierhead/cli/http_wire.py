"""The API of a server elsewhere, over HTTP(S); a new connection for each request, no redirects, no proxies."""

import http.client
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from .errors import NotPierheadError, ServerUnreachableError, UsageError
from .wire import Answer

# A connection test may take two minutes; an event stream says something every fifteen seconds.
_READ_TIMEOUT_S = 150.0
_CONNECT_TIMEOUT_S = 10.0
_PIECE = 64 * 1024
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class HttpWire:
    """``url`` is the server's, with or without a path. Raises UsageError for anything but http and https."""

    def __init__(
        self, url: str, *, connect_timeout_s: float = _CONNECT_TIMEOUT_S, read_timeout_s: float = _READ_TIMEOUT_S
    ) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise UsageError(f"URL {url!r} is not valid: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise UsageError(
                f"URL {url!r} is not a server's address", hint="write it as http://host:port or https://host"
            )
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, port
        self._prefix = parts.path.rstrip("/")
        self._place = f"{parts.scheme}://{parts.netloc}{self._prefix}"

    @property
    def place(self) -> str:
        return self._place

    @property
    def is_exposed(self) -> bool:
        """Whether a key sent here can be read on the way."""
        return self._scheme == "http" and self._host not in _LOOPBACK

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        connection = self._connect()
        try:
            connection.request(method, self._prefix + target, body=body, headers=dict(headers))
            response = connection.getresponse()
        except OSError as error:
            connection.close()
            raise ServerUnreachableError(self._place, error.strerror or str(error) or type(error).__name__) from None
        except http.client.HTTPException as error:
            connection.close()
            raise NotPierheadError(self._place, type(error).__name__) from None
        content_type = response.headers.get("Content-Type", "")
        cookies = tuple(response.headers.get_all("Set-Cookie", ()))
        return Answer(response.status, content_type, self._chunks(response), connection.close, cookies)

    def close(self) -> None:
        """Nothing is kept between requests."""

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._scheme == "https" else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._connect_timeout_s)
        try:
            connection.connect()
        except OSError as error:
            raise ServerUnreachableError(self._place, error.strerror or str(error) or type(error).__name__) from None
        connection.sock.settimeout(self._read_timeout_s)
        return connection

    def _chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        try:
            while piece := response.read1(_PIECE):
                yield piece
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
        except OSError as error:
            raise ServerUnreachableError(self._place, str(error) or type(error).__name__) from None
        except (http.client.HTTPException, ValueError) as error:
            raise NotPierheadError(self._place, f"the answer breaks off ({type(error).__name__})") from None
