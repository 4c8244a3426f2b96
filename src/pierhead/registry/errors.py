"""What can go wrong between us and a registry. Every error carries the exchange it came from, redacted.

``subject`` is always what the caller asked about, in words: "manifest 3.20 of library/alpine on registry-1.docker.io".
"""

from typing import ClassVar, Literal

from pierhead.kit.errors import (
    AppError,
    DeniedError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
)
from pierhead.oci.digest import Digest
from pierhead.oci.errors import DigestMismatchError, SizeMismatchError

from .exchange import Exchange


class RegistryError(AppError):
    """Joined to a category of kit.errors by each leaf. ``exchange`` is None when nothing was said yet.

    ``is_transient`` says whether the transport itself may try again; ``retryable`` is for those above it.
    """

    code = "registry-error"
    is_transient: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", exchange: Exchange | None = None, **more: float | None) -> None:
        super().__init__(message, hint=hint, **more)  # the category's own keywords
        self.exchange = exchange


class InvalidUrlError(RegistryError, InvalidInputError):
    code = "invalid-url"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"{_without_user(url)!r} is not a usable URL: {reason}", hint="write it as https://host[:port]"
        )
        self.reason = reason


class InvalidSettingsError(RegistryError, InvalidInputError):
    """Proxy or TLS settings of a connector that cannot work."""

    code = "invalid-connection-settings"


class CallCancelledError(RegistryError):
    """The caller asked us to stop; belongs to no category."""

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("cancelled")


class ManifestUnknownError(RegistryError, NotFoundError):
    code = "manifest-unknown"

    def __init__(self, subject: str, exchange: Exchange | None = None) -> None:
        super().__init__(f"{subject} does not exist", hint="check the tag or digest", exchange=exchange)


class BlobUnknownError(RegistryError, NotFoundError):
    code = "blob-unknown"

    def __init__(self, subject: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject} does not exist", hint="the image is incomplete there: push it again", exchange=exchange
        )


class RepositoryUnknownError(RegistryError, NotFoundError):
    code = "repository-unknown"

    def __init__(self, subject: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: the registry knows no such repository", hint="check the image name", exchange=exchange
        )


class RegistryUnauthenticatedError(RegistryError, UnauthenticatedError):
    """The registry or its token server refused who we say we are, or wants to know it and we are anonymous."""

    code = "registry-unauthenticated"

    def __init__(self, subject: str, *, is_anonymous: bool, reason: str = "", exchange: Exchange | None = None) -> None:
        if is_anonymous:
            message = f"{subject}: not found, or private: the registry wants credentials and none are configured"
            hint = "check the image name; if it is private, give the connector credentials"
        else:
            message = f"{subject}: the registry does not accept the connector's credentials"
            hint = "check user name and password or token of the connector, and whether they have expired"
        super().__init__(f"{message}{': ' + reason if reason else ''}", hint=hint, exchange=exchange)
        self.is_anonymous = is_anonymous


class RegistryDeniedError(RegistryError, DeniedError):
    code = "registry-denied"

    def __init__(self, subject: str, reason: str = "", exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: access denied{': ' + reason if reason else ''}",
            hint="check the image name, and whether the connector's user may pull it",
            exchange=exchange,
        )


class RegistryRateLimitedError(RegistryError, RateLimitedError):
    """``kind`` is "quota" (so many pulls in a time) or "abuse" (too many requests in a short time)."""

    code = "registry-rate-limited"

    def __init__(
        self,
        host: str,
        kind: Literal["quota", "abuse"],
        retry_after_s: float | None,
        exchange: Exchange | None = None,
    ) -> None:
        wait = "" if retry_after_s is None else f" for {retry_after_s:,.0f} s"
        what = "the pull quota is used up" if kind == "quota" else "too many requests"
        super().__init__(
            f"{host} asks us to wait{wait}: {what}",
            hint="pull later, pull with credentials that have a larger quota, or use a mirror",
            exchange=exchange,
            retry_after_s=retry_after_s,
        )
        self.kind = kind


