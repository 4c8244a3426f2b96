"""What would stop a plan, found without writing anything: what documents name and nobody has, and missing rights.

What the directory itself describes counts as there, since it is made before what speaks of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.errors import AppError, DeniedError, NotFoundError

from .api_client import ApiClient
from .apply import Step
from .directory import PINS, Described, Pins, Removal, Wanted, WholePlan
from .document_check import faults_of, knows
from .errors import ApiError
from .kind import SCOPE_NAMES
from .kinds import CONNECTOR, MIRROR, ORGANIZATION, PROJECT, ROLE_ASSIGNMENT, SECRET, Kind
from .people import person_in
from .problems import Problems
from .rights import Right, right_to_pin, right_to_remove, right_to_take

_BUILT_IN = "harnessSecretManager"
_SECRETS_OF_A_CONNECTOR = (
    ("spec", "auth", "spec", "usernameRef"),
    ("spec", "auth", "spec", "passwordRef"),
    ("spec", "tls", "clientKeyRef"),
)
_CONNECTORS_OF_A_MIRROR = (("spec", "sourceRef"), ("spec", "targetRef"))
_MOST_CHECKS = 500
Address = tuple[str, str | None, str | None, str]


def check_plan(api: ApiClient, wanted: Wanted, plan: WholePlan, problems: Problems) -> None:
    """Puts into ``problems`` all that is wrong. Raises AppError when the API does not answer."""
    present = _Present(api, wanted.entities)
    for each in wanted.entities:
        for path, fault in faults_of(each.kind, each.entity):
            problems.add(each, each.where, f"{path}: {fault}", "invalid-fields")
        try:
            for text, code in _missing(api, present, each):
                problems.add(each, each.where, text, code)
        except AppError as error:
            problems.take(error, each, each.where)
    for pins in wanted.pins:
        _check_pins(api, pins, problems)
    _check_rights(api, plan, problems)


def check_steps(api: ApiClient, steps: Sequence[Step]) -> None:
    """The same for documents of one kind. Raises PlanRefusedError."""
    described = tuple(Described(step.kind, step.entity, step.where) for step in steps)
    problems = Problems(gathers=True)
    check_plan(api, Wanted(described, ()), WholePlan(tuple(steps), (), ()), problems)
    problems.check()


class _Present:
    """What is there or described. Each address is asked about once; what may not be seen counts as there."""

    def __init__(self, api: ApiClient, described: Iterable[Described]) -> None:
        self._api = api
        self._known = {_address(each.kind, each.entity, each.entity["identifier"]): True for each in described}
        self._names = {(each.kind.noun, each.entity["identifier"]) for each in described}

    def has(self, kind: Kind, place: Mapping[str, Any], identifier: str) -> bool:
        address = _address(kind, place, identifier)
        if address not in self._known:
            self._known[address] = self._is_there(kind, place, identifier)
        return self._known[address]

    def describes(self, noun: str, identifier: str) -> bool:
        """In whatever place."""
        return (noun, identifier) in self._names

    def _is_there(self, kind: Kind, place: Mapping[str, Any], identifier: str) -> bool:
        try:
            return kind.find(self._api, identifier, {name: place.get(name) for name in SCOPE_NAMES}) is not None
        except ApiError as error:
            if error.category is DeniedError:
                return True
            raise


def _address(kind: Kind, place: Mapping[str, Any], identifier: str) -> Address:
    org, project = (str(place[name]) if place.get(name) else None for name in SCOPE_NAMES)
    return kind.noun, org, project if kind is not PROJECT else None, identifier


def _missing(api: ApiClient, present: _Present, each: Described) -> Iterator[tuple[str, str]]:
    """(what is missing, code)."""
    org, project = (each.entity.get(name) or None for name in SCOPE_NAMES)
    if org and not present.has(ORGANIZATION, {}, org):
        yield f"there is no organization {org!r}", "place-not-found"
        return
    if project and not present.has(PROJECT, {"orgIdentifier": org}, project):
        yield f"there is no project {project!r} in organization {org}", "place-not-found"
        return
    if each.kind is CONNECTOR:
        yield from _missing_named(present, each.entity, SECRET, _SECRETS_OF_A_CONNECTOR)
    elif each.kind is MIRROR:
        yield from _missing_named(present, each.entity, CONNECTOR, _CONNECTORS_OF_A_MIRROR)
    elif each.kind is SECRET:
        yield from _missing_manager(api, each.entity)
    elif each.kind is ROLE_ASSIGNMENT:
        yield from _missing_parts(api, present, each.entity)


def _missing_named(
    present: _Present, entity: Mapping[str, Any], kind: Kind, paths: Iterable[tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    """What an entity names at these paths and nobody has."""
    here = Scope("account", entity.get("orgIdentifier") or None, entity.get("projectIdentifier") or None)
    for path in paths:
        text = _at(entity, path)
        if not isinstance(text, str) or not text:
            continue
        try:
            place, identifier = ScopedReference.parse(text).resolve(here)
        except AppError as error:
            yield error.message, error.code
            continue
        if not present.has(kind, {"orgIdentifier": place.org, "projectIdentifier": place.project}, identifier):
            yield (
                f"{path[-1]} names the {kind.noun} {text}, which is neither there nor described",
                f"{kind.noun}-missing",
            )


def _missing_manager(api: ApiClient, entity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    named = _at(entity, ("spec", "secretManagerIdentifier"))
    if not isinstance(named, str) or named.rpartition(".")[2] in ("", _BUILT_IN):
        return
    try:
        known = {each["identifier"] for each in api.call("GET", "/pierhead/v1/secret-managers")}
    except ApiError as error:
        if error.category is DeniedError:
            return
        raise
    if named.rpartition(".")[2] not in known:
        yield f"there is no secret manager {named!r}", "unknown-secret-manager"


def _missing_parts(api: ApiClient, present: _Present, entity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of an assignment: the role, the resource group and the service account. People are looked for by ``plan_all``."""
    role, group = str(entity.get("roleIdentifier") or ""), str(entity.get("resourceGroupIdentifier") or "")
    who = str(_at(entity, ("principal", "identifier")) or "")
    asked = {
        "validateRole": not present.describes("role", role),
        "validateResourceGroup": bool(group) and not present.describes("resourceGroup", group),
        "validatePrincipal": not person_in(entity) and not present.describes("serviceAccount", who),
    }
    place = {name: entity.get(name) or None for name in SCOPE_NAMES}
    try:
        found = api.call("POST", "/authz/api/roleassignments/validate", place, {"roleAssignment": entity, **asked})
    except ApiError as error:
        if error.category in (DeniedError, NotFoundError):  # the right is asked for below, the place was before
            return
        raise
    for part in ("role", "resourceGroup", "principal"):
        result = found.get(f"{part}ValidationResult")
        if result and not result["valid"]:
            noun = {"role": "role", "resourceGroup": "resource group", "principal": "service account"}[part]
            name = {"role": role, "resourceGroup": group, "principal": who}[part]
            yield f"there is no {noun} {name!r}, neither there nor described", f"{noun.replace(' ', '-')}-missing"


