"""``pierhead connector``: list, get, apply, delete, and what can be asked of a registry."""

from typing import Any

import click

from pierhead.cli import apply as applying
from pierhead.cli.api_client import segment, texts_of
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.documents import MalformedDocumentError, parse_documents, read_source
from pierhead.cli.errors import FAILED, UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more, tell_warnings, when
from pierhead.cli.render import Screen
from pierhead.cli.scoped import plain_identifier

_PATH = "/ng/api/connectors"
_OWN = "/pierhead/v1/connectors"
_named = click.argument("identifier", shell_complete=completes("connectors"))


@click.group()
def connector() -> None:
    """Registries that images come from."""


@connector.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name, identifier or tag matches.")
@page_options(100)
@with_api
def list_connectors(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List connectors, last changed first."""
    query = {**page_query(page, page_size), "searchTerm": search}
    data = invocation.api().call("POST", f"{_PATH}/listV2", query, {"filterType": "Connector"})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "name", "scope", "registry", "login", "status"), map(_row, data["content"]))
    return tell_more(screen, data)


@connector.command("get")
@_named
@with_api
def get_connector(invocation: Invocation, identifier: str) -> None:
    """Show one connector."""
    identifier = plain_identifier(invocation.target, identifier)
    data = invocation.api().call("GET", f"{_PATH}/{segment(identifier)}")
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    return _tell_connector(invocation.screen, data)


@connector.command("apply")
@click.option(
    "--file",
    "-f",
    "files",
    required=True,
    multiple=True,
    metavar="FILE",
    help="YAML or JSON; - for stdin; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@with_api
def apply_connectors(invocation: Invocation, files: tuple[str, ...], dry_run: bool) -> None:
    """Create or update connectors from files, as `connector get --json` prints them.

    Does nothing where nothing differs, so it may be run again and again.
    """
    kind, scope = applying.CONNECTOR, invocation.target.scope
    entities = [
        applying.entity_of(kind, document, where, scope)
        for where, raw in map(read_source, files)
        for document in parse_documents(raw, where)
    ]
    applying.apply(invocation.api(makes_data=not dry_run), invocation.screen, kind, entities, is_dry=dry_run)


@connector.command("delete")
@_named
@yes_option
@with_api
def delete_connector(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a connector."""
    identifier = plain_identifier(invocation.target, identifier)
    is_default = identifier == "harnessImage" and not invocation.target.org
    without = "Without harnessImage, images come from Docker Hub, anonymously. " if is_default else ""
    confirm(f"{without}Delete connector {identifier}?", is_sure=is_sure)
    api = invocation.api()
    query = {"forceDelete": "true"} if is_default else None  # every stage that names no connector refers to it
    data = api.call("DELETE", f"{_PATH}/{segment(identifier)}", query)
    _tell_done(invocation.screen, data, f"connector {identifier}: deleted", api.warnings)


@connector.command("restore-default")
@yes_option
@with_api
def restore_default(invocation: Invocation, is_sure: bool) -> None:
    """Make harnessImage again what it was at the first start: Docker Hub, anonymous."""
    confirm("Put Docker Hub, anonymously, in place of what harnessImage is now?", is_sure=is_sure)
    api = invocation.api()
    data = api.call("POST", f"{_OWN}/restoreDefault")
    _tell_done(invocation.screen, data, "connector harnessImage: restored", [*texts_of(data), *api.warnings])


@connector.command("test")
@click.argument("identifier", required=False, shell_complete=completes("connectors"))
@click.option("--file", "-f", "file", metavar="FILE", help="A connector that is not saved: YAML or JSON; - for stdin.")
@with_api
def test_connector(invocation: Invocation, identifier: str | None, file: str | None) -> int:
    """Test a connector now; exit code 1 when the test fails.

    With --file, the connector in it is tested as it stands there, and nothing is saved.
    """
    if (identifier is None) == (file is None):
        raise UsageError("name a connector, or give one with --file", hint="pierhead connector test -f connector.yaml")
    if file is None:
        identifier = plain_identifier(invocation.target, identifier or "")
        data = invocation.api().call("POST", f"{_PATH}/testConnection/{segment(identifier)}")
    else:
        entity = _only_entity(invocation, file)
        identifier = f"{entity['identifier']} (not saved)"
        data = invocation.api().call("POST", f"{_OWN}/test", body={"connector": entity})
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        _tell_test(invocation.screen, identifier, data)
    return 0 if data.get("status") == "SUCCESS" else FAILED


@connector.command("preview")
@click.argument("registry_url", metavar="URL")
@click.option(
    "--provider",
    type=click.Choice(["DockerHub", "Harbor", "Quay", "Other"]),
    default="Other",
    show_default=True,
    help="Provider type.",
)
@with_api
def preview_url(invocation: Invocation, registry_url: str, provider: str) -> None:
    """Show what a registry URL would make of the image names, before a connector is saved."""
    data = invocation.api().call("POST", f"{_OWN}/preview", body={"url": registry_url, "providerType": provider})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.pairs((name, data.get(name)) for name in ("registry", "scheme", "pathPrefix", "pullSecretKey"))
    screen.table(
        ("image", "becomes", "because"),
        ((image["image"], image["becomes"] or "no name", image["reason"]) for image in data.get("images", [])),
    )
    return tell_warnings(screen, data)


@connector.command("tags")
@_named
@click.argument("repository")
@click.option("--limit", type=click.IntRange(1), help="At most so many.  [default: all that the API gives]")
@with_api
def list_tags(invocation: Invocation, identifier: str, repository: str, limit: int | None) -> None:
    """List the tags of a repository as seen through a connector."""
    identifier = plain_identifier(invocation.target, identifier)
    path = f"{_OWN}/{segment(identifier)}/tags"
    data = invocation.api().call("GET", path, {"repository": repository, "limit": limit})
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    return _tell_names(invocation.screen, data, "tags")


@connector.command("repositories")
@_named
@click.option("--limit", type=click.IntRange(1), help="At most so many.  [default: all that the API gives]")
@with_api
def list_repositories(invocation: Invocation, identifier: str, limit: int | None) -> None:
    """List the repositories that a registry shows through a connector; many registries show none."""
    identifier = plain_identifier(invocation.target, identifier)
    data = invocation.api().call("GET", f"{_OWN}/{segment(identifier)}/repositories", {"limit": limit})
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    return _tell_names(invocation.screen, data, "repositories")


def _only_entity(invocation: Invocation, file: str) -> dict[str, Any]:
    where, raw = read_source(file)
    documents = parse_documents(raw, where)
    if len(documents) != 1:
        raise MalformedDocumentError(where, f"one connector can be tested at once, and these are {len(documents)}")
    return applying.entity_of(applying.CONNECTOR, documents[0], where, invocation.target.scope)


def _tell_names(screen: Screen, data: dict[str, Any], what: str) -> None:
    for name in data.get(what) or []:
        screen.line(name)
    if data.get("truncated"):
        screen.note(f"there are more {what} than these {len(data[what])}; ask for more with --limit")


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    entity, spec = item["connector"], item["connector"].get("spec") or {}
    status = (item.get("status") or {}).get("status", "not tested")
    login = (spec.get("auth") or {}).get("type")
    return entity["identifier"], entity["name"], scope_of(entity), spec.get("dockerRegistryUrl"), login, status


def _tell_connector(screen: Screen, data: dict[str, Any]) -> None:
    entity, spec, status = data["connector"], data["connector"].get("spec") or {}, data.get("status") or {}
    auth = spec.get("auth") or {}
    login = auth.get("spec") or {}
    screen.pairs(
        [
            ("identifier", entity["identifier"]),
            ("name", entity["name"]),
            ("description", entity.get("description")),
            ("tags", ", ".join(f"{key}={value}" for key, value in (entity.get("tags") or {}).items())),
            ("scope", scope_of(entity)),
            ("provider", spec.get("providerType")),
            ("registry", spec.get("dockerRegistryUrl")),
            ("login", auth.get("type")),
            ("user", login.get("username") or login.get("usernameRef")),
            ("password", login.get("passwordRef") and f"secret {login['passwordRef']}"),
            ("login helper", spec.get("credentialHelper")),
            ("private addresses", "allowed to the server" if spec.get("allowPrivateAddresses") else None),
            ("through", "a delegate" if spec.get("executeOnDelegate", True) else "the platform"),
            ("delegates", ", ".join(spec.get("delegateSelectors") or [])),
            ("status", f"{status.get('status', 'not tested')} {status.get('errorSummary') or ''}".strip()),
            ("tested", when(status, "testedAt", "lastTestedAt")),
            ("changed", when(data, "lastModifiedAt")),
        ]
    )


def _tell_test(screen: Screen, identifier: str, data: dict[str, Any]) -> None:
    screen.line(f"connector {identifier}: {data.get('status')}", style=_style(data.get("status") == "SUCCESS"))
    for step in data.get("steps") or []:
        screen.line(f"{step.get('outcome', ''):<8} {step.get('name')}: {step.get('evidence') or ''}", indent=2)
        if step.get("advice"):
            screen.line(f"do this: {step['advice']}", indent=11)
    for error in data.get("errors") or []:
        screen.line(f"{error.get('reason')}: {error.get('message')}", indent=2)
    if data.get("pathReason"):
        by = f"by delegate {data['delegate']}: " if data.get("delegate") else ""
        screen.line(f"path: {by}{data['pathReason']}", indent=2, style="dim")
    if data.get("selection") and not data.get("delegate"):
        for line in data["selection"]:
            screen.line(f"{line.get('delegate') or 'delegates'}: {line.get('text')}", indent=2)


def _style(is_good: bool) -> str:
    return "green" if is_good else "red"


def _tell_done(screen: Screen, data: object, text: str, warnings: list[str]) -> None:
    if screen.is_json:
        screen.json(data)
    else:
        screen.line(text)
        tell_warnings(screen, {"warnings": warnings})