class NameNotResolvedError(RegistryError, UnavailableError):
    """The name does not exist; asking again at once does not help."""

    code = "name-not-resolved"
    retryable = False

    def __init__(self, host: str, reason: str = "") -> None:
        super().__init__(
            f"the name {host} does not resolve{': ' + reason if reason else ''}",
            hint="check the host name in the connector's URL, and DNS on the machine that pulls",
        )


class NameServerError(RegistryError, UnavailableError):
    """The name may exist, but nobody could tell us now."""

    code = "name-server-unavailable"
    is_transient = True

    def __init__(self, host: str, reason: str = "") -> None:
        super().__init__(
            f"no answer from DNS about {host}{': ' + reason if reason else ''}",
            hint="check DNS on the machine that pulls",
        )


class ConnectRefusedError(RegistryError, UnavailableError):
    """No address of the host took the connection."""

    code = "connect-refused"
    is_transient = True

    def __init__(self, authority: str, reason: str) -> None:
        super().__init__(
            f"cannot connect to {authority}: {reason}", hint="check port, firewall and whether the registry is up"
        )


class ConnectionLostError(RegistryError, UnavailableError):
    code = "connection-lost"
    is_transient = True

    def __init__(self, authority: str, reason: str) -> None:
        super().__init__(f"{authority} broke the connection: {reason}", hint="try again; check proxies in between")


class TlsError(RegistryError, UnavailableError):
    code = "tls-failed"
    retryable = False

    def __init__(self, authority: str, reason: str, hint: str) -> None:
        super().__init__(f"no trusted TLS connection to {authority}: {reason}", hint=hint)
        self.reason = reason


class ProxyRefusedError(RegistryError, UnavailableError):
    code = "proxy-refused"

    def __init__(self, proxy: str, authority: str, status: int) -> None:
        hint = "check the proxy's user name and password" if status == 407 else "check the proxy settings"
        super().__init__(f"the proxy {proxy} does not lead to {authority}: status {status}", hint=hint)
        self.status = status


class RegistryTimeoutError(RegistryError, UnavailableError):
    code = "registry-timeout"
    is_transient = True

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"{what} took longer than {seconds:g} s", hint="try again; check the network")


class DeadlineExceededError(RegistryTimeoutError):
    """The time the caller gave is over; trying again is the caller's business."""

    code = "deadline-exceeded"
    is_transient = False

    def __init__(self) -> None:
        RegistryError.__init__(self, "the time given for this is over", hint="give it more time")


