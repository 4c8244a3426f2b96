"""Where the identifiers that a shell offers come from; see ``complete``."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pierhead.kit.redact import SecretValue

from .access_words import permissions, resource_types
from .api_client import ApiClient
from .complete import WITHIN_S
from .connect import connect_quickly
from .invocation import Connect, Target
from .options import data_directory

_MOST = 100
_PAGE = {"pageIndex": 0, "pageSize": _MOST}
Names = Callable[[ApiClient], Iterator[str]]


def names_of(kind: str, given: Mapping[str, Any], connect: Connect | None = None) -> list[str]:
    """``given``: the options typed so far. Raises AppError, and whatever else a broken answer brings about."""
    if kind in _WORDS:
        return _WORDS[kind]()
    target = _target(given)
    connection = connect(target) if connect else connect_quickly(target, WITHIN_S)
    try:
        return [name for name in dict.fromkeys(_KINDS[kind](connection.api)) if name.isprintable()]
    finally:
        connection.api.close()


def _target(given: Mapping[str, Any]) -> Target:
    key = os.environ.get("PIERHEAD_API_KEY", "").strip()
    return replace(
        Target(data=data_directory(given.get("data"))),
        url=given.get("url") or os.environ.get("PIERHEAD_URL") or None,
        api_key=SecretValue(key) if key else None,
        api_key_file=given.get("api_key_file"),
        org=given.get("org"),
        project=given.get("project"),
    )


def _mirrors(api: ApiClient) -> Iterator[str]:
    return (mirror["identifier"] for mirror in api.call("GET", "/pierhead/v1/mirrors", _PAGE)["content"])


def _delegates(api: ApiClient) -> Iterator[str]:
    return (group["name"] for group in api.call("GET", "/pierhead/v1/delegates", _PAGE)["content"])


def _tokens(api: ApiClient) -> Iterator[str]:
    return (token["name"] for token in api.call("GET", "/ng/api/delegate-token-ng"))


def _connectors(api: ApiClient) -> Iterator[str]:
    found = api.call("POST", "/ng/api/connectors/listV2", _PAGE, {"filterType": "Connector"})
    return (item["connector"]["identifier"] for item in found["content"])


def _secrets(api: ApiClient) -> Iterator[str]:
    return (item["secret"]["identifier"] for item in api.call("GET", "/ng/api/v2/secrets", _PAGE)["content"])


def _runs(api: ApiClient) -> Iterator[str]:
    return (run["id"] for run in api.call("GET", "/pierhead/v1/runs", _PAGE)["content"])


def _tasks(api: ApiClient) -> Iterator[str]:
    return (task["id"] for task in api.call("GET", "/pierhead/v1/tasks", _PAGE)["content"])


def _users(api: ApiClient) -> Iterator[str]:
    return (user["email"] for user in api.call("GET", "/pierhead/v1/users", _PAGE)["content"])


def _service_accounts(api: ApiClient) -> Iterator[str]:
    return (account["identifier"] for account in api.call("GET", "/ng/api/serviceaccount"))


def _api_keys(api: ApiClient) -> Iterator[str]:
    found = api.call("GET", "/ng/api/token/aggregate", {"apiKeyType": "USER", **_PAGE})["content"]
    return (item["token"]["identifier"] for item in found)


def _images(api: ApiClient) -> Iterator[str]:
    return (row["field"] for row in api.call("GET", "/pierhead/v1/images")["images"])


def _organizations(api: ApiClient) -> Iterator[str]:
    found = api.call("GET", "/ng/api/organizations", _PAGE)["content"]
    return (item["organization"]["identifier"] for item in found)


def _projects(api: ApiClient) -> Iterator[str]:
    return (item["project"]["identifier"] for item in api.call("GET", "/ng/api/projects", _PAGE)["content"])


def _roles(api: ApiClient) -> Iterator[str]:
    return (item["role"]["identifier"] for item in api.call("GET", "/authz/api/roles", _PAGE)["content"])


def _resource_groups(api: ApiClient) -> Iterator[str]:
    found = api.call("GET", "/resourcegroup/api/v2/resourcegroup", _PAGE)["content"]
    return (item["resourceGroup"]["identifier"] for item in found)


def _role_assignments(api: ApiClient) -> Iterator[str]:
    found = api.call("POST", "/authz/api/roleassignments/v2/filter", _PAGE, {})["content"]
    return (item["identifier"] for item in found)


_WORDS: Mapping[str, Callable[[], list[str]]] = {"permissions": permissions, "resource-types": resource_types}
_KINDS: Mapping[str, Names] = {
    "mirrors": _mirrors,
    "organizations": _organizations,
    "projects": _projects,
    "delegates": _delegates,
    "tokens": _tokens,
    "connectors": _connectors,
    "secrets": _secrets,
    "runs": _runs,
    "tasks": _tasks,
    "images": _images,
    "users": _users,
    "service-accounts": _service_accounts,
    "api-keys": _api_keys,
    "roles": _roles,
    "resource-groups": _resource_groups,
    "role-assignments": _role_assignments,
}
