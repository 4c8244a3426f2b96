"""How a task says where a registry is and with what to log in; a value only."""

from pydantic import Field, SecretStr

from .message import Message


class RegistryAccess(Message):
    """How to reach one registry. ``url``: ``https://host[:port]``; plain ``http://`` only where the connector says so.

    ``secret_version`` changes whenever the secret does, so that nothing cached under the old one is used.
    ``allow_private``: the connector says that its registry may be at a private or loopback address; asked about by the
    server's own worker only, and never sent: a delegate stands in the network of whoever runs it.
    """

    connector: str = ""
    url: str
    username: str | None = None
    password: SecretStr | None = None
    secret_version: str = ""
    ca_pem: str | None = None
    client_certificate_pem: str | None = None
    client_key_pem: SecretStr | None = None
    proxy_url: SecretStr | None = None
    no_proxy: tuple[str, ...] = ()
    trusted_realm_hosts: tuple[str, ...] = ()
    allow_private: bool = Field(default=False, exclude=True)
