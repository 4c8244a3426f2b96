"""Where an archive's images come from or go to: a connector of the data directory, or a registry with its login.

A connector's secrets stay with whoever holds them: it can be used here only when this process opened the data directory
itself, so not through a server.
"""

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pierhead.control.scopes import Scope
from pierhead.kit.redact import SecretValue
from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Anonymous, Credential, Endpoint, TlsSettings, UsernamePassword

from .errors import UsageError
from .invocation import Invocation

if TYPE_CHECKING:
    from pierhead.control.connectors import Connector
    from pierhead.server.bootstrap import Application

Options = dict[str, Any]


@dataclass(frozen=True)
class DirectEnd:
    """A registry by its own name, with what the options say."""

    options: Options

    @cached_property
    def _credential(self) -> Credential:
        user, has_password = self.options["username"], self.options["password_stdin"]
        if bool(user) != has_password:
            raise UsageError("--username and --password-stdin belong together")
        if not user:
            return Anonymous()
        password = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
        if not password:
            raise UsageError("standard input holds no password")
        return UsernamePassword(user, SecretValue(password))

    @cached_property
    def _tls(self) -> TlsSettings:
        path = self.options["ca_file"]
        try:
            return TlsSettings(path.read_text("ascii")) if path else TlsSettings()
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read the authorities in {path}: {error}") from None

    def place(self, image: str) -> tuple[Endpoint, Reference]:
        reference = Reference.parse(image)
        plain = self.options["plain_http"]
        endpoint = Endpoint.for_reference(
            reference.registry, plain_http=plain, credential=self._credential, tls=self._tls
        )
        return endpoint, reference


@dataclass(frozen=True)
class ConnectorEnd:
    """A connector by its reference; images are named as pipelines write them."""

    application: "Application"
    scope: Scope
    reference: str

    @cached_property
    def _connector(self) -> "Connector":
        return self.application.connectors.resolve(self.reference, self.scope)

    def place(self, image: str) -> tuple[Endpoint, Reference]:
        from pierhead.server.jobs.question_work import named
        from pierhead.server.jobs.registry_access import access_for_image
        from pierhead.server.storage import registry_secrets
        from pierhead.worker.access import endpoint_of

        app = self.application
        reference = named(self._connector, image)
        secrets = registry_secrets(app.settings, app.secrets, app.clock)
        return endpoint_of(access_for_image(reference, self._connector, secrets)), reference


End = DirectEnd | ConnectorEnd


def end_of(invocation: Invocation, connector: str | None, options: Options) -> End:
    """Raises UsageError for options that do not go together, and where a server holds the connector."""
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
    if connector is None:
        return DirectEnd(options)
    if given:
        raise UsageError(f"{', '.join(given)} cannot be given with a connector, which has its own login")
    application = invocation.connection().application
    if application is None:
        raise UsageError(
            f"the connector {connector} belongs to a running server, which keeps its secrets to itself",
            hint="name the registry itself, with --username and --password-stdin, or stop the server",
        )
    chosen = invocation.target
    return ConnectorEnd(application, Scope(application.account.id, chosen.org, chosen.project), connector)
