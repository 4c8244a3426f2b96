"""Roles and resource groups that are there in every account and that nobody can change (harness-api §6.1, §6.3).

They are data of the program (``data/managed.toml``) and in no store; the file is read at the first question.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

from pierhead.control.scopes import Level, Scope

from .model import IncludedScope, ResourceGroup, Role
from .permissions import Permission

ACCOUNT_ADMIN = "_account_admin"
EVERYTHING = "_all_resources_including_child_scopes"
_ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)
_DEFAULT_GROUPS = {
    Level.ACCOUNT: "_all_account_level_resources",
    Level.ORG: "_all_organization_level_resources",
    Level.PROJECT: "_all_project_level_resources",
}


def managed_role(identifier: str, scope: Scope) -> Role | None:
    """As it is at ``scope``. None for an identifier that is not one of them."""
    row = _data()["roles"].get(identifier)
    if row is None:
        return None
    return Role(
        scope=scope,
        identifier=identifier,
        name=row["name"],
        permissions=_permissions(tuple(row["permissions"])),
        levels=frozenset(map(Level, row["levels"])),
        created_at=_ALWAYS,
        last_modified_at=_ALWAYS,
        description=row["description"],
        is_managed=True,
    )


def managed_group(identifier: str, scope: Scope) -> ResourceGroup | None:
    """As it is at ``scope``. None for an identifier that is not one of them."""
    row = _data()["resource_groups"].get(identifier)
    if row is None:
        return None
    return ResourceGroup(
        scope=scope,
        identifier=identifier,
        name=row["name"],
        included_scopes=(IncludedScope(scope, row["with_children"]),),
        selectors=None,
        levels=frozenset(map(Level, row["levels"])),
        created_at=_ALWAYS,
        last_modified_at=_ALWAYS,
        description=row["description"],
        is_managed=True,
    )


def managed_roles(scope: Scope) -> tuple[Role, ...]:
    """Those that can be assigned at ``scope``."""
    found = [managed_role(identifier, scope) for identifier in _data()["roles"]]
    return tuple(role for role in found if role is not None and scope.level in role.levels)


def managed_groups(scope: Scope) -> tuple[ResourceGroup, ...]:
    """Those that can be assigned at ``scope``."""
    found = [managed_group(identifier, scope) for identifier in _data()["resource_groups"]]
    return tuple(group for group in found if group is not None and scope.level in group.levels)


def default_group(scope: Scope) -> str:
    """What a role is assigned on when nothing else is said: all that lives in that place itself."""
    return _DEFAULT_GROUPS[scope.level]


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("data", "managed.toml").read_text())


@cache
def _permissions(patterns: tuple[str, ...]) -> frozenset[Permission]:
    return frozenset(each for each in Permission if any(fnmatchcase(each, pattern) for pattern in patterns))
