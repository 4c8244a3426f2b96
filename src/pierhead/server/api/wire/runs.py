"""Runs on the wire: what was decided for each image, and what became of it."""

from collections.abc import Mapping
from typing import Any, Self

from pierhead.control.pipelines import ImageFacts, ImageFailure, Run, RunImage, RunStage
from pierhead.kit.clock import to_epoch_ms

from .common import Wire
from .plans import ConnectorChoiceInfo, VersionChoiceInfo, reasons


class RateLimitInfo(Wire):
    limit: int | None = None
    remaining: int | None = None
    window_s: int | None = None


class ExchangeInfo(Wire):
    """The HTTP exchange that failed, redacted. ``status`` is null when nothing came back."""

    method: str
    url: str
    status: int | None = None
    body: str = ""


class FailureInfo(Wire):
    code: str
    category: str
    message: str
    hint: str
    exchange: ExchangeInfo | None

    @classmethod
    def of(cls, failure: ImageFailure | None) -> Self | None:
        if failure is None:
            return None
        exchange = ExchangeInfo.model_validate(failure.exchange) if failure.exchange else None
        return cls(
            code=failure.code,
            category=failure.category,
            message=failure.message,
            hint=failure.hint,
            exchange=exchange,
        )


class RunImageInfo(Wire):
    """``digest`` is what the tag resolved to, ``manifestDigest`` what the platform uses.

    ``pathReason``: why it went through the platform or through delegates; ``delegate``: which one, once it is known;
    ``task``: the task that saw to it.
    """

    stage: str
    position: int
    role: str
    used_by: list[str]
    reference: str
    name_reason: str
    connector: ConnectorChoiceInfo
    version: VersionChoiceInfo
    platform: str
    pull_policy: str
    timeout_s: float
    path_reason: str
    delegate: str | None
    task: str | None
    state: str
    digest: str | None
    manifest_digest: str | None
    bytes_total: int | None
    bytes_done: int
    bytes_fetched: int
    seconds: float | None
    rate_limit: RateLimitInfo | None
    failure: FailureInfo | None
    warnings: list[str]

    @classmethod
    def of(cls, image: RunImage) -> Self:
        connector = ConnectorChoiceInfo(
            reference=image.connector, source=image.connector_source, trail=reasons(image.connector_trail)
        )
        version = VersionChoiceInfo(
            image=image.version, source=image.version_source, trail=reasons(image.version_trail)
        )
        return cls(
            stage=image.stage,
            position=image.position,
            role=image.role,
            used_by=list(image.used_by),
            reference=image.reference,
            name_reason=image.name_reason,
            connector=connector,
            version=version,
            platform=image.platform,
            pull_policy=image.pull_policy,
            timeout_s=image.timeout_s,
            path_reason=image.path_reason,
            delegate=image.delegate,
            task=image.task_id,
            **_facts(image.facts),
        )


class RunStageInfo(Wire):
    identifier: str
    name: str
    infra: str
    warnings: list[str]
    images: list[RunImageInfo]


class RunSummary(Wire):
    """A run without its stages, as lists and events give it."""

    id: str
    pipeline: str
    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None
    state: str
    created_at: int
    finished_at: int | None
    requested_by: str
    warnings: list[str]

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(**_summary(run))


class RunInfo(RunSummary):
    """``tasks``: those that see to its images, one for each way that images of it go."""

    tasks: list[str]
    stages: list[RunStageInfo]

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(**_summary(run), tasks=list(run.task_ids), stages=[_stage(run, stage) for stage in run.stages])


def _summary(run: Run) -> Mapping[str, Any]:
    return {
        "id": run.id,
        "pipeline": run.pipeline,
        "account_identifier": run.account,
        "org_identifier": run.org,
        "project_identifier": run.project,
        "state": run.state,
        "created_at": to_epoch_ms(run.created_at),
        "finished_at": to_epoch_ms(run.finished_at) if run.finished_at else None,
        "requested_by": run.requested_by,
        "warnings": list(run.warnings),
    }


def _stage(run: Run, stage: RunStage) -> RunStageInfo:
    images = [RunImageInfo.of(image) for image in run.images if image.stage == stage.identifier]
    return RunStageInfo(
        identifier=stage.identifier, name=stage.name, infra=stage.infra, warnings=list(stage.warnings), images=images
    )


def _facts(facts: ImageFacts) -> Mapping[str, Any]:
    return {
        "state": facts.state,
        "digest": facts.digest,
        "manifest_digest": facts.manifest_digest,
        "bytes_total": facts.bytes_total,
        "bytes_done": facts.bytes_done,
        "bytes_fetched": facts.bytes_fetched,
        "seconds": facts.seconds,
        "rate_limit": RateLimitInfo.model_validate(facts.rate_limit) if facts.rate_limit else None,
        "failure": FailureInfo.of(facts.failure),
        "warnings": list(facts.warnings),
    }
