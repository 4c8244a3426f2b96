"""Which image a field stands for: the innermost place's pin, else the default of the line; pure, with reasons."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pierhead.control.connectors import Reason

from .catalogue import Catalogue
from .errors import words_of
from .model import Infra, Pin
from .pin_values import usable
from .support import support_of


class VersionSource(StrEnum):
    PIN = "pin"
    DEFAULT = "default"
    PIPELINE = "pipeline"  # the step itself says it; no rule of the catalogue


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """``image`` is the text to place behind a connector."""

    image: str
    source: VersionSource
    trail: tuple[Reason, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(reason.text for reason in self.trail if reason.warning)


def choose_version(
    field: str, infra: Infra, pins: Iterable[Pin], catalogue: Catalogue, line: str | None = None
) -> VersionChoice:
    """``pins`` are those that can decide, the innermost place first. Raises UnknownFieldError, NoImageError,
    UnusablePinError, UnknownLineError."""
    ours = [pin for pin in pins if pin.field == field and pin.infra is infra]
    if not ours:
        image = catalogue.default(field, infra, line)
        trail = _default_trail(field, catalogue.line(line))
        return VersionChoice(image, VersionSource.DEFAULT, (*trail, *_support(field, infra, image, catalogue)))
    catalogue.check_fields((field,), infra)
    default = catalogue.defaults(infra, line).get(field)
    image = usable(field, ours[0].value)
    trail = _pin_trail(ours, default)
    return VersionChoice(image, VersionSource.PIN, (*trail, *_support(field, infra, image, catalogue)))


def _default_trail(field: str, line: str) -> tuple[Reason, ...]:
    return (
        Reason("pin", f"the account pins no image for {field}", chosen=False),
        Reason("default", f"{field} is the default of release line {line}", chosen=True),
    )


def _pin_trail(pins: list[Pin], default: str | None) -> tuple[Reason, ...]:
    first, *others = pins
    text = f"pinned for {words_of(first.scope)} by {first.updated_by} on {first.updated_at:%Y-%m-%d}"
    pinned = Reason("pin", text, chosen=True)
    passed = [
        Reason("pin", f"{words_of(other.scope)} pins {other.value}, which is overridden", chosen=False)
        for other in others
    ]
    told = "the release line has no default for it" if default is None else f"the default {default} is overridden"
    return (pinned, *passed, Reason("default", told, chosen=False))


def _support(field: str, infra: Infra, image: str, catalogue: Catalogue) -> tuple[Reason, ...]:
    """What is to be said of the image's age; never a refusal."""
    support = support_of(catalogue.fields[field], infra, image, catalogue)
    return tuple(Reason("support", text, chosen=False, warning=True) for text in support.warnings(image))
