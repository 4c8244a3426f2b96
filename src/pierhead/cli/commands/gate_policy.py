"""``pierhead gate-policy`` and ``pierhead gate-exception``: what an image must pass, and what may pass all the same."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.documents import parse_documents, read_source
from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more
from pierhead.cli.scoped import plain_identifier

POLICIES = "/pierhead/v1/gate-policies"
_EXCEPTIONS = "/pierhead/v1/gate-exceptions"
_KINDS = ("minimumAge", "imageRules", "maximumSize", "platforms", "signature", "sbom", "vulnerabilities", "approval")
_named = click.argument("identifier")


@click.group("gate-policy")
def gate_policy() -> None:
    """What an image must pass before it is trusted."""


@gate_policy.command("set")
@_named
@click.argument("file")
@click.option("--name", help="Name.  [default: the identifier]")
@with_api
def set_policy(invocation: Invocation, identifier: str, file: str, name: str | None) -> None:
    """Make a policy, or change it, from a YAML FILE with a list of gates; - reads standard input."""
    identifier = plain_identifier(invocation.target, identifier)
    api, path = invocation.api(), f"{POLICIES}/{segment(identifier)}"
    body = {"identifier": identifier, "name": name or identifier, "gates": _gates(file)}
    is_new = api.find(path) is None
    data = api.call("POST", POLICIES, body=body) if is_new else api.call("PUT", path, body=body)
    _done(invocation, data, f"gate policy {identifier}: {'created' if is_new else 'changed'}")


@gate_policy.command("list")
@page_options(50)
@with_api
def list_policies(invocation: Invocation, page: int, page_size: int) -> None:
    """List the policies of one place."""
    data = invocation.api().call("GET", POLICIES, page_query(page, page_size))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    rows = ((one["identifier"], one["version"], _words(one)) for one in data["content"])
    screen.table(("identifier", "version", "gates"), rows)
    return tell_more(screen, data)


@gate_policy.command("show")
@_named
@with_api
def show_policy(invocation: Invocation, identifier: str) -> None:
    """Show a policy; its gates with every setting under --json."""
    data = invocation.api().call("GET", _one(invocation, POLICIES, identifier))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    names = ("identifier", "name", "description", "version")
    return screen.pairs([*((name, data[name]) for name in names), ("scope", scope_of(data)), ("gates", _words(data))])


@gate_policy.command("delete")
@_named
@yes_option
@with_api
def delete_policy(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a policy."""
    path = _one(invocation, POLICIES, identifier)
    confirm(f"Delete the gate policy {identifier}?", is_sure=is_sure)
    _done(invocation, invocation.api().call("DELETE", path), f"gate policy {identifier}: deleted")


@click.group("gate-exception")
def gate_exception() -> None:
    """Images that may pass a gate all the same, for a time."""


@gate_exception.command("create")
@_named
@click.option("--gate", type=click.Choice(_KINDS), required=True, help="Which gate.")
@click.option("--image", required=True, metavar="PATTERN", help="A digest, or a pattern such as 'docker.io/a/*:1.*'.")
@click.option("--reason", required=True, help="Why; everybody sees it in the verdict.")
@click.option("--until", required=True, metavar="TIME", help="When it ends, such as 2026-12-31T00:00:00Z.")
@click.option("--policy", default="", help="Only for this policy.  [default: for every one]")
@with_api
def create_exception(
    invocation: Invocation, identifier: str, gate: str, image: str, reason: str, until: str, policy: str
) -> None:
    """Let images pass one gate until a time, at most a year from now."""
    identifier = plain_identifier(invocation.target, identifier)
    body = {"identifier": identifier, "gate": gate, "image": image, "reason": reason, "policy": policy}
    data = invocation.api().call("POST", _EXCEPTIONS, body={**body, "expiresAt": until})
    _done(invocation, data, f"gate exception {identifier}: until {data['expiresAt']}")


@gate_exception.command("list")
@page_options(50)
@with_api
def list_exceptions(invocation: Invocation, page: int, page_size: int) -> None:
    """List the exceptions of one place, and those that have ended among them."""
    data = invocation.api().call("GET", _EXCEPTIONS, page_query(page, page_size))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    names = ("identifier", "gate", "image", "expiresAt", "madeBy", "reason")
    screen.table(("identifier", "gate", "image", "until", "by", "reason"), _columns(data["content"], names))
    return tell_more(screen, data)


@gate_exception.command("delete")
@_named
@yes_option
@with_api
def delete_exception(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """End an exception now."""
    path = _one(invocation, _EXCEPTIONS, identifier)
    confirm(f"Delete the gate exception {identifier}?", is_sure=is_sure)
    _done(invocation, invocation.api().call("DELETE", path), f"gate exception {identifier}: deleted")


def _gates(file: str) -> list[Any]:
    """Of a list, or of a document with one under ``gates``."""
    where, raw = read_source(file)
    documents = parse_documents(raw, where)
    is_document = len(documents) == 1 and isinstance(documents[0], dict) and "gates" in documents[0]
    gates = documents[0]["gates"] if is_document else documents
    if not isinstance(gates, list):
        raise UsageError(f"{where} has no list of gates", hint="write `gates:`, and a `- kind:` for each of them")
    return gates


def _columns(entities: list[dict[str, Any]], names: tuple[str, ...]) -> list[list[object]]:
    return [[one.get(name) for name in names] for one in entities]


def _words(policy: dict[str, Any]) -> str:
    return ", ".join(gate["kind"] for gate in policy["gates"])


def _one(invocation: Invocation, path: str, identifier: str) -> str:
    return f"{path}/{segment(plain_identifier(invocation.target, identifier))}"


def _done(invocation: Invocation, data: object, words: str) -> None:
    screen = invocation.screen
    return screen.json(data) if screen.is_json else screen.line(words)
