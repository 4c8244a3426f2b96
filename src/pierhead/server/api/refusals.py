"""What the HTTP edge itself refuses, before any use case has a say."""

from dataclasses import dataclass

from pierhead.kit.errors import InvalidInputError, RateLimitedError


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """``field`` is the dotted path in the body or the name of the query parameter; empty for the body as a whole."""

    field: str
    error: str

    def __str__(self) -> str:
        return f"{self.field}: {self.error}" if self.field else self.error


class InvalidFieldsError(InvalidInputError):
    """Every field that was found wrong is in ``problems``."""

    code = "invalid-fields"

    def __init__(self, problems: tuple[FieldProblem, ...], *, hint: str = "") -> None:
        super().__init__(", ".join(map(str, problems)), hint=hint)
        self.problems = problems


class MissingAccountError(InvalidInputError):
    code = "missing-account"

    def __init__(self) -> None:
        super().__init__(
            "Account detail is not present in the request", hint="add accountIdentifier=<account> to the query"
        )


class AmbiguousParameterError(InvalidInputError):
    """The same query parameter twice with different values: which one is meant cannot be guessed."""

    code = "ambiguous-parameter"

    def __init__(self, name: str) -> None:
        super().__init__(f"the query parameter {name} is given more than once with different values")
        self.name = name


class MediaTypeError(InvalidInputError):
    """``given`` is None when the request names no type; curl's ``--data`` alone names the type of a web form."""

    code = "media-type"

    def __init__(self, given: str | None, accepted: tuple[str, ...]) -> None:
        what = "no Content-Type" if given is None else f"Content-Type {given[:100]!r}"
        super().__init__(
            f"{what}, but the body is read as {' or '.join(accepted)} only",
            hint=f"add --header 'Content-Type: {accepted[0]}' to the request",
        )
        self.given = given


class EmptyBodyError(InvalidInputError):
    code = "empty-body"

    def __init__(self) -> None:
        super().__init__(
            "the request has no body",
            hint="if it was pasted into a shell, look for a line break before --data-raw that lacks its backslash",
        )


class UnsafeTextError(InvalidInputError):
    """JSON can spell characters that no text may hold."""

    code = "unsafe-text"

    def __init__(self, what: str) -> None:
        super().__init__(f"the body contains {what}, which no text here may contain")


class BusyError(RateLimitedError):
    """As many calls of this kind as can run at once are running."""

    code = "busy"

    def __init__(self, what: str) -> None:
        super().__init__(f"too many {what} at once", retry_after_s=5.0, hint="try again in a few seconds")
