"""A registry as a connector describes it: where it is, who we are there, and how to get there.

A constructed value is usable; nothing is connected or read here.
"""

from dataclasses import dataclass, field
from urllib.parse import unquote

from pierhead.kit.redact import SecretValue
from pierhead.oci.reference import DOCKER_HUB, is_docker_hub

from .auth.fingerprint import fingerprint, is_encodable
from .errors import InvalidSettingsError, RegistryV1Error
from .origin import Origin, Url

DOCKER_HUB_HOST = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credentials, on purpose."""


@dataclass(frozen=True, slots=True)
class UsernamePassword:
    """For Basic, and for token servers. Raises InvalidSettingsError for what cannot be sent."""

    username: str
    password: SecretValue

    def __post_init__(self) -> None:
        if ":" in self.username:
            raise InvalidSettingsError(
                "the user name has a colon in it", hint="give the user name without the password"
            )
        if not is_encodable(self.username, self.password):
            raise InvalidSettingsError("user name or password has half a character in it", hint="give it anew")


Credential = Anonymous | UsernamePassword


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """An http proxy. ``no_proxy`` holds hosts, ".suffixes", "host:port", addresses, networks or "*"."""

    url: str
    no_proxy: tuple[str, ...] = ()
    username: str | None = None
    password: SecretValue | None = None
    origin: Origin = field(init=False, compare=False)
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        origin = Origin.of(self.url)
        if origin.is_secure:
            raise InvalidSettingsError(
                f"the proxy {origin} wants TLS, which we do not speak to proxies",
                hint="give the proxy's http:// address",
            )
        object.__setattr__(self, "origin", origin)
        user = fingerprint(self.username, self.password) if self.username is not None else ""
        object.__setattr__(self, "key", f"{origin} {','.join(self.no_proxy)} {user}")

    @classmethod
    def parse(cls, text: str, no_proxy: tuple[str, ...] = ()) -> "ProxySettings":
        """Takes a user name and password out of the URL. Raises InvalidUrlError, InvalidSettingsError."""
        scheme, slashes, rest = text.partition("://")
        user, at, host = rest.rpartition("@")
        if not at:
            return cls(text, no_proxy)
        name, colon, password = user.partition(":")
        secret = SecretValue(unquote(password)) if colon else None
        return cls(f"{scheme}{slashes}{host}", no_proxy, unquote(name), secret)


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """``ca_pem`` is trusted in addition to the system's authorities. The key may stand in the certificate's PEM."""

    ca_pem: str | None = None
    client_certificate_pem: str | None = None
    client_key_pem: SecretValue | None = None
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.client_key_pem is not None and self.client_certificate_pem is None:
            raise InvalidSettingsError("there is a client key without a client certificate", hint="give both")
        parts = (self.ca_pem, self.client_certificate_pem, self.client_key_pem)
        object.__setattr__(self, "key", fingerprint(*parts) if any(part is not None for part in parts) else "")

    def without_client(self) -> "TlsSettings":
        """For hosts that are none of the connector's: a client certificate is a credential."""
        return TlsSettings(self.ca_pem) if self.client_certificate_pem is not None else self


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``key`` is equal for equal connector, secret version, origin and credential; fit for dictionaries.

    ``may_be_private``: allowed to be at a private or loopback address, by those who ask (``wire.judge.AddressPolicy``).
    """

    origin: Origin
    credential: Credential = Anonymous()
    connector: str = ""
    secret_version: str = ""
    trusted_realm_hosts: frozenset[str] = frozenset()
    tls: TlsSettings = TlsSettings()
    proxy: ProxySettings | None = None
    may_be_private: bool = False
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        who = self.credential
        user = fingerprint(who.username, who.password) if isinstance(who, UsernamePassword) else "-"
        object.__setattr__(self, "key", f"{self.origin} {self.connector} {self.secret_version} {user}")

    @property
    def is_anonymous(self) -> bool:
        return isinstance(self.credential, Anonymous)

    @classmethod
    def for_reference(cls, registry: str, *, plain_http: bool = False, **settings: object) -> "Endpoint":
        """The endpoint for the ``registry`` part of a reference. Raises InvalidUrlError."""
        host = DOCKER_HUB_HOST if registry == DOCKER_HUB or is_docker_hub(registry) else registry
        origin = Origin.at("http" if plain_http else "https", host)
        return cls(origin, **settings)  # type: ignore[arg-type]

    @classmethod
    def for_url(cls, text: str, **settings: object) -> "Endpoint":
        """The endpoint for a connector's URL, with or without scheme (then https) and ``/v2/``.

        Any other path is no part of an endpoint: it belongs in front of the repository's name.
        Raises InvalidUrlError, and RegistryV1Error for a v1 URL other than Docker Hub's.
        """
        url = Url.parse(text if "://" in text else f"https://{text}")
        if is_docker_hub(url.origin.host):
            return cls(Origin(url.origin.scheme, DOCKER_HUB_HOST, url.origin.port), **settings)  # type: ignore[arg-type]
        if url.path.strip("/").partition("/")[0] == "v1":
            raise RegistryV1Error(text, f"use {url.origin}/v2/, if the registry speaks v2")
        return cls(url.origin, **settings)  # type: ignore[arg-type]
