"""Reference page of the HTTP API, from the OpenAPI document and the table of permissions."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from markdown import code, page, prose, table

from pierhead.server.api.permissions import Permission, permission_of
from pierhead.server.app import create_app

INTRODUCTION = """\
The server gives the whole document, bodies included, at `/openapi.json`.

- Every path also answers below `/gateway`.
- A key goes in the header `X-API-KEY`, or as `Authorization: Bearer`. The account it belongs to is named by
  `accountIdentifier` in the query; the paths below `/pierhead/v1` and `/registry` take it from the key.
- Good answers have the envelope `{"status": "SUCCESS", "data": ..., "metaData": ..., "correlationId": ...}`. Refusals
  carry the CI platform's `code`, and Pierhead's own `pierheadCode` and `hint`: see [errors](errors.md). `/health` and
  `/registry` have no envelope. What the CI platform has about delegates comes as
  `{"metaData": {}, "resource": ..., "responseMessages": []}`.
- The permission is the one that a call needs by the CI platform's rules. There are no roles yet: every key of an
  account has them all.

What of this the CI platform's clients know is in [compatibility](compatibility.md).
"""
WORDS = {Permission.NONE: "none, open", Permission.ANY: "any key"}
TITLES = {
    "system": "Server",
    "connectors": "Connectors",
    "secrets": "Secrets",
    "execution-config": "Image versions (execution config)",
    "registry": "The catalogue as a registry",
    "images": "Images",
    "pipelines": "Pipelines",
    "runs": "Runs",
    "delegates": "Delegates",
    "delegate-tokens": "Delegate tokens",
    "tasks": "Tasks",
    "copies": "Copies",
}


def build() -> str:
    stand_in = dict.fromkeys(("runs", "hub", "agents", "clock", "server_key"))  # nothing else is asked of it
    document = create_app(SimpleNamespace(**stand_in)).openapi()
    sections: dict[str, list[tuple[str, ...]]] = {tag: [] for tag in TITLES}
    for path, method, operation in _operations(document):
        sections.setdefault(operation["tags"][0], []).append(_row(path, method, operation))
    columns = ("Call", "Permission", "What it does", "Query")
    parts = [part for tag, rows in sections.items() for part in (f"## {TITLES.get(tag, tag)}", table(columns, rows))]
    return page("HTTP API", INTRODUCTION, *parts)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _row(path: str, method: str, operation: Mapping[str, Any]) -> tuple[str, ...]:
    permission = permission_of(operation["operationId"])
    summary = prose(operation.get("description")) or f"{operation['summary']}."
    old = "Deprecated. " if operation.get("deprecated") else ""
    query = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    shown = ", ".join(code(name) for name in query if not name.endswith("Identifier"))
    return code(f"{method.upper()} {path}"), WORDS.get(permission) or code(permission), old + summary, shown