def _check_pins(api: ApiClient, pins: Pins, problems: Problems) -> None:
    what = f"{PINS} {pins.infra}"
    try:
        known = api.call("GET", "/ci/execution-config/get-default-config", {"infra": pins.infra})
    except AppError as error:
        return problems.take(error, what, pins.where)
    for field in sorted(set(pins.fields) - set(known)):
        problems.add(what, pins.where, f"there is no image field {field!r}", "unknown-field")
    return None


def _check_rights(api: ApiClient, plan: WholePlan, problems: Problems) -> None:
    needed: list[tuple[str, str, Right]] = [
        (str(step), step.where, right) for step in plan.steps if (right := _right_of(step)) is not None
    ]
    needed += [(str(each), each.where, right_to_pin()) for each in plan.pins if each.changes]
    needed += [(str(each), "--prune", right) for each in plan.removals if (right := _right_of(each)) is not None]
    for begin in range(0, len(needed), _MOST_CHECKS):
        part = needed[begin : begin + _MOST_CHECKS]
        data = api.call("POST", "/authz/api/acl", None, {"permissions": [right.to_json() for _, _, right in part]})
        for (what, where, right), answer in zip(part, data["accessControlList"], strict=True):
            if not answer["permitted"]:
                problems.add(what, where, f"you lack {right}", "access-denied")


def _right_of(each: Step | Removal) -> Right | None:
    if not knows(each.kind):
        return None
    if isinstance(each, Removal):
        return right_to_remove(each.kind, each.identifier, each.scope)
    return None if each.action == "unchanged" else right_to_take(each)


def _at(value: object, path: Iterable[str]) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
