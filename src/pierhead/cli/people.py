"""People in documents: described by their email addresses, since their ids mean nothing elsewhere.

A person described is let in without a password; nobody goes away because a document is gone.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pierhead.kit.errors import AppError, DeniedError, InvalidInputError

from .api_client import ApiClient, segment
from .errors import ApiError
from .kind import Entity, Kind

_PATH = "/pierhead/v1/users"


class PersonMissingError(InvalidInputError):
    code = "person-missing"

    def __init__(self, missing: Iterable[tuple[str, str]]) -> None:
        told = "; ".join(f"{person!r}, to whom {who} gives a role" for person, who in missing)
        super().__init__(
            f"there is no user {told}; nothing was changed",
            hint="describe each by `user: {email: ...}`, or let them in with `pierhead user create`",
        )


class PersonKind(Kind):
    """``{email, name, disabled}``. Without ``name`` or ``disabled`` a document leaves these as they are."""

    def create(self, api: ApiClient, entity: Entity, scope: Mapping[str, object]) -> Any:
        sent = {name: entity[name] for name in ("email", "name") if entity.get(name)}
        made = api.call("POST", self.path, scope, sent)
        return self._switched(api, made, entity)

    def update(self, api: ApiClient, entity: Entity, scope: Mapping[str, object]) -> Any:
        now = api.call("GET", f"{self.path}/{segment(entity['email'])}", scope)
        if entity.get("name") and entity["name"] != now["name"]:
            now = api.call("PUT", f"{self.path}/{segment(now['id'])}", scope, {"name": entity["name"]})
        return self._switched(api, now, entity)

    def entity_in(self, answer: Mapping[str, Any]) -> Entity:
        return {"identifier": answer["email"], **{name: answer[name] for name in ("email", "name", "disabled")}}

    def _switched(self, api: ApiClient, now: Mapping[str, Any], entity: Entity) -> Any:
        wanted = entity.get("disabled")
        if wanted is None or wanted == now["disabled"]:
            return now
        return api.call("POST", f"{self.path}/{segment(now['id'])}/{'disable' if wanted else 'enable'}")


class AssignmentKind(Kind):
    """The principal is an email address here where it is a person, and an id for the API."""

    def find(self, api: ApiClient, identifier: str, scope: Mapping[str, object]) -> Entity | None:
        found = Kind.find(self, api, identifier, scope)
        return None if found is None else named(api, found, {})

    def create(self, api: ApiClient, entity: Entity, scope: Mapping[str, object]) -> Any:
        person = person_in(entity)
        known = _person(api, person) if person else None
        if known is not None:
            entity = {**entity, "principal": {**entity["principal"], "identifier": known["id"]}}
        return Kind.create(self, api, entity, scope)

    def update(self, api: ApiClient, entity: Entity, scope: Mapping[str, object]) -> Any:
        """There is no change of one, only another one in its place; the first comes back when that cannot be."""
        before = self.find(api, entity["identifier"], scope)
        self.delete(api, entity["identifier"], scope)
        try:
            return self.create(api, entity, scope)
        except AppError:
            if before is not None:
                self.create(api, before, scope)
            raise

    def all(self, api: ApiClient, scope: Mapping[str, object]) -> Iterator[Entity]:
        known: dict[str, str | None] = {}
        for entity in Kind.all(self, api, scope):
            yield named(api, entity, known)


def person_in(entity: Mapping[str, Any]) -> str:
    """The person that an assignment gives a role to: an id or an email address; empty for anybody else."""
    principal = entity.get("principal")
    if not isinstance(principal, Mapping) or principal.get("type") != "USER":
        return ""
    return str(principal.get("identifier") or "")


def named(api: ApiClient, entity: Entity, known: dict[str, str | None]) -> Entity:
    """With the person's email address for the id, where it can be found; ``known`` remembers them by id."""
    person = person_in(entity)
    if not person:
        return entity
    if person not in known:
        known[person] = None if (found := _person(api, person)) is None else str(found["email"])
    return {**entity, "principal": {"type": "USER", "identifier": known[person] or person}}


def check_people(api: ApiClient, assignments: Iterable[Entity], described: frozenset[str]) -> Iterator[Entity]:
    """The assignments, with people named by email. Raises PersonMissingError for those who are neither there nor
    ``described``."""
    known: dict[str, str | None] = {email: email for email in described}
    missing, found = [], []
    for entity in assignments:
        person = person_in(entity).strip()
        person = person.lower() if "@" in person else person
        if person:
            entity = {**entity, "principal": {**entity["principal"], "identifier": person}}
            entity = named(api, entity, known)
            if known[person] is None:
                missing.append((person, f"roleAssignment {entity['identifier']}"))
        found.append(entity)
    if missing:
        raise PersonMissingError(missing)
    return iter(found)


def _person(api: ApiClient, person: str) -> dict[str, Any] | None:
    """By id or email; None also where the caller may not know."""
    try:
        found: dict[str, Any] | None = api.find(f"{_PATH}/{segment(person)}")
    except ApiError as error:
        if error.category is DeniedError:
            return None
        raise
    return found
