"""Saved filters on the wire."""

import json
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator

from pierhead.control.connectors import FilterDraft, FilterType, FilterVisibility, SavedFilter, filter_document
from pierhead.control.scopes import Scope
from pierhead.kit.limits import KIB

from .common import Identifier, Name, OptionalText, Received, Wire

_MAX_PROPERTIES = 16 * KIB


def _small(properties: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(properties)) > _MAX_PROPERTIES:
        raise ValueError(f"is longer than {_MAX_PROPERTIES} characters")
    return properties


def _absent_as_everyone(value: object) -> object:
    return FilterVisibility.EVERY_ONE if value in (None, "") else value


Properties = Annotated[dict[str, Any], AfterValidator(_small)]
Visibility = Annotated[FilterVisibility, BeforeValidator(_absent_as_everyone)]


class FilterPropertiesIn(Received):
    """Only the type is read here; all that was sent is kept."""

    filter_type: FilterType


class FilterBody(Received):
    name: Name
    identifier: Identifier
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None
    filter_properties: Properties
    filter_visibility: Visibility = FilterVisibility.EVERY_ONE

    def scope(self, account: str) -> Scope:
        return Scope(account, self.org_identifier, self.project_identifier)

    def draft(self, account: str, kind: FilterType) -> FilterDraft:
        return FilterDraft(
            scope=self.scope(account),
            identifier=self.identifier,
            name=self.name,
            type=kind,
            properties=self.filter_properties,
            visibility=self.filter_visibility,
        )


class FilterItem(Wire):
    name: str
    identifier: str
    org_identifier: str | None
    project_identifier: str | None
    filter_properties: dict[str, Any]
    filter_visibility: FilterVisibility

    @classmethod
    def of(cls, saved: SavedFilter) -> Self:
        return cls.model_validate(filter_document(saved))
