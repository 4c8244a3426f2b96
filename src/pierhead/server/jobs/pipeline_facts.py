"""A pipeline's text as the examination of an account wants it: the connectors it names, and its images with hosts.

Nothing of a pipeline is planned or kept. A file that cannot be read is told as such, with the reader's own words.
"""

from collections.abc import Iterator

from pierhead.control.pipelines import Pipeline, Stage, Step, parse_pipeline
from pierhead.control.retirement import ConnectorUse, Kind, PipelineFact, PipelineImage, Thing
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.errors import AppError


def pipeline_fact(file: str, text: str, scope: Scope) -> PipelineFact:
    """``file``: what to call it; references are as the scope sees them."""
    try:
        pipeline = parse_pipeline(text)
    except AppError as error:
        return PipelineFact(file, scope, unreadable=error.message)
    return PipelineFact(file, scope, tuple(_uses(pipeline, file, scope)), _images(pipeline), _defaults(pipeline))


def _uses(pipeline: Pipeline, file: str, scope: Scope) -> Iterator[ConnectorUse]:
    """One that is an expression is not known here; its value is known to a run alone."""
    found = []
    for stage in pipeline.stages:
        where = f"stage {stage.identifier}"
        found.append((stage.infrastructure.image_connector_ref, f"{where}, its image connector"))
        for step in stage.steps:
            found.append((step.connector_ref, _where(stage, step)))
            found += [(reference, _where(stage, step)) for reference in step.base_image_connector_refs]
    for text, where in found:
        if (reference := _reference(text)) is not None:
            yield ConnectorUse(Thing(Kind.PIPELINE, scope, file, where), reference)


def _images(pipeline: Pipeline) -> tuple[PipelineImage, ...]:
    return tuple(
        PipelineImage(_where(stage, step), step.image, _reference(step.connector_ref))
        for stage in pipeline.stages
        for step in stage.steps
        if step.image
    )


def _defaults(pipeline: Pipeline) -> tuple[str, ...]:
    return tuple(stage.identifier for stage in pipeline.stages if not stage.infrastructure.image_connector_ref)


def _where(stage: Stage, step: Step) -> str:
    return f"stage {stage.identifier}, step {step.path}, line {step.line}"


def _reference(text: str | None) -> ScopedReference | None:
    try:
        return ScopedReference.parse(text.strip()) if text and text.strip() else None
    except AppError:
        return None
