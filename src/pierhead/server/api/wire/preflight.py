"""Pre-flight checks on the wire."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field

from pierhead.control.catalogue import Infra
from pierhead.server.jobs.preflight import PreflightItem, PreflightReport, Wanted

from .common import OwnReceived, Wire

MAX_IMAGES = 200


def _empty_as_none(value: object) -> object:
    return None if value == "" else value


ConnectorRef = Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_empty_as_none)]


class PreflightWay(OwnReceived):
    """``connector``: where the images have to be, null for the account's own; ``source``: where they come from, null
    for the built-in one, Docker Hub. Without ``compare`` nobody asks the source."""

    connector: ConnectorRef = None
    source: ConnectorRef = None
    compare: bool = True


class ImageToPin(OwnReceived):
    """``value`` null: the pin goes."""

    infra: Infra = Infra.K8
    field: Annotated[str, Field(min_length=1, max_length=200)]
    value: Annotated[str, Field(max_length=512)] | None = None

    def wanted(self) -> Wanted:
        return Wanted(self.infra, self.field, (self.value or "").strip())


class PreflightBody(PreflightWay):
    """``pins``: only these, as if they were pinned; none: every image that runs use now, of ``infra`` or of all."""

    infra: Infra | None = None
    pins: Annotated[list[ImageToPin], Field(max_length=MAX_IMAGES)] = Field(default_factory=list)


class CheckedImage(Wire):
    """``state``: present, absent, different, unusable or unchecked; only the first is good."""

    infra: str
    field: str
    image: str
    reference: str
    state: str
    reason: str
    target_digest: str | None
    source_digest: str | None

    @classmethod
    def of(cls, item: PreflightItem) -> Self:
        return cls(
            infra=item.wanted.infra.value,
            field=item.wanted.field,
            image=item.wanted.image,
            reference=item.reference,
            state=item.state.value,
            reason=item.reason,
            target_digest=item.target_digest,
            source_digest=item.source_digest,
        )


class PreflightInfo(Wire):
    """``source`` is empty when nothing was compared."""

    is_good: bool
    target: str
    source: str
    images: list[CheckedImage]

    @classmethod
    def of(cls, report: PreflightReport) -> Self:
        images = [CheckedImage.of(item) for item in report.items]
        return cls(is_good=report.is_good, target=report.target, source=report.source, images=images)
