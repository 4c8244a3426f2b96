"""From what a worker says of an image to the facts that a run keeps; pure."""

from typing import TypeVar

from pierhead.control.pipelines import ImageFacts, ImageFailure, ImageState
from pierhead.oci.digest import Digest
from pierhead.protocol.tasks import ImageEvent, TaskFailure

from .errors import clipped

_MAX_WARNINGS = 20
_MAX_BYTES = 2**60
_MAX_SECONDS = 10.0**9

N = TypeVar("N", int, float)


def facts_of(event: ImageEvent) -> ImageFacts:
    """Raises InvalidDigestError for a digest that is none."""
    return ImageFacts(
        state=ImageState(event.state),
        digest=_digest(event.digest),
        manifest_digest=_digest(event.manifest_digest),
        bytes_total=None if event.bytes_total is None else _within(event.bytes_total, _MAX_BYTES),
        bytes_done=_within(event.bytes_done or 0, _MAX_BYTES),
        bytes_fetched=_within(event.bytes_fetched or 0, _MAX_BYTES),
        seconds=None if event.seconds is None else _within(event.seconds, _MAX_SECONDS),
        rate_limit=event.rate_limit.model_dump(by_alias=True) if event.rate_limit else None,
        failure=failure_of(event.error) if event.error else None,
        warnings=tuple(warning[:1000] for warning in event.warnings[:_MAX_WARNINGS]),
    )


def failed(failure: TaskFailure) -> ImageFacts:
    return ImageFacts(ImageState.FAILED, failure=failure_of(failure))


def failure_of(failure: TaskFailure) -> ImageFailure:
    error = clipped(failure)
    exchange = error.exchange.model_dump(by_alias=True) if error.exchange else None
    return ImageFailure(error.code, error.category, error.message, error.hint, exchange)


def _within(number: N, most: N) -> N:
    """A delegate may say any number; what is kept has to fit."""
    return max(type(number)(0), min(number, most))


def _digest(text: str | None) -> str | None:
    return None if text is None else str(Digest.parse(text))
