"""What all wire models share: camelCase names, and how much of the unknown they put up with."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from pierhead.control.scopes import check_identifier, check_name
from pierhead.kit.errors import AppError


class Wire(BaseModel):
    """A body that we write."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        defer_build=True,  # when first used: there are hundreds, and a server starts without any
    )


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
OptionalText = Annotated[str | None, BeforeValidator(_empty_as_none)]
"""A text that is not there when it is null, absent or empty."""
OptionalShortText = Annotated[Annotated[str, Field(max_length=300)] | None, BeforeValidator(_empty_as_none)]
"""The same of at most 300 characters. The cap is on the text: one on the whole would meet the None as well."""


def _checked(check: Callable[[str], str]) -> AfterValidator:
    """Control's own check, its refusal said at the field."""

    def validate(text: str) -> str:
        try:
            return check(text)
        except AppError as error:
            raise PydanticCustomError("checked", "{text}", {"text": error.message}) from None

    return AfterValidator(validate)


Identifier = Annotated[str, _checked(check_identifier)]
"""One that may be given to a new entity."""
Name = Annotated[str, _checked(check_name)]
