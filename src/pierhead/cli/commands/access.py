"""``pierhead access check``: may the caller do something?"""

import click

from pierhead.cli.access_words import checked_permission
from pierhead.cli.complete import completes
from pierhead.cli.errors import FAILED
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api


@click.group()
def access() -> None:
    """What you may do."""


@access.command("check")
@click.argument("permission", shell_complete=completes("permissions"))
@click.option("--identifier", help="On this thing.  [default: on all things of the kind]")
@with_api
def check_access(invocation: Invocation, permission: str, identifier: str | None) -> int | None:
    """Say whether you have a permission in this place; exit code 1 when not.

    Permissions are words like core_connector_edit.
    """
    api = invocation.api()
    if invocation.target.org:  # a check answers yes or no for places that are not there, too; a list does not
        api.call("GET", "/authz/api/roles", {"pageSize": 1})
    asked = {
        "permission": checked_permission(permission),
        "resourceScope": dict(invocation.target.scope),
        "resourceIdentifier": identifier,
    }
    data = api.call("POST", "/authz/api/acl", body={"permissions": [asked]})
    [found] = data["accessControlList"]
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(f"{permission}: {'yes' if found['permitted'] else 'no'}")
    return None if found["permitted"] else FAILED
