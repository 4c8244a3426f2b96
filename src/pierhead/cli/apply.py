"""``apply``: makes what is there equal to what a document says, and tells the difference.

A document is what the API takes (``{"connector": {...}}``), or what the API gives, whose read-only parts are ignored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .api_client import ApiClient
from .documents import MalformedDocumentError
from .kinds import CONNECTOR, SECRET, Kind
from .pages import tell_warnings
from .render import Screen

__all__ = [
    "CONNECTOR",
    "SECRET",
    "Change",
    "Kind",
    "Step",
    "apply",
    "entity_of",
    "look_up",
    "plain",
    "plan",
    "put",
    "scope_in",
    "tell",
]

_READ_ONLY = frozenset(
    {"createdAt", "lastModifiedAt", "updatedAt", "status", "activityDetails", "harnessManaged", "gitDetails", "draft"}
    | {"entityValidityDetails", "governanceMetadata", "isFavorite", "warnings"}
)


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; ``None`` where there is none."""

    path: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Step:
    """What has to be done for one document: ``created``, ``updated`` or ``unchanged``."""

    kind: Kind
    entity: dict[str, Any]
    action: str
    changes: tuple[Change, ...]

    def to_json(self, *, is_dry: bool) -> dict[str, Any]:
        scope = {name: self.entity[name] for name in ("orgIdentifier", "projectIdentifier") if self.entity.get(name)}
        changes = [{"path": change.path, "from": change.before, "to": change.after} for change in self.changes]
        done = {"action": self.action, "dryRun": is_dry, "changes": changes}
        return {"identifier": self.entity["identifier"], **scope, **done}


def entity_of(kind: Kind, document: Any, where: str, scope: Mapping[str, str]) -> dict[str, Any]:
    """The entity in a document, with the scope chosen on the command line filled in. Raises MalformedDocumentError."""
    if not isinstance(document, dict) or not isinstance(document.get(kind.noun), dict):
        raise MalformedDocumentError(where, f"a document has to be {{{kind.noun}: {{...}}}}")
    if unknown := set(document) - _READ_ONLY - {kind.noun}:
        raise MalformedDocumentError(where, f"unknown key {min(unknown)!r} beside {kind.noun!r}")
    entity = {key: value for key, value in document[kind.noun].items() if key != "accountIdentifier"}
    if not isinstance(entity.get("identifier"), str) or not entity["identifier"]:
        raise MalformedDocumentError(where, f"a {kind.noun} needs an identifier")
    for name in ("orgIdentifier", "projectIdentifier"):
        if not entity.get(name) and scope.get(name):
            entity[name] = scope[name]
    return entity


def plan(kind: Kind, entity: dict[str, Any], current: Mapping[str, Any] | None) -> Step:
    """``current`` is the entity as the API gives it, None when there is none."""
    before = {} if current is None else _flat(kind, current)
    after = _flat(kind, entity)
    changes = tuple(
        Change(path, _shown(kind, path, before), _shown(kind, path, after))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    )
    action = "created" if current is None else "updated" if changes else "unchanged"
    return Step(kind, entity, action, changes)


def look_up(api: ApiClient, kind: Kind, entity: Mapping[str, Any]) -> dict[str, Any] | None:
    return kind.find(api, entity["identifier"], scope_in(entity))


def put(api: ApiClient, step: Step) -> Any:
    """Writes what the step says and gives the API's answer, None when there is nothing to do. Raises AppError."""
    if step.action == "unchanged":
        return None
    write = step.kind.create if step.action == "created" else step.kind.update
    return write(api, step.entity, scope_in(step.entity))


def scope_in(entity: Mapping[str, Any]) -> dict[str, object]:
    """The query that names the scope an entity is in."""
    return {name: entity.get(name) or None for name in ("orgIdentifier", "projectIdentifier")}


def apply(api: ApiClient, screen: Screen, kind: Kind, entities: list[dict[str, Any]], *, is_dry: bool) -> None:
    """One entity after the other; an error leaves those before it done and told."""
    done = []
    for entity in entities:
        step = plan(kind, entity, look_up(api, kind, entity))
        answer = None if is_dry else put(api, step)
        done.append({**step.to_json(is_dry=is_dry), "data": answer})
        if not screen.is_json:
            tell(screen, step, is_dry=is_dry)
            tell_warnings(screen, answer)
    if screen.is_json:
        screen.json(done)


def tell(screen: Screen, step: Step, *, is_dry: bool) -> None:
    verb = f"would be {step.action}" if is_dry and step.action != "unchanged" else step.action
    screen.line(f"{step.kind.noun} {step.entity['identifier']}: {verb}")
    for change in step.changes if is_dry or step.action == "updated" else ():
        if change.before is not None:
            screen.line(f"- {change.path}: {change.before}", style="red", indent=2)
        if change.after is not None:
            screen.line(f"+ {change.path}: {change.after}", style="green", indent=2)


def _shown(kind: Kind, path: str, values: Mapping[str, object]) -> object:
    return values.get(path) if path not in kind.hidden or path not in values else "(given; not to be compared)"


def _flat(kind: Kind, entity: Mapping[str, Any]) -> dict[str, object]:
    """Values by dotted path, without those that mean nothing: null, empty, default."""
    return {
        path: value
        for path, value in _leaves(entity, "")
        if value not in (None, "", [], {}) and kind.defaults.get(path) != value and path not in kind.ignored
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, plain(value)


def plain(value: Any) -> Any:
    """What a value says: without what is null or names the account, and texts of a list in one order, since nothing
    that is described depends on it."""
    if isinstance(value, Mapping):
        kept = {key: plain(inner) for key, inner in value.items() if key != "accountIdentifier"}
        return {key: inner for key, inner in kept.items() if inner is not None}
    if isinstance(value, list):
        items = [plain(item) for item in value]
        return sorted(items) if all(isinstance(item, str) for item in items) else items
    return value
