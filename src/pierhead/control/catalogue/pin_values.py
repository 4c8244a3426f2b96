"""What may be pinned: any text, as the reference's clients send it; and what is said of one that is no image; pure.

Such a pin is stored as it is and stops nothing but the use of its image: ``usable`` says so there.
"""

from pierhead.control.connectors import ConnectorWarning
from pierhead.kit.errors import InvalidInputError
from pierhead.oci.reference import Reference

from .errors import InvalidImageValueError, UnusablePinError

MAX_CHARS = 512


def checked_value(field: str, value: str) -> str:
    """Without outer blanks. Raises InvalidImageValueError."""
    text = value.strip()
    if not text:
        raise InvalidImageValueError(field, value, "it is empty")
    if len(text) > MAX_CHARS:
        raise InvalidImageValueError(field, value, f"it is longer than {MAX_CHARS} characters")
    if not text.isprintable():
        raise InvalidImageValueError(field, value, "it has control characters")
    return text


def usable(field: str, value: str) -> str:
    """Raises UnusablePinError."""
    if (problem := _problem_with(value)) is not None:
        raise UnusablePinError(field, value, problem)
    return value


def warning_about(field: str, value: str) -> ConnectorWarning | None:
    problem = _problem_with(value)
    if problem is None:
        return None
    text = f"{field} is set to {value!r}, which is no image: {problem}. Whatever needs {field} fails until it is."
    return ConnectorWarning("unusable-pin", text)


def _problem_with(value: str) -> str | None:
    try:
        Reference.parse(value)
    except InvalidInputError as error:
        return error.message
    return None
