"""What can be wrong with a connector, in the words its clients know (harness-api §1.3-1.6)."""

from dataclasses import dataclass

from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError, InvalidInputError, NotFoundError


@dataclass(frozen=True, slots=True)
class FieldError:
    """``field`` is the path in the body, such as ``connector.spec.dockerRegistryUrl``."""

    field: str
    error: str


class InvalidConnectorError(InvalidInputError):
    """One or more fields are wrong; all that were found are in ``errors``."""

    code = "invalid-connector"

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(", ".join(f"{error.field}: {error.error}" for error in errors))
        self.errors = errors


class InvalidRegistryUrlError(InvalidInputError):
    """``shown`` is as much of the URL as may be repeated: never user names, passwords or queries."""

    code = "invalid-registry-url"

    def __init__(self, shown: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"Docker registry URL {shown[:200]!r} {reason}", hint=hint)
        self.shown = shown
        self.reason = reason


class ImageNotPlaceableError(InvalidInputError):
    code = "image-not-placeable"

    def __init__(self, image: str, registry: str, reason: str) -> None:
        super().__init__(
            f"image {image[:300]!r} has no name in the registry {registry}: {reason}",
            hint="write the image without a registry host, as repository:tag",
        )
        self.image = image
        self.registry = registry


class SecretUseError(InvalidInputError):
    """A secret that a field points at is missing, or out of reach from the connector's scope."""

    code = "connector-secret-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"Error while validating {field} field : {reason}")
        self.field = field
        self.reason = reason


class ConnectorExistsError(ConflictError):
    code = "connector-exists"

    def __init__(self, name: str, identifier: str) -> None:
        super().__init__(
            f"Connector: {name} has been given an identifier: {identifier} that already exists. "
            "Please enter a unique ID.",
        )
        self.name = name
        self.identifier = identifier


class ConnectorTakenError(ConflictError):
    """Somebody else made one with the same identifier in the same moment."""

    code = "connector-taken"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Connector [{identifier}] already exists")
        self.identifier = identifier


class ConnectorMissingError(NotFoundError):
    """Read, updated, deleted or tested by identifier, and not there."""

    code = "connector-missing"

    def __init__(self, scope: Scope, identifier: str) -> None:
        place = f"account [{scope.account}]"
        if scope.org is not None:
            place = f"org [{scope.org}]"
        if scope.project is not None:
            place = f"project [{scope.project}] and org [{scope.org}]"
        super().__init__(f"Connector with identifier [{identifier}] not found in {place}.")
        self.scope = scope
        self.identifier = identifier


class ConnectorNotFoundError(NotFoundError):
    """Named by a stage or a step, and not there: never replaced by another one."""

    code = "connector-not-found"

    def __init__(self, identifier: str, level: str, *, hint: str = "") -> None:
        super().__init__(
            f"Connector not found for identifier : [{identifier}] with scope: [{level}]",
            hint=hint or "create the connector at that scope, or correct the reference",
        )
        self.identifier = identifier
        self.level = level


class ConnectorInUseError(ConflictError):
    """``users`` are the names of what refers to it."""

    code = "connector-in-use"

    def __init__(self, identifier: str, users: tuple[str, ...]) -> None:
        super().__init__(
            f"Could not delete the connector {identifier} as it is referenced by other entities",
            hint=f"referenced by: {', '.join(users[:10])}; forceDelete=true deletes it all the same",
        )
        self.identifier = identifier
        self.users = users


class ForceDeleteError(InvalidInputError):
    code = "force-delete-not-enabled"

    def __init__(self, account: str) -> None:
        super().__init__(f"Parameter forcedDelete cannot be true. Force Delete is not enabled for account [{account}]")
