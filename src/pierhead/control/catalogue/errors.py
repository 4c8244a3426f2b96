"""What can be wrong with a question to the catalogue, in the words its clients know (harness-api §3)."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from pierhead.control.scopes import Scope
from pierhead.kit.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from .model import Infra


class InvalidInfraError(InvalidInputError):
    code = "invalid-infra"

    def __init__(self, infra: str) -> None:
        super().__init__(f"infra {infra[:100]!r} is not one of K8, VM", hint="ask with infra=K8 or infra=VM")
        self.infra = infra


class UnsupportedInfraError(InvalidInputError):
    """An infrastructure of the hosted platform, which has no images of its own to set."""

    code = "unsupported-infra"

    def __init__(self, infra: str) -> None:
        super().__init__(f"Config not supported for infra type: {infra}", hint="ask with infra=K8 or infra=VM")
        self.infra = infra


class UnknownFieldError(InvalidInputError):
    """``fields`` are all that were unknown; ``known`` is what the infrastructure has."""

    code = "unknown-image-field"

    def __init__(self, fields: tuple[str, ...], infra: "Infra", known: tuple[str, ...]) -> None:
        super().__init__(
            ", ".join(f"Field {field[:100]} does not exist for infra type: {infra}" for field in fields[:20]),
            hint=_hint(fields[0], known),
        )
        self.fields = fields
        self.infra = infra


class InvalidImageValueError(InvalidInputError):
    code = "invalid-image-value"

    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(
            f"Field {field} cannot be set to {value[:300]!r}: {reason}",
            hint="write the value as [host[:port]/]repository[:tag][@digest]",
        )
        self.field = field
        self.value = value


class UnusablePinError(InvalidInputError):
    code = "unusable-pin"

    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(
            f"the account pins {field} to {value[:300]!r}, which is no image: {reason}",
            hint=f"set {field} to [host[:port]/]repository[:tag][@digest] with update-config, or reset it",
        )
        self.field = field
        self.value = value


class NoImageError(NotFoundError):
    """A field that exists, but has neither a pin nor a default in the release line."""

    code = "no-default-image"

    def __init__(self, field: str, infra: "Infra", line: str) -> None:
        super().__init__(
            f"field {field} has no default image for infra type {infra} in release line {line}",
            hint=f"set one with update-config, or move to a release line that has {field}",
        )
        self.field = field
        self.infra = infra
        self.line = line


class UnknownLineError(InvalidInputError):
    code = "unknown-release-line"

    def __init__(self, line: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no release line {line[:100]!r}", hint=f"choose one of {', '.join(known)}")
        self.line = line


class PinSetNotFoundError(NotFoundError):
    code = "pin-set-not-found"

    def __init__(self, number: int) -> None:
        what = f"there is no pin set {number}" if number else "there is no pin set yet, so nothing to go back to"
        super().__init__(what, hint="`pierhead image pins history` lists them")
        self.number = number


class PinSetElsewhereError(InvalidInputError):
    """A place can only go back to what was its own."""

    code = "pin-set-elsewhere"

    def __init__(self, number: int, scope: Scope) -> None:
        super().__init__(f"pin set {number} is one of {words_of(scope)}", hint="name that place, or another set")
        self.number = number
        self.scope = scope


class NoCanaryError(NotFoundError):
    code = "no-canary"

    def __init__(self, scope: Scope) -> None:
        super().__init__(
            f"{words_of(scope)} pins no image before all others",
            hint="name the project of the canary; `pierhead image pins canaries` lists them",
        )
        self.scope = scope


def words_of(scope: Scope) -> str:
    """How a message calls a place."""
    if scope.project is not None:
        return f"project {scope.org}/{scope.project}"
    return "the account" if scope.org is None else f"organization {scope.org}"


class ReleaseLineFileError(InvalidInputError):
    """A file with release lines or their calendar that this program does not understand."""

    code = "release-line-file"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path[:300]}: {problem}", hint="mend the file, or move it away; PIERHEAD_RELEASE_LINES")
        self.path = path


def _hint(field: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(field[:100], known, n=1)
    return f"did you mean {close[0]}?" if close else "`pierhead image list` or get-default-config lists the fields"
