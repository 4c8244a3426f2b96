"""Reads a pipeline from YAML: its CI stages as values, every other stage as skipped with the reason.

Accepts the document with its ``pipeline:`` and the bare ``stages:``. Keys that say nothing about images are passed
over; ``<+...>`` in a field that does is refused, since only a run of the platform could tell its value.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from .cursor import Cursor
from .errors import PipelineFieldError, Place, StageReferenceError
from .infrastructure import read_infrastructure
from .model import Infrastructure, Pipeline, SkippedStage, Stage
from .selectors import read_selectors
from .steps import read_identifier, read_name, read_steps
from .yaml_nodes import compose, place_of

CI_STAGE_TYPES: Final = frozenset({"CI", "SecurityTests", "IDP"})


def parse_pipeline(raw: bytes | str) -> Pipeline:
    """The pipeline in ``raw`` (UTF-8, at most 1 MiB).

    Raises PipelineSyntaxError, PipelineTooLargeError, PipelineFieldError, PipelineExpressionError or
    StageReferenceError; each names line, column and path.
    """
    node = compose(raw)
    if node is None:
        raise PipelineFieldError(Place("", 1, 1), "a pipeline", "an empty document")
    return _Reading().pipeline(Cursor(node))


class _Reading:
    """One document; ``stages`` and ``skipped`` are what has been read so far, for those that refer back."""

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.skipped: dict[str, SkippedStage] = {}
        self.later: frozenset[str] = frozenset()

    def pipeline(self, root: Cursor) -> Pipeline:
        body = root.find("pipeline") or root
        if not body.has("stages"):
            raise body.wrong("pipeline: with stages:, or stages: alone", "neither", hint=_hint(body))
        items = list(_flat(body.need("stages", "a list of stages")))
        self.later = frozenset(_identifiers(items))
        for item in items:
            self.take(item)
        return Pipeline(
            identifier=body.optional("identifier", Cursor.shown),
            name=body.optional("name", Cursor.shown),
            org=_literal(body, "orgIdentifier"),
            project=_literal(body, "projectIdentifier"),
            stages=tuple(self.stages.values()),
            skipped=tuple(self.skipped.values()),
            selectors=read_selectors(body) if self.stages else (),
        )

    def take(self, element: Cursor) -> None:
        identifier = read_identifier(element)
        if identifier in self.stages or identifier in self.skipped:
            field = element.need("identifier", "an identifier")
            raise field.wrong("an identifier that no other stage has", f"{identifier!r} again")
        skipped = _skipped(element, identifier)
        if skipped is not None:
            self.skipped[identifier] = skipped
        else:
            self.stages[identifier] = self.stage(element, identifier)

    def stage(self, element: Cursor, identifier: str) -> Stage:
        spec = element.need("spec", "the settings of the stage")
        clones = spec.optional("cloneCodebase", Cursor.truth)
        return Stage(
            identifier=identifier,
            name=read_name(element, identifier),
            type=element.need("type", "a stage type").text(),
            line=element.line,
            infrastructure=self.infrastructure(spec, identifier),
            clones_codebase=clones is not False,
            steps=read_steps(spec),
            selectors=read_selectors(element),
        )

    def infrastructure(self, spec: Cursor, stage: str) -> Infrastructure:
        here = spec.find("infrastructure")
        source = here.find("useFromStage") if here is not None else None
        if source is None:
            return read_infrastructure(spec)
        name = source.text("the identifier of an earlier stage")
        found = self.stages.get(name)
        if found is None or found.infrastructure.used_from is not None:
            raise StageReferenceError(place_of(source.path, source.node), name, self.why_not(name, stage, found))
        return replace(found.infrastructure, used_from=name)

    def why_not(self, name: str, stage: str, found: Stage | None) -> str:
        if found is not None:
            return f"that stage takes its own from stage {found.infrastructure.used_from!r}"
        if name == stage:
            return "a stage cannot use its own"
        if name in self.skipped:
            return f"it is a {self.skipped[name].type} stage, not a CI stage"
        return "that stage comes later" if name in self.later else "there is no such stage"


def _flat(stages: Cursor) -> Iterator[Cursor]:
    """Every ``stage:`` of a list, also those side by side under ``parallel:``."""
    for item in stages.items("a list of stages"):
        stage, parallel = item.find("stage"), item.find("parallel")
        if stage is not None:
            yield stage
        elif parallel is not None:
            yield from _flat(parallel)
        else:
            raise item.wrong("stage: or parallel:", "neither")


def _identifiers(elements: list[Cursor]) -> Iterator[str]:
    for element in elements:
        field = element.find("identifier")
        if field is not None and field.is_scalar:
            yield field.shown()


def _skipped(element: Cursor, identifier: str) -> SkippedStage | None:
    template = element.find("template")
    if template is not None:
        name = template.optional("templateRef", Cursor.shown) or "?"
        note = f"it is made from the template {name}: give the pipeline with its templates filled in"
        return SkippedStage(identifier, "template", note)
    kind = element.need("type", "a stage type such as CI").text("a stage type such as CI")
    if kind in CI_STAGE_TYPES:
        return None
    note = f"a {kind} stage has no CI initialization; images of containerized step groups in it are not planned"
    return SkippedStage(identifier, kind, note)


def _literal(body: Cursor, key: str) -> str | None:
    return body.optional(key, lambda field: None if field.is_expression else field.text())


def _hint(body: Cursor) -> str:
    if body.has("template"):
        return "give the pipeline with its templates filled in"
    return "give the YAML of a whole pipeline"
