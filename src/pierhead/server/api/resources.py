"""The other envelope of the reference, around everything about delegates (harness-api §4.7)."""

from typing import Any, Generic, TypeVar

from pydantic import Field

from .answers import schema_name
from .wire.common import Wire

T = TypeVar("T")


class NoMetaData(Wire):
    """Always empty."""


class ResourceAnswer(Wire, Generic[T]):
    """``metaData`` and ``responseMessages`` are there because clients expect them; they never say anything."""

    meta_data: NoMetaData = NoMetaData()
    resource: T
    response_messages: list[str] = Field(default_factory=list)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{schema_name(params[0])}Resource"


def resource(value: T) -> ResourceAnswer[T]:
    return ResourceAnswer(resource=value)
