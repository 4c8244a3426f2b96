"""``apply``: makes what is there equal to what a document says, and tells the difference.

A document is what the API takes (``{"connector": {...}}``), or what the API gives, whose read-only parts are ignored.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pierhead.kit.errors import AppError

from .api_client import ApiClient
from .documents import MalformedDocumentError
from .kind import SCOPE_NAMES
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
    "carry_out",
    "entity_of",
    "look_up",
    "naming",
    "plain",
    "plan",
    "scope_in",
    "spelled",
    "tell",
]

_GIVEN = {True: "(given)", False: "(given; not compared)"}
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
    """What has to be done for one document: ``created``, ``updated`` or ``unchanged``. ``where``: its file.

    ``is_uncompared``: all that may differ is a value that is never given back. ``source``: where that comes from.
    """

    kind: Kind
    entity: dict[str, Any]
    action: str
    changes: tuple[Change, ...]
    where: str = ""
    is_uncompared: bool = False
    source: str = ""

    def __str__(self) -> str:
        return f"{self.kind.noun} {self.entity['identifier']}"

    def to_json(self, *, is_dry: bool) -> dict[str, Any]:
        scope = {name: self.entity[name] for name in SCOPE_NAMES if self.entity.get(name)}
        changes = [{"path": change.path, "from": change.before, "to": change.after} for change in self.changes]
        action = "uncompared" if is_dry and self.is_uncompared else self.action
        done = {"action": action, "dryRun": is_dry, "changes": changes}
        return {"identifier": self.entity["identifier"], **scope, **done}


def entity_of(kind: Kind, document: Any, where: str, scope: Mapping[str, str]) -> dict[str, Any]:
    """The entity in a document, with the scope chosen on the command line filled in. Raises MalformedDocumentError."""
    if not isinstance(document, dict) or not isinstance(document.get(kind.noun), dict):
        raise MalformedDocumentError(where, f"a document has to be {{{kind.noun}: {{...}}}}")
    if unknown := set(document) - _READ_ONLY - {kind.noun}:
        raise MalformedDocumentError(where, f"unknown key {min(unknown)!r} beside {kind.noun!r}")
    entity = {key: value for key, value in document[kind.noun].items() if key != "accountIdentifier"}
    called = entity.get(kind.key)
    if not isinstance(called, str) or not called:
        raise MalformedDocumentError(where, f"a {kind.noun} needs an {kind.key}")
    if kind.key != "identifier":
        entity = {**kind.filled(entity), "identifier": kind.filled(entity)[kind.key]}
    for name in kind.scope_names:
        if not entity.get(name) and scope.get(name):
            entity[name] = scope[name]
    return entity


def plan(
    kind: Kind, entity: dict[str, Any], current: Mapping[str, Any] | None, where: str = "", source: str = ""
) -> Step:
    """``current`` is the entity as the API gives it, None when there is none. ``source``: where a value that is never
    given back comes from, as people read it."""
    told = source + ("" if current is None else "; not compared") if source else _GIVEN[current is None]
    before = {} if current is None else _flat(kind, current)
    after = _flat(kind, entity)
    open_ones = kind.unsaid.difference(path for path, _ in _leaves(entity, ""))
    changes = tuple(
        Change(path, before.get(path), _shown(kind, path, entity, after, told))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path) and path not in open_ones
    )
    action = "created" if current is None else "updated" if changes else "unchanged"
    is_uncompared = action == "updated" and all(kind.hides(change.path, entity) for change in changes)
    return Step(kind, entity, action, changes, where, is_uncompared, source)


def look_up(api: ApiClient, kind: Kind, entity: Mapping[str, Any]) -> dict[str, Any] | None:
    return kind.find(api, entity["identifier"], scope_in(entity))


def carry_out(api: ApiClient, step: Step) -> tuple[Step, Any]:
    """Writes what the step says; gives the step as it turned out and the API's answer, None when there was nothing to
    do. A value that could not be compared was the same when the server has not changed anything. Raises AppError."""
    if step.action == "unchanged":
        return step, None
    kind, entity, scope = step.kind, step.entity, scope_in(step.entity)
    before = kind.changed_at(api, entity["identifier"], scope) if step.is_uncompared else None
    answer = (kind.create if step.action == "created" else kind.update)(api, entity, scope)
    if before is not None and isinstance(answer, dict) and answer.get("updatedAt") == before:
        return replace(step, action="unchanged", changes=(), is_uncompared=False), answer
    return step, answer


@contextmanager
def naming(what: object, where: str, done: int | None) -> Iterator[None]:
    """Errors name the document that they are about, and say how many steps were done before; None: in a plan."""
    try:
        yield
    except AppError as error:
        place = f" ({where})" if where else ""
        steps = f"{done} step{'' if done == 1 else 's'} had been done before"
        error.message = f"{what}{place}: {error.message}; {'nothing was changed' if done is None else steps}"
        raise


def scope_in(entity: Mapping[str, Any]) -> dict[str, object]:
    """The query that names the scope an entity is in."""
    return {name: entity.get(name) or None for name in SCOPE_NAMES}


def apply(api: ApiClient, screen: Screen, kind: Kind, entities: list[dict[str, Any]], *, is_dry: bool) -> None:
    """One entity after the other; an error leaves those before it done and told. Dry, it is also checked."""
    done, steps = [], []
    for entity in entities:
        step = plan(kind, entity, look_up(api, kind, entity))
        steps.append(step)
        step, answer = (step, None) if is_dry else carry_out(api, step)
        done.append({**step.to_json(is_dry=is_dry), "data": answer})
        if not screen.is_json:
            tell(screen, step, is_dry=is_dry)
            tell_warnings(screen, answer)
    if screen.is_json:
        screen.json(done)
    if is_dry:
        from .plan_check import check_steps  # the models of the API, half a second

        check_steps(api, steps)


def tell(screen: Screen, step: Step, *, is_dry: bool) -> None:
    if is_dry and step.is_uncompared:
        return screen.line(f"{step}: its value is {step.source or 'given'} and is not compared")
    verb = f"would be {step.action}" if is_dry and step.action != "unchanged" else step.action
    screen.line(f"{step}: {verb}")
    for change in step.changes if is_dry or step.action == "updated" else ():
        if change.before is not None:
            screen.line(f"- {change.path}: {spelled(change.before)}", style="red", indent=2)
        if change.after is not None:
            screen.line(f"+ {change.path}: {spelled(change.after)}", style="green", indent=2)
    return None


def spelled(value: object) -> str:
    """As a document spells it, in one line: ``true``, ``[project]``."""
    import yaml

    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9)
    return text.removesuffix("...\n").rstrip("\n")


def _shown(kind: Kind, path: str, entity: Mapping[str, Any], values: Mapping[str, object], told: str) -> object:
    return told if path in values and kind.hides(path, entity) else values.get(path)


def _flat(kind: Kind, entity: Mapping[str, Any]) -> dict[str, object]:
    """Values by dotted path, without those that mean nothing: null, empty, default."""
    return {
        path: value
        for path, value in _leaves(kind.filled(entity), "")
        if value not in (None, "", [], {}) and kind.defaults.get(path) != value and path not in kind.ignored
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, plain(value)


def plain(value: Any) -> Any:
    """What a value says: without what is null or names the account, and lists in one order, since nothing that is
    described depends on it."""
    if isinstance(value, Mapping):
        kept = {key: plain(inner) for key, inner in value.items() if key != "accountIdentifier"}
        return {key: inner for key, inner in kept.items() if inner is not None}
    if isinstance(value, list):
        items = [_without_empty(plain(item)) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _without_empty(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    return {key: inner for key, inner in item.items() if inner not in ("", [], {})}
