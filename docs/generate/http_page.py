"""Reference page of the HTTP API, from the OpenAPI document and the table of permissions."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from markdown import code, page, prose, table

from pierhead.server.api.permissions import rule_of
from pierhead.server.api.rules import At
from pierhead.server.app import create_app
from pierhead.testing.application import memory_application

INTRODUCTION = """\
The server gives the whole document, bodies included, at `/openapi.json`, to whoever has a key.

- Every path also answers below `/gateway`.
- A key goes in the header `X-API-KEY`, or as `Authorization: Bearer`. The account it belongs to is named by
  `accountIdentifier` in the query; the paths below `/pierhead/v1` and `/registry` take it from the key.
- Good answers have the envelope `{"status": "SUCCESS", "data": ..., "metaData": ..., "correlationId": ...}`. Refusals
  carry the CI platform's `code`, and Pierhead's own `pierheadCode` and `hint`: see [errors](errors.md). `/health` and
  `/registry` have no envelope. What the CI platform has about delegates comes as
  `{"metaData": {}, "resource": ..., "responseMessages": []}`.
- The permission is the one that a call needs, on the thing that it is about. Some calls need more than that, such as
  the right to use the secrets of a connector. A list holds what the caller has the permission for.

What of this the CI platform's clients know is in [compatibility](compatibility.md).
"""
WORDS = {At.OPEN: "none, open", At.ANY: "any key"}
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
    document = _document()
    sections: dict[str, list[tuple[str, ...]]] = {tag: [] for tag in TITLES}
    for path, method, operation in _operations(document):
        sections.setdefault(operation["tags"][0], []).append(_row(path, method, operation))
    columns = ("Call", "Permission", "What it does", "Query")
    parts = [part for tag, rows in sections.items() for part in (f"## {TITLES.get(tag, tag)}", table(columns, rows))]
    return page("HTTP API", INTRODUCTION, *parts)


def _document() -> Mapping[str, Any]:
    with TemporaryDirectory() as directory:
        application = memory_application(Path(directory))
        try:
            return create_app(application).openapi()
        finally:
            application.close()


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _row(path: str, method: str, operation: Mapping[str, Any]) -> tuple[str, ...]:
    rule = rule_of(operation["operationId"])
    summary = prose(operation.get("description")) or f"{operation['summary']}."
    old = "Deprecated. " if operation.get("deprecated") else ""
    query = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    shown = ", ".join(code(name) for name in query if not name.endswith("Identifier"))
    where = " in the server's first account" if rule.at is At.OPERATOR else ""
    asked = WORDS.get(rule.at) or code(rule.permission or "") + where
    return code(f"{method.upper()} {path}"), asked, old + summary, shown
