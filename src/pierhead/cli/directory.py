"""A directory of documents as the wanted state of many things: read, planned against what is there, and carried out.

Documents are what the API takes: ``{"connector": {...}}`` and the other nouns of ``kinds``, or ``{"pins": {...}}``.
With pruning, what is there and not in the directory goes away, in the scopes and of the kinds that it speaks of.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pierhead.kit.errors import AppError, NotFoundError

from .api_client import ApiClient
from .apply import Change, Step, entity_of, look_up, naming, plan, scope_in
from .documents import MalformedDocumentError, parse_documents, read_source
from .errors import ApiError, UsageError
from .kinds import BY_NOUN, KINDS, ROLE_ASSIGNMENT, SECRET, USER, Kind
from .outside_values import OutsideValues, check_inside, resolve
from .people import check_people
from .problems import Problems

PINS = "pins"
_SUFFIXES = (".yaml", ".yml", ".json")
_PIN_KEYS = frozenset({"infra", "fields"})
# What every account has, and what pruning therefore never takes.
_KEPT = frozenset({("organization", "default"), ("project", "default_project"), ("connector", "harnessImage")})
_NO_OTHERS = OutsideValues()


@dataclass(frozen=True, slots=True)
class Pins:
    """``fields``: the wanted value of each image field of one infrastructure; None: the default."""

    infra: str
    fields: Mapping[str, str | None]
    where: str


@dataclass(frozen=True, slots=True)
class Described:
    """One thing in a document, and the file that the document is in. ``source``: where its value comes from."""

    kind: Kind
    entity: dict[str, Any]
    where: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.kind.noun} {self.entity['identifier']}"


@dataclass(frozen=True, slots=True)
class Wanted:
    entities: tuple[Described, ...]
    pins: tuple[Pins, ...]


@dataclass(frozen=True, slots=True)
class PinStep:
    infra: str
    changes: tuple[Change, ...]
    where: str

    def __str__(self) -> str:
        return f"{PINS} {self.infra}"


@dataclass(frozen=True, slots=True)
class Removal:
    kind: Kind
    identifier: str
    scope: Mapping[str, object]

    def __str__(self) -> str:
        place = "/".join(str(name) for name in self.scope.values() if name)
        return f"{self.kind.noun} {self.identifier}{f' in {place}' if place else ''}"


@dataclass(frozen=True, slots=True)
class WholePlan:
    steps: tuple[Step, ...]
    pins: tuple[PinStep, ...]
    removals: tuple[Removal, ...]


def read(
    places: Sequence[str],
    scope: Mapping[str, str],
    problems: Problems | None = None,
    values: OutsideValues = _NO_OTHERS,
) -> Wanted:
    """Every document of files and directories (below them too). Raises MalformedDocumentError, UsageError, where
    ``problems`` does not gather them."""
    problems = problems or Problems(gathers=False)
    reader = _Reader(scope, problems, values)
    entities: list[Described] = []
    pins: list[Pins] = []
    for name, root in [found for place in places for found in _files(place)]:
        try:
            where, raw = read_source(name)
            documents = parse_documents(raw, where)
        except AppError as error:
            problems.take(error)
            continue
        for document in documents:
            try:
                if isinstance(document, dict) and PINS in document:
                    pins.append(_pins(document[PINS], where))
                else:
                    entities.append(reader.described(document, where, root))
            except AppError as error:
                problems.take(error)
    _check_unique(entities, problems)
    return Wanted(tuple(sorted(entities, key=lambda each: KINDS.index(each.kind))), tuple(pins))


def plan_all(api: ApiClient, wanted: Wanted, *, prunes: bool, problems: Problems | None = None) -> WholePlan:
    """What there is to do; asks, changes nothing. Raises PersonMissingError and the API's errors, where ``problems``
    does not gather them."""
    problems = problems or Problems(gathers=False)
    steps: list[Step] = []
    pins: list[PinStep] = []
    for each in _with_people(api, wanted.entities, problems):
        try:
            with naming(each, each.where, None):
                steps.append(
                    plan(each.kind, each.entity, look_up(api, each.kind, each.entity), each.where, each.source)
                )
        except AppError as error:
            problems.take(error)
    for wish in wanted.pins:
        try:
            pins.append(_pin_step(api, wish))
        except AppError as error:
            problems.take(error)
    return WholePlan(tuple(steps), tuple(pins), tuple(_removals(api, wanted)) if prunes else ())


@dataclass(frozen=True, slots=True)
class _Reader:
    scope: Mapping[str, str]
    problems: Problems
    values: OutsideValues

    def described(self, document: object, where: str, root: Path | None) -> Described:
        """With its value, where it is a secret whose value lies elsewhere."""
        kind = _kind_of(document, where)
        entity = entity_of(kind, document, where, self.scope)
        spec = entity.get("spec")
        if kind is not SECRET or not isinstance(spec, dict) or "valueFrom" not in spec:
            return Described(kind, entity, where)
        rest = {name: value for name, value in spec.items() if name != "valueFrom"}
        try:
            value, source = self.values.of(spec["valueFrom"], where, root)
        except AppError as error:
            described = Described(kind, {**entity, "spec": rest}, where)
            self.problems.take(error, described, where)
            return described
        return Described(kind, {**entity, "spec": {**rest, "value": value}}, where, source)


def _with_people(api: ApiClient, entities: Sequence[Described], problems: Problems) -> Iterable[Described]:
    """Assignments to people name them by email, and every one of them is there or described."""
    try:
        return _with_emails(api, entities)
    except AppError as error:
        problems.take(error)
        return entities


def _with_emails(api: ApiClient, entities: Sequence[Described]) -> Iterator[Described]:
    emails = frozenset(each.entity["identifier"] for each in entities if each.kind is USER)
    named = check_people(api, (each.entity for each in entities if each.kind is ROLE_ASSIGNMENT), emails)
    return (replace(each, entity=next(named)) if each.kind is ROLE_ASSIGNMENT else each for each in entities)


def remove(api: ApiClient, removal: Removal) -> None:
    removal.kind.delete(api, removal.identifier, removal.scope)


def put_pins(api: ApiClient, step: PinStep) -> None:
    body = [{"field": change.path, "value": change.after} for change in step.changes]
    api.call("POST", "/ci/execution-config/update-config", {"infra": step.infra}, body)


def _files(place: str) -> Iterator[tuple[str, Path | None]]:
    """(file, the folder whose files its documents may name)."""
    path = Path(place)
    if place == "-" or not path.is_dir():
        yield place, None if place == "-" else resolve(path.parent, place)
        return
    found = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES and each.is_file())
    if not found:
        raise UsageError(f"there is no document in {place}", hint=f"documents end in {', '.join(_SUFFIXES)}")
    root = resolve(path, place)
    check_inside(found, root, place)
    yield from ((str(each), root) for each in found)


def _kind_of(document: object, where: str) -> Kind:
    nouns = [noun for noun in BY_NOUN if isinstance(document, dict) and noun in document]
    if len(nouns) != 1:
        known = ", ".join([*BY_NOUN, PINS])
        raise MalformedDocumentError(where, f"a document has exactly one of the keys {known}")
    return BY_NOUN[nouns[0]]


def _pins(value: object, where: str) -> Pins:
    fields = value.get("fields") if isinstance(value, dict) and set(value) <= _PIN_KEYS else None
    if not isinstance(value, dict) or not isinstance(fields, dict):
        raise MalformedDocumentError(where, "pins have to be {infra: K8 or VM, fields: {field: image}}")
    if not all(isinstance(image, str | None) for image in fields.values()):
        raise MalformedDocumentError(where, "the value of a pin is an image, or null for the default")
    return Pins(str(value.get("infra") or "K8"), fields, where)


def _check_unique(entities: Sequence[Described], problems: Problems) -> None:
    seen: dict[tuple[object, ...], str] = {}
    for each in entities:
        address = _address(each.kind, each.entity)
        if address in seen:
            problems.take(UsageError(f"{each} is described twice, in {seen[address]} and in {each.where}"))
        seen[address] = each.where


def _address(kind: Kind, entity: Mapping[str, Any]) -> tuple[object, ...]:
    return kind.noun, *scope_in(entity).values(), entity["identifier"]


def _pin_step(api: ApiClient, pins: Pins) -> PinStep:
    with naming(f"{PINS} {pins.infra}", pins.where, None):
        now = api.call("GET", "/ci/execution-config/get-customer-config", {"infra": pins.infra, "overridesOnly": True})
    changes = [
        Change(field, now.get(field), image) for field, image in sorted(pins.fields.items()) if now.get(field) != image
    ]
    return PinStep(pins.infra, tuple(changes), pins.where)


def _removals(api: ApiClient, wanted: Wanted) -> Iterator[Removal]:
    """Later kinds first, since they speak of the earlier ones."""
    addresses = {_address(each.kind, each.entity) for each in wanted.entities}
    for kind in reversed([kind for kind in KINDS if kind.is_pruned]):
        scopes = {tuple(scope_in(each.entity).items()) for each in wanted.entities if each.kind is kind}
        for scope in [dict(pairs) for pairs in sorted(scopes, key=str)]:
            for entity in _there(api, kind, scope):
                is_kept = (kind.noun, entity["identifier"]) in _KEPT
                if not is_kept and _address(kind, {**scope, "identifier": entity["identifier"]}) not in addresses:
                    yield Removal(kind, entity["identifier"], scope)


def _there(api: ApiClient, kind: Kind, scope: Mapping[str, object]) -> list[dict[str, Any]]:
    """What is in a place, which the documents may be about to make."""
    try:
        return list(kind.all(api, scope))
    except ApiError as error:
        if error.category is NotFoundError:
            return []
        raise
