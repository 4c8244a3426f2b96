"""From a plan to the run that carries it out: what is decided is written down, what is already lost is marked; pure."""

import hashlib
from datetime import datetime

from pierhead.control.delegates import PLATFORM
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError, category_of

from .plan import Plan, PlannedImage, StagePlan
from .runs import ImageFacts, ImageFailure, ImageState, Run, RunImage, RunStage, RunState
from .ways import Way, way_of


def plan_run(plan: Plan, scope: Scope, run_id: str, raw: bytes, requested_by: str, now: datetime) -> Run:
    """A new run in state RUNNING, whatever its images already say (``Run.outcome``)."""
    return Run(
        id=run_id,
        account=scope.account,
        org=scope.org,
        project=scope.project,
        pipeline=plan.pipeline,
        source=raw.decode("utf-8", "replace"),
        requested_by=requested_by,
        state=RunState.RUNNING,
        created_at=now,
        warnings=plan.warnings,
        stages=tuple(_stage(stage, run_id, position) for position, stage in enumerate(plan.stages)),
        images=tuple(
            _image(image, stage, run_id, position)
            for stage in plan.stages
            for position, image in enumerate(stage.images)
        ),
    )


def ways_of(plan: Plan, run: Run) -> dict[str, Way]:
    """By which way each image of ``run``, made from ``plan``, goes, by pull key; failed ones are left out."""
    planned = (way_of(image) for stage in plan.stages for image in stage.images)
    return {image.pull_key: way for image, way in zip(run.images, planned, strict=True) if way is not None}


def _stage(stage: StagePlan, run_id: str, position: int) -> RunStage:
    infra = stage.infrastructure.kind.value
    return RunStage(run_id, stage.stage, stage.name, infra, position, stage.warnings)


def _image(image: PlannedImage, stage: StagePlan, run_id: str, position: int) -> RunImage:
    choice, version = image.connector, image.version
    return RunImage(
        run_id=run_id,
        stage=stage.stage,
        position=position,
        role=image.need.role.value,
        used_by=image.need.used_by,
        reference=_name(image),
        name_reason=image.name_reason,
        connector=str(choice.connector.reference) if choice and choice.connector else None,
        connector_source=choice.source.value if choice else "",
        connector_trail=choice.trail if choice else (),
        version=version.image if version else "",
        version_source=version.source.value if version else "",
        version_trail=version.trail if version else (),
        platform=str(image.platform),
        pull_policy=image.pull_policy.value,
        timeout_s=stage.init_timeout_s,
        pull_key=_pull_key(image, stage),
        facts=_facts(image),
    )


def _name(image: PlannedImage) -> str:
    """The full name; where there is none, what was asked for, so that the failure names something."""
    if image.reference is not None:
        return str(image.reference)
    return (image.version.image if image.version else None) or image.need.image or image.need.purpose


def _facts(image: PlannedImage) -> ImageFacts:
    if image.error is None:
        return ImageFacts(warnings=image.warnings)
    return ImageFacts(ImageState.FAILED, failure=failure_of(image.error), warnings=image.warnings)


def failure_of(error: AppError) -> ImageFailure:
    return ImageFailure(error.code, category_of(error).code, error.message, error.hint)


def _pull_key(image: PlannedImage, stage: StagePlan) -> str:
    """Equal for what one pull can serve: same path, registry access, name, platform, policy and time allowed."""
    access = f"{image.access.id}@{image.access.version}" if image.access else "anonymous"
    path = image.path.path if image.path else PLATFORM
    by = "platform" if path.is_platform else "\t".join(("delegates", *path.selectors))
    parts = (by, access, _name(image), str(image.platform), image.pull_policy.value, str(stage.init_timeout_s))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
