"""Who refers to a connector or to a secret, so that nobody deletes what somebody needs; pure.

Pipelines are not stored, so what they name is known only while they run. The default connector is referred to by
every stage that names none: that counts as one reference.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pierhead.control.scopes import ResourceType, Scope

from .defaults import is_default
from .model import Connector

DEFAULT_SETTING = "default_image_connector"


@dataclass(frozen=True, slots=True)
class Use:
    """Something that refers: a connector, or the setting that makes ``account.harnessImage`` the default."""

    type: ResourceType
    scope: Scope
    identifier: str
    name: str
    since: datetime


def uses_of_connector(connector: Connector) -> tuple[Use, ...]:
    if not is_default(connector.scope, connector.identifier):
        return ()
    name = "Default image connector of every stage that names none"
    return (Use(ResourceType.SETTING, connector.scope, DEFAULT_SETTING, name, connector.created_at),)


def uses_of_secret(connectors: Iterable[Connector]) -> tuple[Use, ...]:
    """``connectors`` are those that refer to it."""
    found = (
        Use(ResourceType.CONNECTOR, each.scope, each.identifier, each.name, each.last_modified_at)
        for each in connectors
    )
    return tuple(sorted(found, key=lambda use: (use.scope.org or "", use.scope.project or "", use.identifier)))