class RegistryUnavailableError(RegistryError, UnavailableError):
    """A status that says "not now": 408, 425, 499 and 5xx. ``retry_after_s`` when the answer named a time."""

    code = "registry-unavailable"
    is_transient = True

    def __init__(
        self, host: str, status: int, exchange: Exchange | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(
            f"{host} answered with status {status}", hint="the registry has trouble: try later", exchange=exchange
        )
        self.status = status
        self.retry_after_s = retry_after_s


class StorageRefusedError(RegistryError, UnavailableError):
    """The place to which the registry redirected us did not give the blob."""

    code = "blob-storage-refused"
    is_transient = True

    def __init__(self, host: str, status: int, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{host}, to which the registry pointed, answered with status {status}",
            hint="try again; check that the machine that pulls may reach that host",
            exchange=exchange,
        )
        self.status = status


class BadResponseError(RegistryError, UnavailableError):
    """An answer that no registry should give."""

    code = "bad-response"
    retryable = False

    def __init__(self, subject: str, reason: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: the answer makes no sense: {reason}",
            hint="check that the connector's URL is that of a registry and not of something in front of it",
            exchange=exchange,
        )
        self.reason = reason


class RequestRefusedError(RegistryError, InvalidInputError):
    """Status 400 and its like: the registry does not take the name, tag or digest as such."""

    code = "registry-refused-request"

    def __init__(self, subject: str, status: int, reason: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: the registry refused the request with status {status}{': ' + reason if reason else ''}",
            hint="check the image name",
            exchange=exchange,
        )
        self.status = status


class NotOfferedError(RegistryError, UnsupportedError):
    """The registry does not offer this kind of request, such as listing its repositories."""

    code = "registry-does-not-offer"

    def __init__(self, subject: str, exchange: Exchange | None = None) -> None:
        super().__init__(f"{subject}: the registry does not offer this", exchange=exchange)


class RedirectRefusedError(RegistryError, DeniedError):
    code = "redirect-refused"

    def __init__(self, source: str, target: str, reason: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{source} pointed to {target}, where we do not go: {reason}",
            hint="if this is meant, use the final address in the connector's URL",
            exchange=exchange,
        )
        self.reason = reason


class ForeignRealmError(RegistryError, DeniedError):
    """``realm`` is "host" or "host:port", as ``trustedRealmHosts`` wants it."""

    code = "foreign-realm"

    def __init__(self, host: str, realm: str, reason: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{host} wants the credentials sent to {realm}: {reason}",
            hint=f"if {realm} is the registry's own token server, add it to trustedRealmHosts of the connector",
            exchange=exchange,
        )
        self.realm = realm


class AddressRefusedError(RegistryError, DeniedError):
    """Says nothing about whether the address answers."""

    code = "address-refused"

    def __init__(self, host: str, kind: str) -> None:
        super().__init__(
            f"{host} is at a {kind} address, where this request may not go",
            hint="use the registry's own address; link-local and metadata addresses are never used",
        )
        self.kind = kind

    def may_be_allowed(self) -> "AddressRefusedError":
        """The same, with how it is allowed: for private addresses that nobody has allowed yet."""
        self.hint = (
            "if the registry is meant to be in a private network, whoever may edit the account can set "
            "allowPrivateAddresses on its connector, or a delegate in that network can do the work; the server's "
            "operator can allow private addresses for all with PIERHEAD_PRIVATE_ADDRESSES=allow"
        )
        return self


class BodyTooLargeError(RegistryError, TooLargeError):
    code = "registry-body-too-large"

    def __init__(self, subject: str, cap: int, unit: str = "bytes", exchange: Exchange | None = None) -> None:
        super().__init__(f"{subject} is larger than the {cap:,} {unit} accepted", exchange=exchange)
        self.cap = cap


class ShortBodyError(RegistryError, UnavailableError):
    """The body ended before its promised end, and going on from there did not help."""

    code = "short-body"
    is_transient = True

    def __init__(self, subject: str, got_bytes: int, expected_bytes: int | None) -> None:
        whole = "its end" if expected_bytes is None else f"{expected_bytes:,} bytes"
        super().__init__(f"{subject} broke off after {got_bytes:,} bytes, before {whole}", hint="try again")
        self.got_bytes = got_bytes


class RegistryDigestMismatchError(RegistryError, DigestMismatchError):
    """The bytes have another digest than was asked for, or than the registry said they have."""

    code = "digest-mismatch"

    def __init__(self, what: str, expected: Digest, actual: Digest, exchange: Exchange | None = None) -> None:
        DigestMismatchError.__init__(self, what, expected, actual)
        self.exchange = exchange


class RegistrySizeMismatchError(RegistryError, SizeMismatchError):
    """The registry offers more or fewer bytes than the manifest says."""

    code = "size-mismatch"

    def __init__(self, what: str, expected_bytes: int, actual_bytes: int, exchange: Exchange | None = None) -> None:
        SizeMismatchError.__init__(self, what, expected_bytes, actual_bytes)
        self.exchange = exchange


class RegistryV1Error(RegistryError, UnsupportedError):
    code = "registry-v1"

    def __init__(self, where: str, use_instead: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{where} speaks the Docker registry protocol v1, which is gone", hint=use_instead, exchange=exchange
        )


def _without_user(url: str) -> str:
    text = url[:200]
    head, at, tail = text.rpartition("@")
    if not at:
        return text
    scheme, slashes, _ = head.partition("://")
    return f"{scheme}://***@{tail}" if slashes else f"***@{tail}"
