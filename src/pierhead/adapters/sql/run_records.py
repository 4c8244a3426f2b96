"""A run, its stages and its images as rows, and back."""

from collections.abc import Iterable

import sqlalchemy as sa

from pierhead.control.connectors import Reason
from pierhead.control.pipelines import ImageFacts, ImageFailure, ImageState, Run, RunImage, RunStage, RunState

_RUN = ("id", "account", "pipeline", "source", "requested_by", "created_at", "finished_at")
_STAGE = ("run_id", "identifier", "name", "infra", "position")
_IMAGE = (
    "run_id",
    "stage",
    "position",
    "role",
    "reference",
    "name_reason",
    "connector",
    "connector_source",
    "version",
    "version_source",
    "platform",
    "pull_policy",
    "timeout_s",
    "pull_key",
    "task_id",
    "path_reason",
    "delegate",
    "performer",
)
_FACTS = ("digest", "manifest_digest", "bytes_total", "bytes_done", "bytes_fetched", "seconds", "rate_limit")


def run_to_row(run: Run) -> dict[str, object]:
    return {
        **{name: getattr(run, name) for name in _RUN},
        "org": run.org or "",
        "project": run.project or "",
        "state": run.state.value,
        "warnings": list(run.warnings),
    }


def run_from_row(row: sa.RowMapping, stages: Iterable[RunStage] = (), images: Iterable[RunImage] = ()) -> Run:
    return Run(
        **{name: row[name] for name in _RUN},
        org=row["org"] or None,
        project=row["project"] or None,
        state=RunState(row["state"]),
        warnings=tuple(row["warnings"]),
        stages=tuple(stages),
        images=tuple(images),
    )


def stage_to_row(stage: RunStage) -> dict[str, object]:
    return {**{name: getattr(stage, name) for name in _STAGE}, "warnings": list(stage.warnings)}


def stage_from_row(row: sa.RowMapping) -> RunStage:
    return RunStage(**{name: row[name] for name in _STAGE}, warnings=tuple(row["warnings"]))


def image_to_row(image: RunImage) -> dict[str, object]:
    return {
        **{name: getattr(image, name) for name in _IMAGE},
        "used_by": list(image.used_by),
        "connector_trail": _trail_to_json(image.connector_trail),
        "version_trail": _trail_to_json(image.version_trail),
        **facts_to_row(image.facts),
    }


def image_from_row(row: sa.RowMapping) -> RunImage:
    return RunImage(
        **{name: row[name] for name in _IMAGE},
        used_by=tuple(row["used_by"]),
        connector_trail=_trail_from_json(row["connector_trail"]),
        version_trail=_trail_from_json(row["version_trail"]),
        facts=facts_from_row(row),
    )


def facts_to_row(facts: ImageFacts) -> dict[str, object]:
    return {
        **{name: getattr(facts, name) for name in _FACTS},
        "state": facts.state.value,
        "failure": facts.failure and _failure_to_json(facts.failure),
        "warnings": list(facts.warnings),
    }


def facts_from_row(row: sa.RowMapping) -> ImageFacts:
    return ImageFacts(
        **{name: row[name] for name in _FACTS},
        state=ImageState(row["state"]),
        failure=row["failure"] and ImageFailure(**row["failure"]),
        warnings=tuple(row["warnings"]),
    )


def _failure_to_json(failure: ImageFailure) -> dict[str, object]:
    return {
        "code": failure.code,
        "category": failure.category,
        "message": failure.message,
        "hint": failure.hint,
        "exchange": failure.exchange,
    }


def _trail_to_json(trail: Iterable[Reason]) -> list[dict[str, object]]:
    return [{"rule": r.rule, "text": r.text, "chosen": r.chosen, "warning": r.warning} for r in trail]


def _trail_from_json(trail: Iterable[dict[str, object]]) -> tuple[Reason, ...]:
    return tuple(Reason(**reason) for reason in trail)  # type: ignore[arg-type]  # as written by _trail_to_json
