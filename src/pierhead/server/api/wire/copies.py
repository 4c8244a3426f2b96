"""Copies from registry to registry on our own wire."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator

from pierhead.protocol.tasks import CopyEvent, CopyResult, IndexMode
from pierhead.server.jobs.copy_wishes import MOST, ONLY

from .common import OptionalText, OwnReceived, Wire
from .runs import FailureInfo
from .tasks import TaskInfo

Reference = Annotated[str, Field(min_length=1, max_length=512)]
Platform = Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,32}/[a-z0-9_.-]{1,32}(/[a-z0-9_.-]{1,32})?$")]


class CopyPlace(OwnReceived):
    """``image`` is a name as pipelines write it; where the connector leads is put before it."""

    connector: Annotated[str, Field(min_length=1, max_length=200)]
    image: Reference


class CopyChoice(OwnReceived):
    """``digest``: copy that, whatever the tag of the source says by then. No ``platforms`` means the whole index.

    ``index``: ``sparse`` keeps the index as it is with only those platforms behind it; ``rewritten`` makes a new one
    with only them, which names the original. ``referrers``: signatures, SBOMs and the like come along.
    """

    digest: OptionalText = None
    platforms: Annotated[list[Platform], Field(max_length=32)] = Field(default_factory=list)
    index: IndexMode = IndexMode.WHOLE
    referrers: bool = False


class CopyItem(CopyChoice):
    source: CopyPlace
    target: CopyPlace


class CopyBody(CopyChoice):
    """One image, by ``source`` and ``target``; or several in one task, by ``images`` alone."""

    images: Annotated[list[CopyItem], Field(max_length=MOST)] = Field(default_factory=list)
    source: CopyPlace | None = Field(default=None, validate_default=True)
    target: CopyPlace | None = Field(default=None, validate_default=True)

    @field_validator("source", "target", mode="after")
    @classmethod
    def _is_one_of_two(cls, value: CopyPlace | None, info: ValidationInfo) -> CopyPlace | None:
        has_images = bool(info.data.get("images"))
        if has_images and value is not None:
            raise ValueError("with images it stands in each of them")
        if not has_images and value is None:
            raise ValueError("it is missing: say from where and to where, or give images")
        return value

    @property
    def items(self) -> list[CopyItem]:
        if self.images:
            return self.images
        assert self.source is not None
        assert self.target is not None
        return [CopyItem.model_construct(**{name: getattr(self, name) for name in CopyItem.model_fields})]


class CopiedImage(Wire):
    """``key``: ``image`` when it is the only one, else its number in ``images`` from 1 on. ``bytesMounted`` is what
    the target had already. ``sourceDigest``: what the name meant at the source; ``digest``: what the target has.

    ``referrers``: how many signatures and the like the target got; ``referrersLeftOut``: listed at the source, and not
    to be had from it.
    """

    key: str
    state: str
    digest: str | None
    source_digest: str | None
    bytes_total: int | None
    bytes_done: int | None
    bytes_fetched: int | None
    bytes_mounted: int | None
    referrers: int | None
    referrers_left_out: int | None
    seconds: float | None
    failure: FailureInfo | None

    @classmethod
    def of(cls, event: CopyEvent) -> Self:
        error = event.error
        failure = FailureInfo.model_validate(error.model_dump(exclude={"retryable"})) if error else None
        return cls(**event.model_dump(exclude={"error"}), failure=failure)


class CopyInfo(Wire):
    """``images`` holds those about which there is something to say; before the end it is what is known here so far.

    ``image``: the image of a copy of one, null until there is something to say about it.
    """

    task: TaskInfo
    image: CopiedImage | None
    images: list[CopiedImage]

    @classmethod
    def of(cls, task: TaskInfo, result: Mapping[str, object] | None, latest: tuple[CopyEvent, ...]) -> Self:
        """``result`` is that of the task, once there is one; ``latest`` what was told last before."""
        events = latest if result is None else CopyResult.model_validate(result).images
        images = [CopiedImage.of(event) for event in events]
        only = images[0] if len(images) == 1 and images[0].key == ONLY else None
        return cls(task=task, image=only, images=images)
