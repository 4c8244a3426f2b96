"""A kind of things that documents can describe: how the API is asked about it, and how two forms of one are compared.

A kind's ``noun`` is the key of a document and of the API's answers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .api_client import ApiClient, segment

Entity = dict[str, Any]
Listing = Callable[[ApiClient, Mapping[str, object]], Iterator[Entity]]
SCOPE_NAMES = ("orgIdentifier", "projectIdentifier")
_PAGE = 100


def pages(method: str, path: str, body: object = None) -> Listing:
    """Items of every page of a list."""

    def items(api: ApiClient, scope: Mapping[str, object]) -> Iterator[Entity]:
        index, count = 0, 1
        while index < count:
            data = api.call(method, path, {**scope, "pageIndex": index, "pageSize": _PAGE}, body)
            if isinstance(data, list):  # some of the reference's lists have no pages
                yield from data
                return
            yield from data["content"]
            index, count = index + 1, int(data.get("totalPages") or 1)

    return items


def as_it_is(entity: Mapping[str, Any]) -> Entity:
    return dict(entity)


@dataclass(frozen=True, slots=True)
class Kind:
    """Values by dotted path: ``defaults`` mean the same as saying nothing, ``hidden`` ones are never given back,
    ``ignored`` ones say nothing, ``unsaid`` ones stay as they are where a document does not speak of them.

    ``item``: where one is read when that is not ``path``. ``is_wrapped``: requests carry the noun too.
    ``puts_at_path``: a change names the thing in its body alone. ``key``: what a document calls one by. ``depths``: in
    the account (0), an organization (1), a project (2). ``filled``: with what the server adds where nothing is said.
    ``is_pruned``: whether one that is not described may go.
    """

    noun: str
    path: str
    listing: Listing
    defaults: Mapping[str, object] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset({"accountIdentifier"})
    unsaid: frozenset[str] = frozenset()
    item: str = ""
    is_wrapped: bool = True
    puts_at_path: bool = False
    key: str = "identifier"
    depths: tuple[int, ...] = (0, 1, 2)
    filled: Callable[[Mapping[str, Any]], Entity] = as_it_is
    is_pruned: bool = True

    @property
    def scope_names(self) -> tuple[str, ...]:
        """What of a place an entity of this kind names."""
        return SCOPE_NAMES[: max(self.depths)]

    def body(self, entity: Entity) -> Entity:
        return {self.noun: entity} if self.is_wrapped else entity

    def find(self, api: ApiClient, identifier: str, scope: Mapping[str, object]) -> Entity | None:
        """The entity as the API gives it, None when it is not there."""
        found = api.find(f"{self.item or self.path}/{segment(identifier)}", scope)
        return None if not found else self.entity_in(found)

    def changed_at(self, api: ApiClient, identifier: str, scope: Mapping[str, object]) -> object:
        """When it was last changed, as the API tells it; None when it does not."""
        return (api.find(f"{self.item or self.path}/{segment(identifier)}", scope) or {}).get("updatedAt")

    def create(self, api: ApiClient, entity: Entity, scope: Mapping[str, object]) -> Any:
        return api.call("POST", self.path, scope, self.body(entity))

    def update(self, api: ApiClient, entity: Entity, scope: Mapping[str, object]) -> Any:
        path = self.path if self.puts_at_path else f"{self.path}/{segment(entity['identifier'])}"
        return api.call("PUT", path, scope, self.body(entity))

    def delete(self, api: ApiClient, identifier: str, scope: Mapping[str, object]) -> Any:
        return api.call("DELETE", f"{self.path}/{segment(identifier)}", scope)

    def all(self, api: ApiClient, scope: Mapping[str, object]) -> Iterator[Entity]:
        """Every entity of exactly this scope that people made; what the program brings is left out."""
        for item in self.listing(api, scope):
            entity = self.entity_in(item)
            if not (item.get("harnessManaged") or entity.get("managed")):
                yield entity

    def entity_in(self, answer: Mapping[str, Any]) -> Entity:
        """With the place that it is in, which some answers tell beside it."""
        place = answer.get("scope")
        told = {name: place[name] for name in SCOPE_NAMES if place.get(name)} if isinstance(place, Mapping) else {}
        return {**answer.get(self.noun, answer), **told}

    def hides(self, path: str, entity: Mapping[str, Any]) -> bool:
        """Whether the value there is never given back. The path of a Reference is no secret."""
        spec = entity.get("spec")
        return path in self.hidden and not (isinstance(spec, Mapping) and spec.get("valueType") == "Reference")
