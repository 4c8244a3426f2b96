"""``pierhead export``: what is there as documents that ``apply`` takes. No secret is in them."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from pierhead.cli.api_client import ApiClient
from pierhead.cli.apply import plain
from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.kind import Kind
from pierhead.cli.kinds import KINDS, ORGANIZATION, PROJECT, SECRET
from pierhead.cli.options import with_api
from pierhead.cli.outside_values import PREFIX

Place = Mapping[str, str]


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@with_api
def export(invocation: Invocation, directory: Path) -> None:
    """Write what is there as documents for `pierhead apply`.

    Connectors, secrets, places, people, roles and pins, a file each, into DIRECTORY, which has to be new or empty:
    everything in the account, or with --org and --project in that place. The values of secrets are not given out: each
    says with valueFrom which variable `apply` shall take it from. People have no passwords there.
    """
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f"{directory} is not empty", hint="name a directory that is not there yet")
    written = [str(_write(directory, path, text)) for path, text in _files(invocation.api(), invocation.target.scope)]
    if invocation.screen.is_json:
        return invocation.screen.json(written)
    return invocation.screen.line(f"{len(written)} documents in {directory}; secrets are in none of them")


def _files(api: ApiClient, scope: Place) -> Iterator[tuple[Path, str]]:
    for place in _places(api, scope):
        folder = Path(*place.values()) if place else Path("account")
        for kind in KINDS:
            if len(place) not in kind.depths:
                continue
            for entity in kind.all(api, place):
                document = {kind.noun: _described(kind, entity)}
                yield folder / f"{kind.noun}-{quote(entity['identifier'], safe='@+')}.yaml", _yaml(document)
    if not scope:
        for infra in ("K8", "VM"):
            pins = api.call("GET", "/ci/execution-config/get-customer-config", {"infra": infra, "overridesOnly": True})
            if pins:
                yield Path("account") / f"pins-{infra}.yaml", _yaml({"pins": {"infra": infra, "fields": pins}})


def _places(api: ApiClient, scope: Place) -> Iterator[Place]:
    """The scope itself and every one below it, as queries."""
    yield scope
    if "projectIdentifier" in scope:
        return
    orgs = [scope] if scope else [{"orgIdentifier": org["identifier"]} for org in ORGANIZATION.all(api, {})]
    for org in orgs:
        if not scope:
            yield org
        for project in PROJECT.all(api, org):
            yield {**org, "projectIdentifier": project["identifier"]}


def _described(kind: Kind, entity: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = _said(kind, plain(entity), "")
    spec = described.get("spec") or {}
    if kind is SECRET and spec.get("valueType", "Inline") == "Inline":
        names = (entity.get("orgIdentifier"), entity.get("projectIdentifier"), entity["identifier"])
        variable = f"{PREFIX}{'_'.join(filter(None, names)).upper()}"
        described["spec"] = {**spec, "valueFrom": {"env": variable}}
    return described


def _said(kind: Kind, value: Any, path: str) -> Any:
    """Without what goes without saying: defaults, empty things, and what is only told by the API."""
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        said = _said(kind, inner, here)
        if (
            here not in kind.ignored
            and said not in ("", [], {})
            and (here == "type" or kind.defaults.get(here) != said)
        ):
            kept[key] = said
    return kept


def _yaml(document: object) -> str:
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _write(directory: Path, path: Path, text: str) -> Path:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return target
