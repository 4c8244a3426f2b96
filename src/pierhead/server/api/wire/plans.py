"""What was decided about a pipeline's images, on the wire: every image with its reasons."""

from collections.abc import Iterable
from typing import Literal, Self

from pierhead.control.connectors import Reason
from pierhead.control.pipelines import PathChoice, Plan, PlannedImage, StagePlan
from pierhead.kit.errors import AppError

from .common import Wire


class ReasonInfo(Wire):
    rule: str
    text: str
    chosen: bool


def reasons(trail: Iterable[Reason]) -> list[ReasonInfo]:
    return [ReasonInfo(rule=reason.rule, text=reason.text, chosen=reason.chosen) for reason in trail]


class ConnectorChoiceInfo(Wire):
    """``reference`` is null when no connector was chosen; ``source`` says which rule decided."""

    reference: str | None
    source: str
    trail: list[ReasonInfo]


class VersionChoiceInfo(Wire):
    """``image`` is the name and tag before the connector's registry goes in front."""

    image: str
    source: str
    trail: list[ReasonInfo]


class PathInfo(Wire):
    """``kind`` is ``platform`` (the server itself fetches the image) or ``delegates``: those that have all of
    ``selectors``, any where there are none. ``origin`` is who asked for it: ``step``, ``step group``, ``stage``,
    ``pipeline``, ``connector`` or ``nobody``; ``trail`` is the rule that decided and those that it came before.
    """

    kind: Literal["platform", "delegates"]
    selectors: list[str]
    origin: str
    reason: str
    trail: list[ReasonInfo]

    @classmethod
    def of(cls, choice: PathChoice | None) -> Self | None:
        if choice is None:
            return None
        path = choice.path
        return cls(
            kind="platform" if path.is_platform else "delegates",
            selectors=list(path.selectors),
            origin=path.origin,
            reason=path.reason,
            trail=reasons(choice.trail),
        )


class Problem(Wire):
    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: AppError | None) -> Self | None:
        return None if error is None else cls(code=error.code, message=error.message, hint=error.hint)


class PlannedImageInfo(Wire):
    """Either ``reference`` or ``error`` is null; ``path`` is null with an error."""

    role: str
    used_by: list[str]
    reference: str | None
    name_reason: str
    connector: ConnectorChoiceInfo | None
    version: VersionChoiceInfo | None
    path: PathInfo | None
    platform: str
    platform_reason: str
    pull_policy: str
    pull_policy_reason: str
    timeout_s: float
    pull_secret_key: str | None
    warnings: list[str]
    error: Problem | None

    @classmethod
    def of(cls, image: PlannedImage, timeout_s: float) -> Self:
        return cls(
            role=image.need.role,
            used_by=list(image.need.used_by),
            reference=str(image.reference) if image.reference else None,
            name_reason=image.name_reason,
            connector=_connector(image),
            version=_version(image),
            path=PathInfo.of(image.path),
            platform=str(image.platform),
            platform_reason=image.platform_reason,
            pull_policy=image.pull_policy,
            pull_policy_reason=image.policy_reason,
            timeout_s=timeout_s,
            pull_secret_key=image.pull_secret_key,
            warnings=list(image.warnings),
            error=Problem.of(image.error),
        )


class StagePlanInfo(Wire):
    identifier: str
    name: str
    infra: str
    warnings: list[str]
    error: Problem | None
    images: list[PlannedImageInfo]

    @classmethod
    def of(cls, stage: StagePlan) -> Self:
        return cls(
            identifier=stage.stage,
            name=stage.name,
            infra=stage.infrastructure.infra,
            warnings=list(stage.warnings),
            error=Problem.of(stage.error),
            images=[PlannedImageInfo.of(image, stage.init_timeout_s) for image in stage.images],
        )


class SkippedStageInfo(Wire):
    identifier: str
    type: str
    reason: str


class PlanInfo(Wire):
    pipeline: str
    stages: list[StagePlanInfo]
    skipped: list[SkippedStageInfo]
    warnings: list[str]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(
            pipeline=plan.pipeline,
            stages=[StagePlanInfo.of(stage) for stage in plan.stages],
            skipped=[SkippedStageInfo(identifier=s.identifier, type=s.type, reason=s.note) for s in plan.skipped],
            warnings=list(plan.warnings),
        )


def _connector(image: PlannedImage) -> ConnectorChoiceInfo | None:
    choice = image.connector
    if choice is None:
        return None
    reference = str(choice.connector.reference) if choice.connector else None
    return ConnectorChoiceInfo(reference=reference, source=choice.source, trail=reasons(choice.trail))


def _version(image: PlannedImage) -> VersionChoiceInfo | None:
    choice = image.version
    if choice is None:
        return None
    return VersionChoiceInfo(image=choice.image, source=choice.source, trail=reasons(choice.trail))
