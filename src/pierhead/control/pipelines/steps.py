"""Reads the steps of a stage: single ones, groups, parallel branches and service dependencies, laid flat.

Only what decides about images is read, and only for step types that have one; everything else may be whatever it is.
"""

import re
from collections.abc import Iterator
from typing import Final

from pierhead.control.scopes import IDENTIFIER_PATTERN

from .cursor import Cursor, nothing
from .infrastructure import read_connector, read_pull_policy
from .model import Step
from .selectors import read_selectors
from .step_types import StepKind, step_types

SERVICES: Final = "serviceDependencies"
_IDENTIFIER: Final = re.compile(IDENTIFIER_PATTERN + r"(?!\n)")


def read_steps(spec: Cursor) -> tuple[Step, ...]:
    """Service dependencies and steps of a stage's ``spec``. Raises PipelineFieldError, also for a repeated path."""
    reading = _Reading()
    execution = spec.need("execution", "the steps of the stage")
    return (*reading.services(spec), *reading.steps_of(execution, "", ()))


def read_identifier(element: Cursor) -> str:
    """The identifier of a stage, group or step. Raises PipelineFieldError."""
    field = element.need("identifier", "an identifier")
    identifier = field.text("an identifier")
    if not _IDENTIFIER.match(identifier):
        raise field.wrong("an identifier of letters, digits, _ and $ that does not begin with a digit")
    return identifier


def read_name(element: Cursor, identifier: str) -> str:
    """The name, for people: an expression in it is shown as it is written."""
    return element.optional("name", Cursor.shown) or identifier


class _Reading:
    """The steps of one stage; ``seen`` tells a repeated path."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def services(self, spec: Cursor) -> Iterator[Step]:
        found = spec.find(SERVICES)
        for item in found.items("a list of services") if found else ():
            service = item.find("service") or item
            yield self.step(service, f"{SERVICES}.", (), service_type="Service")

    def steps_of(self, owner: Cursor, prefix: str, selectors: tuple[str, ...]) -> Iterator[Step]:
        for item in owner.need("steps", "a list of steps").items("a list of steps"):
            yield from self.item(item, prefix, selectors)

    def item(self, item: Cursor, prefix: str, selectors: tuple[str, ...]) -> Iterator[Step]:
        """``selectors`` are those of the groups around it, the innermost that has any."""
        if (step := item.find("step")) is not None:
            yield self.step(step, prefix, selectors)
        elif (group := item.find("stepGroup")) is not None:
            yield from self.group(group, prefix, selectors)
        elif (parallel := item.find("parallel")) is not None:
            for branch in parallel.items("a list of steps that run side by side"):
                yield from self.item(branch, prefix, selectors)
        else:
            raise item.wrong("step:, parallel: or stepGroup:", "none of them")

    def group(self, group: Cursor, prefix: str, selectors: tuple[str, ...]) -> Iterator[Step]:
        identifier = read_identifier(group)
        path = self.unique(group, f"{prefix}{identifier}")
        template = group.find("template")
        if template is not None:
            yield _templated(group, path, identifier, template)
        else:
            yield from self.steps_of(group, f"{path}.", read_selectors(group) or selectors)

    def step(
        self, step: Cursor, prefix: str, group_selectors: tuple[str, ...], service_type: str | None = None
    ) -> Step:
        identifier = read_identifier(step)
        path = self.unique(step, f"{prefix}{identifier}")
        template = step.find("template")
        if template is not None:
            return _templated(step, path, identifier, template)
        step_type = service_type or step.need("type", "a step type").text("a step type")
        return _step(step, path, identifier, step_type, group_selectors)

    def unique(self, element: Cursor, path: str) -> str:
        if path in self.seen:
            raise element.need("identifier", "an identifier").wrong(
                "an identifier that is unique in its stage or group",
                f"{element.need('identifier', '').text()!r}, which line {self.seen[path]} has already",
            )
        self.seen[path] = element.line
        return path


def _step(step: Cursor, path: str, identifier: str, step_type: str, group_selectors: tuple[str, ...]) -> Step:
    known = step_types().get(step_type)
    kind = known.kind if known else StepKind.NO_IMAGE
    spec = step.find("spec")
    found = spec.optional if spec is not None and kind is not StepKind.NO_IMAGE else nothing
    is_overridable = kind in (StepKind.USER, StepKind.SCANNER)
    return Step(
        path=path,
        identifier=identifier,
        name=read_name(step, identifier),
        type=step_type,
        line=step.line,
        image=found("image", _image) if kind is StepKind.USER else None,
        connector_ref=found("connectorRef", read_connector) if is_overridable else None,
        pull_policy=found("imagePullPolicy", read_pull_policy),
        image_tag=found("imageTag", _tag) if kind is StepKind.SCANNER else None,
        source_type=found("source", _source_type) if known and known.by_source else None,
        base_image_connector_refs=(found("baseImageConnectorRefs", _texts) or ()) if kind is not StepKind.USER else (),
        timeout_s=step.optional("timeout", _timeout),
        selectors=_selectors(step, spec) if kind is not StepKind.NO_IMAGE else (),
        group_selectors=group_selectors,
    )


def _selectors(step: Cursor, spec: Cursor | None) -> tuple[str, ...]:
    """The reference writes them in the ``spec``; beside it they mean the same."""
    return (read_selectors(spec) if spec is not None else ()) or read_selectors(step)


def _templated(element: Cursor, path: str, identifier: str, template: Cursor) -> Step:
    """A step that is not written out: all that is known is that it is there."""
    name = template.optional("templateRef", Cursor.shown) or "?"
    return Step(path, identifier, read_name(element, identifier), "template", element.line, template=name)


def _timeout(field: Cursor) -> float | None:
    return None if field.is_expression else field.duration_s()


def _image(field: Cursor) -> str:
    return field.text("an image such as golang:1.22")


def _tag(field: Cursor) -> str:
    return field.text("the tag of an image")


def _source_type(field: Cursor) -> str | None:
    return field.optional("type", lambda kind: kind.text("the kind of registry"))


def _texts(field: Cursor) -> tuple[str, ...]:
    """Only shown, so one text, a list, and expressions in them are all right."""
    items = [field] if field.is_scalar else field.items("a list of connectors")
    return tuple(item.shown() for item in items)
