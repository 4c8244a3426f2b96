"""The kinds of things that documents can describe, and how the API is asked about each.

A kind's ``noun`` is the key of a document and of the API's answers; the order of ``KINDS`` is the order in which things
can be made, since later ones speak of earlier ones.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .api_client import ApiClient, segment

_PAGE = 100
Listing = Callable[[ApiClient, Mapping[str, object]], Iterator[dict[str, Any]]]


def _pages(method: str, path: str, body: object = None) -> Listing:
    """Items of every page of a list."""

    def items(api: ApiClient, scope: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        index, pages = 0, 1
        while index < pages:
            data = api.call(method, path, {**scope, "pageIndex": index, "pageSize": _PAGE}, body)
            if isinstance(data, list):  # some of the reference's lists have no pages
                yield from data
                return
            yield from data["content"]
            index, pages = index + 1, int(data.get("totalPages") or 1)

    return items


@dataclass(frozen=True, slots=True)
class Kind:
    """Values by dotted path: ``defaults`` mean the same as saying nothing, ``hidden`` ones are never given back,
    ``ignored`` ones say nothing.

    ``item``: where one is read when that is not ``path``. ``is_wrapped``: requests carry the noun too.
    ``puts_at_path``: a change names the thing in its body alone. ``is_remade``: there is no change, only another one in
    its place.
    """

    noun: str
    path: str
    listing: Listing
    defaults: Mapping[str, object] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset({"accountIdentifier"})
    item: str = ""
    is_wrapped: bool = True
    puts_at_path: bool = False
    is_remade: bool = False

    def body(self, entity: dict[str, Any]) -> dict[str, Any]:
        return {self.noun: entity} if self.is_wrapped else entity

    def find(self, api: ApiClient, identifier: str, scope: Mapping[str, object]) -> dict[str, Any] | None:
        """The entity as the API gives it, None when it is not there."""
        found = api.find(f"{self.item or self.path}/{segment(identifier)}", scope)
        return None if not found else self.entity_in(found)

    def create(self, api: ApiClient, entity: dict[str, Any], scope: Mapping[str, object]) -> Any:
        return api.call("POST", self.path, scope, self.body(entity))

    def update(self, api: ApiClient, entity: dict[str, Any], scope: Mapping[str, object]) -> Any:
        if self.is_remade:
            self.delete(api, entity["identifier"], scope)
            return self.create(api, entity, scope)
        path = self.path if self.puts_at_path else f"{self.path}/{segment(entity['identifier'])}"
        return api.call("PUT", path, scope, self.body(entity))

    def delete(self, api: ApiClient, identifier: str, scope: Mapping[str, object]) -> Any:
        return api.call("DELETE", f"{self.path}/{segment(identifier)}", scope)

    def all(self, api: ApiClient, scope: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """Every entity of exactly this scope that people made; what the program brings is left out."""
        for item in self.listing(api, scope):
            entity = self.entity_in(item)
            if not (item.get("harnessManaged") or entity.get("managed")):
                yield entity

    def entity_in(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        found = answer.get(self.noun, answer)
        return dict(found)


CONNECTOR = Kind(
    "connector",
    "/ng/api/connectors",
    _pages("POST", "/ng/api/connectors/listV2", {"filterType": "Connector"}),
    {
        "spec.executeOnDelegate": True,
        "spec.proxy": False,
        "spec.ignoreTestConnection": False,
        "spec.allowPrivateAddresses": False,
    },
    puts_at_path=True,
)
SECRET = Kind(
    "secret",
    "/ng/api/v2/secrets",
    _pages("GET", "/ng/api/v2/secrets"),
    {
        "type": "SecretText",
        "spec.secretManagerIdentifier": "harnessSecretManager",
        "spec.valueType": "Inline",
    },
    hidden=frozenset({"spec.value"}),
    ignored=frozenset({"accountIdentifier", "spec.type"}),
)
ORGANIZATION = Kind("organization", "/ng/api/organizations", _pages("GET", "/ng/api/organizations"))
PROJECT = Kind("project", "/ng/api/projects", _pages("GET", "/ng/api/projects"))
SERVICE_ACCOUNT = Kind(
    "serviceAccount",
    "/ng/api/serviceaccount",
    _pages("GET", "/ng/api/serviceaccount"),
    item="/ng/api/serviceaccount/aggregate",
    is_wrapped=False,
    ignored=frozenset({"accountIdentifier", "governanceMetadata", "extendable"}),
)
ROLE = Kind("role", "/authz/api/roles", _pages("GET", "/authz/api/roles"), is_wrapped=False)
RESOURCE_GROUP = Kind(
    "resourceGroup", "/resourcegroup/api/v2/resourcegroup", _pages("GET", "/resourcegroup/api/v2/resourcegroup")
)
ROLE_ASSIGNMENT = Kind(
    "roleAssignment",
    "/authz/api/roleassignments",
    _pages("GET", "/authz/api/roleassignments"),
    {"disabled": False, "managed": False, "internal": False},
    ignored=frozenset({"accountIdentifier", "roleReference.identifier", "roleReference.scopeLevel"}),
    is_wrapped=False,
    is_remade=True,
)
KINDS = (ORGANIZATION, PROJECT, SECRET, SERVICE_ACCOUNT, CONNECTOR, ROLE, RESOURCE_GROUP, ROLE_ASSIGNMENT)
BY_NOUN: Mapping[str, Kind] = {kind.noun: kind for kind in KINDS}
