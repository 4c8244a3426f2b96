"""What all wire models share: camelCase names, and how much of the unknown they put up with."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """A body that we write."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True)


class Received(Wire):
    """A body of the reference: its clients send fields that mean nothing here, so those are passed over."""

    model_config = ConfigDict(extra="ignore", validate_by_name=False)


class OwnReceived(Wire):
    """A body of our own: a field that we do not know is a mistake of the sender."""

    model_config = ConfigDict(extra="forbid", validate_by_name=False)


def _none_as_empty(value: object) -> object:
    return {} if value is None else value


def _empty_as_none(value: object) -> object:
    return None if value == "" else value


Tags = Annotated[dict[str, str], BeforeValidator(_none_as_empty)]
OptionalId = Annotated[str | None, BeforeValidator(_empty_as_none)]
"""An identifier that is not there when it is null, absent or empty."""
NonEmpty = Annotated[str, StringConstraints(min_length=1)]
