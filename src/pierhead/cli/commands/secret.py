"""``pierhead secret``: list, get, apply, delete, managers. A value comes from a file or standard input only."""

from typing import Any

import click

from pierhead.cli import apply as applying
from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.documents import parse_documents, read_source
from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more, when
from pierhead.cli.scoped import plain_identifier

_PATH = "/ng/api/v2/secrets"
_named = click.argument("identifier", shell_complete=completes("secrets"))


@click.group()
def secret() -> None:
    """Encrypted texts that connectors refer to."""


@secret.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name, identifier or tag matches.")
@page_options(100)
@with_api
def list_secrets(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List secrets; values are never shown."""
    data = invocation.api().call("GET", _PATH, {**page_query(page, page_size), "searchTerm": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "name", "scope", "kind", "changed"), map(_row, data["content"]))
    return tell_more(screen, data)


@secret.command("get")
@_named
@with_api
def get_secret(invocation: Invocation, identifier: str) -> None:
    """Show one secret without its value."""
    identifier = plain_identifier(invocation.target, identifier)
    data = invocation.api().call("GET", f"{_PATH}/{segment(identifier)}")
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    entity, spec = data["secret"], data["secret"].get("spec") or {}
    names = ("identifier", "name", "description", "type")
    screen.pairs(
        [
            *((name, entity.get(name)) for name in names),
            ("tags", ", ".join(f"{key}={value}" for key, value in (entity.get("tags") or {}).items())),
            ("scope", scope_of(entity)),
            ("kept", spec.get("valueType")),
            ("manager", spec.get("secretManagerIdentifier") if spec.get("valueType") == "Reference" else None),
            ("reference", spec.get("value") if spec.get("valueType") == "Reference" else None),
            ("created", when(data, "createdAt")),
            ("changed", when(data, "updatedAt", "lastModifiedAt")),
        ]
    )
    return None


@secret.command("apply")
@click.argument("identifier", required=False, shell_complete=completes("secrets"))
@click.option("--from-file", metavar="FILE", help="The value: this file's text.")
@click.option("--from-stdin", is_flag=True, help="The value: standard input.")
@click.option("--name", help="Name.  [default: the identifier, or the name it has]")
@click.option("--file", "-f", "file", metavar="FILE", help="Whole secrets instead: YAML or JSON; - for stdin.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@with_api
def apply_secret(
    invocation: Invocation,
    identifier: str | None,
    from_file: str | None,
    from_stdin: bool,
    name: str | None,
    file: str | None,
    dry_run: bool,
) -> None:
    """Create a secret text or give it a new value.

    One line end after the value is left out: `echo TOKEN | pierhead secret apply hub --from-stdin` stores TOKEN.
    """
    if (identifier is None) == (file is None) or (file is None) == (from_file is None and not from_stdin):
        raise UsageError("say either an identifier with --from-file or --from-stdin, or --file alone")
    if from_file is not None and from_stdin:
        raise UsageError("--from-file and --from-stdin: only one of them")
    kind, scope = applying.SECRET, invocation.target.scope
    if file is not None:
        where, raw = read_source(file)
        entities = [applying.entity_of(kind, document, where, scope) for document in parse_documents(raw, where)]
    else:
        assert identifier is not None
        entities = [_text(invocation, identifier, name, _value(from_file or "-"))]
    applying.apply(invocation.api(makes_data=not dry_run), invocation.screen, kind, entities, is_dry=dry_run)


@secret.command("delete")
@_named
@yes_option
@with_api
def delete_secret(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a secret."""
    identifier = plain_identifier(invocation.target, identifier)
    confirm(f"Delete secret {identifier}?", is_sure=is_sure)
    data = invocation.api().call("DELETE", f"{_PATH}/{segment(identifier)}")
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(f"secret {identifier}: deleted")


@secret.command("managers")
@with_api
def list_managers(invocation: Invocation) -> None:
    """List the stores that secrets may be read from."""
    managers, screen = invocation.api().call("GET", "/pierhead/v1/secret-managers"), invocation.screen
    if screen.is_json:
        return screen.json(managers)
    columns = ("manager", "type", "scopes", "details")
    return screen.table(columns, [(one["identifier"], one["type"], *_reach(one)) for one in managers])


def _reach(manager: dict[str, Any]) -> tuple[str, str]:
    return ", ".join(manager["scopes"]), ", ".join(f"{name}={value}" for name, value in manager["details"].items())


def _value(source: str) -> str:
    where, raw = read_source(source)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{where} is not UTF-8 text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise UsageError(f"{where} is empty")
    return text


def _text(invocation: Invocation, identifier: str, name: str | None, value: str) -> dict[str, Any]:
    """The secret as it will be: what it is now, with the new value."""
    entity: dict[str, Any] = {"identifier": identifier, **invocation.target.scope}
    entity = applying.look_up(invocation.api(), applying.SECRET, entity) or {**entity, "name": identifier}
    spec = {"type": "SecretTextSpec", "secretManagerIdentifier": "harnessSecretManager"}
    spec |= {"valueType": "Inline", "value": value}
    kept = {key: value for key, value in entity.items() if key not in ("spec", "accountIdentifier")}
    return {**kept, "name": name or entity["name"], "type": "SecretText", "spec": spec}


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    entity = item["secret"]
    kind = f"{entity.get('type')}, {(entity.get('spec') or {}).get('valueType')}"
    return entity["identifier"], entity["name"], scope_of(entity), kind, when(item, "updatedAt", "lastModifiedAt")
