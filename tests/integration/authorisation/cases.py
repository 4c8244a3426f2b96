"""What is sent for a sample, and what the rule tables say that the answer has to be."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pierhead.control.access import Permission, view_of
from pierhead.control.scopes import Scope
from pierhead.server.api.permissions import rule_of
from pierhead.server.api.rules import At

from .world import ORG, A, Somebody, World


class Place(StrEnum):
    ACCOUNT = "account"
    ORG = "org"
    PROJECT = "project"


@dataclass(frozen=True)
class Sample:
    """One good request. ``$kind`` in path, query and body stands for the seeded thing of that kind.

    ``about``: the kind of thing that the operation is about: permission is asked for that one, at ``at``, and for the
    twin of the request it is replaced by one that is not there. ``asked_at``: the place that the query names, where
    that is another one. ``status``: of the answer to who may; ``status_of_others``: to who may by the rule but did not
    make the thing, which the account's admin did. ``extra``: what else is asked for than the rule says.
    ``is_of_all_accounts``: what it does is done to the whole installation.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: object = None
    yaml: str = ""
    about: str = ""
    at: Place = Place.PROJECT
    asked_at: Place | None = None
    status: int = 200
    is_of_all_accounts: bool = False
    status_of_others: int | None = None
    extra: tuple[Permission, ...] = ()


class Kind(StrEnum):
    ALLOWED = "allowed"
    UNKNOWN = "401"
    DENIED = "403"
    ABSENT = "as absent"
    NOWHERE = "as in a place that is not there"
    ELSEWHERE = "nothing of this account"


@dataclass(frozen=True)
class Expected:
    kind: Kind
    permission: Permission | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    document: Any
    text: str
    headers: frozenset[str]
    work: int


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str

    def ask(
        self,
        world: World,
        who: Somebody,
        sample: Sample,
        ids: Mapping[str, str],
        *,
        prefix: str = "",
        project: str = "",
    ) -> Answer:
        """``project``: the one that the query names, where it is another one."""
        account = who.account or world.account
        if who.ref is not None:
            world.grants(who)  # remembered from here on: to read them is no part of the work
        parts = {"path": sample.path, "query": sample.query, "body": sample.body, "yaml": sample.yaml}
        filled = _filled(parts, {**ids, "account": account})
        path = prefix + self.path.format(**filled["path"])
        place = _place(sample.asked_at or sample.at, {**ids, "project": project or ids["project"]})
        query = {"accountIdentifier": account, **place, **filled["query"]}
        headers = {"X-API-KEY": who.key} if who.key else {}
        if sample.yaml:
            headers["Content-Type"] = "application/yaml"
        before = world.store.count
        answer = world.client.request(
            self.method,
            path,
            params={name: value for name, value in query.items() if value is not None},
            json=filled["body"],
            content=filled["yaml"] or None,
            headers=headers,
            follow_redirects=False,
        )
        work = world.store.count - before
        document = answer.json() if answer.headers.get("content-type") == "application/json" else None
        return Answer(answer.status_code, document, answer.text, frozenset(answer.headers), work)


def expected(world: World, operation: str, sample: Sample, who: Somebody) -> Expected:
    rule = rule_of(operation)
    if rule.at is At.OPEN:
        return Expected(Kind.ALLOWED)
    if who.account is not None:
        return Expected(Kind.ELSEWHERE)
    if who.ref is None:
        return Expected(Kind.UNKNOWN)
    if rule.permission is None:
        return Expected(Kind.ALLOWED)
    grants, scope = world.grants(who), _scope(world, sample.at)
    identifier = world.ids[sample.about] if sample.about else ""
    if rule.at is At.LIST:
        names_no_place = sample.about or operation == "listConnectorsByName"
        if not names_no_place and scope.org is not None and not grants.touches(scope):
            return Expected(Kind.NOWHERE)
        is_seen = not sample.about or grants.allows(rule.permission, scope, identifier)
        return Expected(Kind.ALLOWED if is_seen else Kind.ABSENT)
    for permission in (rule.permission, *sample.extra):
        if not grants.allows(permission, scope, identifier):
            is_hidden = (
                rule.absent is not None and identifier and not grants.allows(view_of(permission), scope, identifier)
            )
            return Expected(Kind.ABSENT) if is_hidden else Expected(Kind.DENIED, permission)
    return Expected(Kind.ALLOWED)


def twin(ids: Mapping[str, str], about: str) -> dict[str, str]:
    """The same with the thing replaced by one that is not there, of the same form."""
    return {**ids, about: nobody(ids[about])}


def nobody(identifier: str) -> str:
    return re.sub("[A-Za-z0-9]", "a", identifier)


def told(answer: Answer, identifier: str) -> tuple[int, str, frozenset[str]]:
    """All that a caller learns but correlation id and identifier."""
    document = dict(answer.document or {})
    document.pop("correlationId", None)
    said = json.dumps(document, sort_keys=True)
    return answer.status, said.replace(identifier, "?").replace(nobody(identifier), "?"), answer.headers


def _scope(world: World, place: Place) -> Scope:
    org = None if place is Place.ACCOUNT else ORG
    return Scope(world.account, org, A if place is Place.PROJECT else None)


def _place(place: Place, ids: Mapping[str, str]) -> dict[str, str]:
    found = {} if place is Place.ACCOUNT else {"orgIdentifier": ids["org"]}
    return {**found, "projectIdentifier": ids["project"]} if place is Place.PROJECT else found


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\$([a-z_]+)", lambda match: ids[match[1]], value)
    if isinstance(value, Mapping):
        return {name: _filled(part, ids) for name, part in value.items()}
    return [_filled(part, ids) for part in value] if isinstance(value, list) else value
