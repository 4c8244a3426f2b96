"""Whether a document says what the API understands, asked of the API's own models; nothing is sent anywhere.

The API passes over fields that it does not know, because other clients send more than it needs. In a document written
by hand such a field is a slip of the pen, and a difference that no apply can settle.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.alias_generators import to_camel

from pierhead.control.connectors import InvalidConnectorError, parse_connector
from pierhead.server.api.bodies import checked
from pierhead.server.api.refusals import InvalidFieldsError
from pierhead.server.api.wire import (
    connectors,
    mirrors,
    places,
    role_assignments,
    roles,
    secrets,
    service_accounts,
    users,
)
from pierhead.server.api.wire import resource_groups as groups

from .kind import SCOPE_NAMES, Kind
from .kinds import CONNECTOR, USER

Model = type[BaseModel]

# Of each kind: what a request holds, and the two forms of the entity that documents may be in.
_READ: Mapping[str, Model] = {
    "organization": places.OrganizationBody,
    "project": places.ProjectBody,
    "user": users.UserIn,
    "secret": secrets.SecretBody,
    "serviceAccount": service_accounts.ServiceAccountIn,
    "role": roles.RoleBody,
    "resourceGroup": groups.ResourceGroupBody,
    "roleAssignment": role_assignments.RoleAssignmentBody,
    "mirror": mirrors.MirrorBody,
}
_FORMS: Mapping[str, tuple[Model, ...]] = {
    "organization": (places.OrganizationIn, places.OrganizationOut),
    "project": (places.ProjectIn, places.ProjectOut),
    "user": (users.UserIn,),
    "secret": (secrets.SecretIn, secrets.SecretOut),
    "connector": (connectors.ConnectorInfo,),
    "serviceAccount": (service_accounts.ServiceAccountIn, service_accounts.ServiceAccountOut),
    "role": (roles.RoleBody, roles.RoleOut),
    "resourceGroup": (groups.ResourceGroupIn, groups.ResourceGroupOut),
    "roleAssignment": (role_assignments.RoleAssignmentBody, role_assignments.RoleAssignmentOut),
    "mirror": (mirrors.MirrorBody,),
}
_LONG = 200
_NO_SUCH_FIELD = "there is no such field"


def knows(kind: Kind) -> bool:
    """Whether documents of the kind are checked, and the rights for them asked for."""
    return kind.noun in _FORMS


def faults_of(kind: Kind, entity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(dotted path, what is wrong) for each fault of an entity as a document has it."""
    if not knows(kind):
        return
    found = {path: _short(fault) for path, fault in _wrong_values(kind, entity)}
    known = {*SCOPE_NAMES, "accountIdentifier", "identifier", *kind.ignored, *kind.unsaid, *kind.defaults}
    for path in _unknown(_FORMS[kind.noun], entity, ""):
        if path not in known:
            found[f"{kind.noun}.{path}"] = _NO_SUCH_FIELD
    yield from found.items()


def _short(fault: str) -> str:
    """Without the words that would have been right, where there are dozens of them."""
    return fault if len(fault) <= _LONG else fault.partition("; expected ")[0]


def _wrong_values(kind: Kind, entity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    is_wrapped = kind.is_wrapped and kind is not USER  # a person is sent in two requests, neither of which is wrapped
    sent = {name: entity[name] for name in ("email", "name") if name in entity} if kind is USER else dict(entity)
    try:
        if kind is CONNECTOR:
            parse_connector({kind.noun: sent}, "")
        else:
            checked(TypeAdapter(_READ[kind.noun]), {kind.noun: sent} if is_wrapped else sent)
    except InvalidConnectorError as error:
        yield from ((each.field, each.error) for each in error.errors)
    except InvalidFieldsError as error:
        before = "" if is_wrapped else f"{kind.noun}."
        yield from ((f"{before}{each.field}", each.error) for each in error.problems)


def _unknown(models: Iterable[Model], value: Mapping[str, Any], path: str) -> Iterator[str]:
    fields: dict[str, set[Model]] = {}
    for model in models:
        for name, field in model.model_fields.items():
            fields.setdefault(to_camel(name), set()).update(_models_in(field.annotation))
    for key, child in value.items():
        here = f"{path}.{key}" if path else str(key)
        if key not in fields:
            yield here
        elif fields[key]:
            for one in child if isinstance(child, list) else [child]:
                if isinstance(one, Mapping):
                    yield from _unknown(fields[key], one, here)


def _models_in(annotation: object) -> Iterator[Model]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
