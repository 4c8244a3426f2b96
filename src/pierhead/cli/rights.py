"""The permission that each step of a plan needs, as the server asks for it; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .apply import Step
from .kind import SCOPE_NAMES, Kind
from .kinds import ORGANIZATION, PROJECT, ROLE_ASSIGNMENT, USER
from .people import person_in

_AREAS = {"serviceAccount": "serviceaccount", "resourceGroup": "resourcegroup"}


@dataclass(frozen=True, slots=True)
class Right:
    """On the thing ``identifier``, or where that is empty on all things of the kind in the place."""

    permission: str
    org: str | None = None
    project: str | None = None
    identifier: str = ""

    def __str__(self) -> str:
        place = f"project {self.org}/{self.project}" if self.project else f"org {self.org}" if self.org else "account"
        return f"{self.permission}{f' on {self.identifier}' if self.identifier else ''} in {place}"

    def to_json(self) -> dict[str, Any]:
        scope = {"orgIdentifier": self.org, "projectIdentifier": self.project}
        identifier = self.identifier or None
        return {"permission": self.permission, "resourceScope": scope, "resourceIdentifier": identifier}


def right_to_take(step: Step) -> Right:
    """The right to create or update what the step is about."""
    kind, entity, is_new = step.kind, step.entity, step.action == "created"
    name = entity["identifier"]
    if kind is ROLE_ASSIGNMENT:
        is_person = bool(person_in(entity))
        principal = entity.get("principal")
        who = "" if is_person or not isinstance(principal, Mapping) else str(principal.get("identifier") or "")
        return _in(entity, "core_user_manage" if is_person else "core_serviceaccount_edit", who)
    if kind is USER:
        return Right("core_user_invite" if is_new else "core_user_manage")
    if kind in (ORGANIZATION, PROJECT):
        return _in(entity, f"core_{kind.noun}_create") if is_new else _of_place(kind, "edit", entity, name)
    return _in(entity, f"core_{_area(kind)}_edit", "" if is_new else name)


def right_to_remove(kind: Kind, identifier: str, scope: Mapping[str, object]) -> Right | None:
    """None for an assignment: which right it is depends on whom it is for."""
    if kind is ROLE_ASSIGNMENT:
        return None
    if kind in (ORGANIZATION, PROJECT):
        return _of_place(kind, "delete", scope, identifier)
    return _in(scope, f"core_{_area(kind)}_delete", identifier)


def right_to_pin() -> Right:
    return Right("core_account_edit")


def _area(kind: Kind) -> str:
    return _AREAS.get(kind.noun, kind.noun)


def _in(place: Mapping[str, object], permission: str, identifier: str = "") -> Right:
    org, project = (str(place[name]) if place.get(name) else None for name in SCOPE_NAMES)
    return Right(permission, org, project, identifier)


def _of_place(kind: Kind, verb: str, place: Mapping[str, object], identifier: str) -> Right:
    """What is asked for about a place is asked for in it."""
    org = identifier if kind is ORGANIZATION else str(place.get("orgIdentifier") or "default")
    return Right(f"core_{kind.noun}_{verb}", org, identifier if kind is PROJECT else None, identifier)
