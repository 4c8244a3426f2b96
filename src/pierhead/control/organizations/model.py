"""Organizations and projects: the places below an account; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pierhead.control.scopes import Scope

DEFAULT_ORGANIZATION = "default"
DEFAULT_PROJECT = "default_project"


@dataclass(frozen=True, slots=True)
class Organization:
    """``scope`` is the account it is in; ``place`` the scope that it is."""

    scope: Scope
    identifier: str
    name: str
    created_at: datetime
    last_modified_at: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    about: str = ""

    @property
    def place(self) -> Scope:
        return Scope(self.scope.account, self.identifier)


@dataclass(frozen=True, slots=True)
class Project:
    """``scope`` is the organization it is in; ``place`` the scope that it is. ``color`` and ``modules`` are kept for
    clients and mean nothing here."""

    scope: Scope
    identifier: str
    name: str
    created_at: datetime
    last_modified_at: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    color: str = ""
    modules: tuple[str, ...] = ()
    parent: str = ""
    about: str = ""

    @property
    def place(self) -> Scope:
        return Scope(self.scope.account, self.scope.org, self.identifier)
