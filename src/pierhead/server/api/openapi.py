"""The OpenAPI document: the framework's own, with the bodies that are read without the framework."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.routing import BaseRoute

DESCRIPTION = (
    "Decides, proves and delivers the container images that a CI platform runs on. Every path also answers below "
    "`/gateway`. Paths outside `/pierhead/v1` speak the wire format that the CI platform's clients know."
)
_REF = "#/components/schemas/"
_ERROR_TEXT = "Refused; the body says why"


@dataclass(frozen=True, slots=True)
class _Body:
    """What a route takes, to be described only where somebody reads the document."""

    model: Any
    media_types: tuple[str, ...]
    is_required: bool

    def described(self) -> dict[str, Any]:
        schema = TypeAdapter(self.model).json_schema(ref_template=_REF + "{model}", mode="validation")
        content: dict[str, Any] = {kind: {"schema": {"type": "string"}} for kind in self.media_types}
        content["application/json"] = {"schema": {"x-title": self.model.__name__, **schema}}
        return {"required": self.is_required, "content": content}


def takes(model: Any, *media_types: str, is_required: bool = True) -> dict[str, Any]:
    """``openapi_extra`` of a route whose body is read by ``bodies``; JSON is one of its media types."""
    return {"requestBody": _Body(model, media_types, is_required)}


def document(app: FastAPI) -> dict[str, Any]:
    """Made once for each application, then kept."""
    if app.openapi_schema is None:
        _describe_bodies(app.routes)
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for operation in [operation for path in made["paths"].values() for operation in path.values()]:
            _name_body_schema(operation, schemas)
            _describe(operation)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Refusal"] = _REFUSAL
        app.openapi_schema = _with_short_names(made)
    return app.openapi_schema


def _describe_bodies(routes: Sequence[BaseRoute]) -> None:
    for route in [route for route in routes if isinstance(route, APIRoute) and route.openapi_extra]:
        extra = route.openapi_extra or {}
        if isinstance(body := extra.get("requestBody"), _Body):
            route.openapi_extra = {**extra, "requestBody": body.described()}


def _with_short_names(made: dict[str, Any]) -> dict[str, Any]:
    """Generic models under their titles: ``ConnectorItemAnswer`` instead of ``Answer_ConnectorItem_``."""
    schemas = made["components"]["schemas"]
    titles = {name: schema["title"] for name, schema in schemas.items() if name.endswith("_")}
    made["components"]["schemas"] = {titles.get(name, name): schema for name, schema in sorted(schemas.items())}
    for part in [part for schema in schemas.values() for part in schema.get("properties", {}).values()]:
        part.pop("title", None)  # made from the name, and no better than it
    text = json.dumps(made)
    for name, title in titles.items():
        text = text.replace(f'"{_REF}{name}"', f'"{_REF}{title}"')
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def _name_body_schema(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Moves the body's schema and what it refers to from the operation to the components."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    schema = content["schema"]
    parts = {**schema.pop("$defs", {}), schema.pop("x-title"): schema}
    title = list(parts)[-1]
    renamed = {name: f"{name}Input" for name, part in parts.items() if schemas.get(name, part) != part}
    text = json.dumps(parts)
    for name, other in renamed.items():
        text = text.replace(f'"{_REF}{name}"', f'"{_REF}{other}"')
    schemas.update({renamed.get(name, name): part for name, part in json.loads(text).items()})
    content["schema"] = {"$ref": _REF + renamed.get(title, title)}


def _describe(operation: dict[str, Any]) -> None:
    operation["summary"] = re.sub("([A-Z])", r" \1", operation["operationId"]).capitalize()
    responses = operation["responses"]
    for parameter in operation.get("parameters", ()):
        parameter["schema"].pop("title", None)
    responses.pop("422", None)  # the framework's; ours are 4xx in the reference's envelopes
    responses["4XX"] = {
        "description": _ERROR_TEXT,
        "content": {"application/json": {"schema": {"$ref": _REF + "Refusal"}}},
    }


_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_REFUSAL: dict[str, Any] = {
    "title": "Refusal",
    "description": "FAILURE names fields, or a thing that is not there; ERROR is everything else.",
    "type": "object",
    "required": ["status", "code", "message", "correlationId"],
    "properties": {
        "status": {"enum": ["FAILURE", "ERROR"]},
        "code": {**_TEXT, "description": "the reference's error code"},
        "message": _TEXT,
        "correlationId": _TEXT,
        "hint": _TEXT_OR_NULL,
        "pierheadCode": {**_TEXT, "description": "stable code of the error, finer than `code`"},
        "errors": {
            "type": ["array", "null"],
            "items": {"type": "object", "properties": {"fieldId": _TEXT, "error": _TEXT}},
        },
        "detailedMessage": _TEXT_OR_NULL,
        "responseMessages": {"type": "array", "items": {"type": "object"}},
        "metadata": {},
    },
}
