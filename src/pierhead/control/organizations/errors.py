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
