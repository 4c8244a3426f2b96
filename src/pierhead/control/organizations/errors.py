"""What can go wrong with organizations and projects (texts of harness-api §1.5)."""

from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError, InvalidInputError, NotFoundError


class PlaceNotFoundError(NotFoundError):
    """An organization or a project that a request names is not there."""

    code = "place-not-found"

    def __init__(self, place: Scope) -> None:
        what = f"project [{place.project}]" if place.project else f"org [{place.org}]"
        super().__init__(f"{what} not found.", hint="create it first, or correct orgIdentifier and projectIdentifier")
        self.place = place


class PlaceMissingError(NotFoundError):
    """Read, changed or deleted by identifier, and not there, or not for this caller."""

    code = "place-missing"

    def __init__(self, place: Scope) -> None:
        what = f"Organization with identifier [{place.org}]"
        if place.project is not None:
            what = f"Project with orgIdentifier [{place.org}] and identifier [{place.project}]"
        super().__init__(f"{what} not found")
        self.place = place


class PlaceExistsError(ConflictError):
    code = "place-exists"

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"{kind} [{identifier}] already exists; please enter a unique identifier")


class PlaceInUseError(ConflictError):
    """Deleting takes nothing along that somebody may still need."""

    code = "place-in-use"

    def __init__(self, kind: str, identifier: str, holds: str) -> None:
        super().__init__(
            f"Could not delete the {kind} {identifier}: it still holds {holds}", hint="delete or move those first"
        )


class InvalidPlaceError(InvalidInputError):
    code = "invalid-place"


class PlaceChangeError(InvalidPlaceError):
    """Path, query and body do not speak of the same place: neither identifier nor organization ever changes."""

    code = "place-change-refused"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"{field} cannot be changed, and must be the same in path, query and body",
            hint="make a new one, and delete the old",
        )
