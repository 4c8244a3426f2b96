"""Pin sets and canaries on the wire."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field

from pierhead.control.catalogue import Pin, PinDifference, PinSet
from pierhead.kit.clock import to_epoch_ms

from .common import OwnReceived, Wire
from .preflight import MAX_IMAGES, ImageToPin, PreflightWay

Reason = Annotated[str, Field(max_length=500)]


class PinBody(PreflightWay):
    """``force``: pinned although pre-flight says no, or without asking; ``reason`` is then required."""

    pins: Annotated[list[ImageToPin], Field(min_length=1, max_length=MAX_IMAGES)]
    reason: Reason = ""
    force: bool = False


class RollbackBody(OwnReceived):
    """``number`` null: the set before the last."""

    number: Annotated[int, Field(ge=1, le=2**53)] | None = None
    reason: Reason = ""


class PromoteBody(OwnReceived):
    reason: Reason = ""


class PinSetInfo(Wire):
    """``madeAt`` is in milliseconds since the epoch. ``cause``: found, update, reset, rollback or promote;
    ``preflight``: not-asked, passed or forced; ``restores`` 0: what was before the first. ``pins`` is field to image by
    infrastructure; the place is the account's when ``orgIdentifier`` is null."""

    number: int
    previous: int | None
    org_identifier: str | None
    project_identifier: str | None
    made_at: int
    updated_by: str
    cause: str
    reason: str
    preflight: str
    restores: int | None
    pins: dict[str, dict[str, str]]

    @classmethod
    def of(cls, made: PinSet) -> Self:
        because = made.because
        return cls(
            number=made.number,
            previous=made.previous,
            org_identifier=made.scope.org,
            project_identifier=made.scope.project,
            made_at=to_epoch_ms(made.made_at),
            updated_by=because.updated_by,
            cause=because.cause.value,
            reason=because.reason,
            preflight=because.preflight.value,
            restores=because.restores,
            pins={infra.value: dict(fields) for infra, fields in made.pins.items()},
        )


class PinStep(Wire):
    """Null: not pinned."""

    infra: str
    field: str
    before: str | None
    after: str | None


class PinSetDiff(Wire):
    before: int
    after: int
    changes: list[PinStep]

    @classmethod
    def of(cls, before: int, after: int, steps: Iterable[PinDifference]) -> Self:
        changes = [
            PinStep(infra=step.infra.value, field=step.field, before=step.before, after=step.after) for step in steps
        ]
        return cls(before=before, after=after, changes=changes)


class CanaryPin(Wire):
    org_identifier: str
    project_identifier: str | None
    infra: str
    field: str
    image: str
    updated_at: int
    updated_by: str

    @classmethod
    def of(cls, pin: Pin) -> Self:
        return cls(
            org_identifier=pin.org or "",
            project_identifier=pin.project,
            infra=pin.infra.value,
            field=pin.field,
            image=pin.value,
            updated_at=to_epoch_ms(pin.updated_at),
            updated_by=pin.updated_by,
        )


class Canaries(Wire):
    pins: list[CanaryPin]
