"""Copies from registry to registry on our own wire."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field

from pierhead.protocol.tasks import CopyEvent, CopyResult

from .common import OptionalText, OwnReceived, Wire
from .runs import FailureInfo
from .tasks import TaskInfo

Reference = Annotated[str, Field(min_length=1, max_length=512)]
Platform = Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,32}/[a-z0-9_.-]{1,32}(/[a-z0-9_.-]{1,32})?$")]


class CopyPlace(OwnReceived):
    """``image`` is a name as pipelines write it; where the connector leads is put before it."""

    connector: Annotated[str, Field(min_length=1, max_length=200)]
    image: Reference


class CopyBody(OwnReceived):
    """``digest``: copy that, whatever the tag of the source says by then. No ``platforms`` means the whole index."""

    source: CopyPlace
    target: CopyPlace
    digest: OptionalText = None
    platforms: Annotated[list[Platform], Field(max_length=32)] = Field(default_factory=list)


class CopiedImage(Wire):
    """``bytesMounted`` is what the target had already."""

    key: str
    state: str
    digest: str | None
    bytes_total: int | None
    bytes_done: int | None
    bytes_fetched: int | None
    bytes_mounted: int | None
    seconds: float | None
    failure: FailureInfo | None

    @classmethod
    def of(cls, event: CopyEvent) -> Self:
        error = event.error
        failure = FailureInfo.model_validate(error.model_dump(exclude={"retryable"})) if error else None
        return cls(**event.model_dump(exclude={"error"}), failure=failure)


class CopyInfo(Wire):
    """``image`` is null until there is something to say about it; before the end it is what is known here so far."""

    task: TaskInfo
    image: CopiedImage | None

    @classmethod
    def of(cls, task: TaskInfo, result: Mapping[str, object] | None, latest: CopyEvent | None) -> Self:
        """``result`` is that of the task, once there is one; ``latest`` the last that was told before."""
        if result is not None:
            images = CopyResult.model_validate(result).images
            latest = images[-1] if images else None
        return cls(task=task, image=CopiedImage.of(latest) if latest else None)
