"""Diagnoses on our own wire: what to look at, and what was found."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field

from pierhead.control.diagnosis import (
    MAX_TEXT,
    Diagnosis,
    Evidence,
    Found,
    Step,
    diagnose,
    found_in_text,
    with_platform,
)

from .common import OptionalShortText, OwnReceived, Wire

Reference = Annotated[str, Field(min_length=1, max_length=512)]
PlatformText = Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,32}/[a-z0-9_.-]{1,32}(/[a-z0-9_.-]{1,32})?$")]


class DiagnoseBody(OwnReceived):
    """Exactly one of ``text``, ``runId`` and ``image``. ``platform``: the one that is wanted. ``connectorRef``: whom to
    ask, as the place of the call sees it. ``live``: ask the registry; without it nobody is asked anything."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    run_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    image: Reference | None = None
    platform: PlatformText | None = None
    connector_ref: OptionalShortText = None
    live: bool = False


class FoundInfo(Wire):
    """What was found in the text; null where it says nothing. ``registry`` is ``docker.io`` for Docker Hub's names."""

    image: str | None
    registry: str | None
    host: str | None
    repository: str | None
    tag: str | None
    digest: str | None
    platform: str | None
    http_status: int | None

    @classmethod
    def of(cls, found: Found) -> Self:
        return cls(
            image=found.image or None,
            registry=found.registry or None,
            host=found.host or None,
            repository=found.repository or None,
            tag=found.tag or None,
            digest=found.digest or None,
            platform=found.platform or None,
            http_status=found.http_status,
        )


class StepInfo(Wire):
    """``command`` is null where there is none; words in capitals are for the reader to fill in."""

    text: str
    command: str | None

    @classmethod
    def of(cls, step: Step) -> Self:
        return cls(text=step.text, command=step.command or None)


class DiagnosisInfo(Wire):
    """``quote`` is the part of the text that shows it, without secrets, in line ``line``; both null where only the live
    look shows it. ``docs``: pages of the documentation, below its root."""

    cause: str
    title: str
    meaning: str
    verdict: Literal["confirmed", "open", "refuted"]
    because: str | None
    quote: str | None
    line: int | None
    found: FoundInfo
    steps: list[StepInfo]
    docs: list[str]

    @classmethod
    def of(cls, one: Diagnosis) -> Self:
        return cls(
            cause=one.cause.code,
            title=one.cause.title,
            meaning=one.cause.meaning,
            verdict=one.verdict.value,
            because=one.because or None,
            quote=one.quote or None,
            line=one.line or None,
            found=FoundInfo.of(one.found),
            steps=[StepInfo.of(step) for step in one.steps],
            docs=list(one.cause.docs),
        )


class EvidenceInfo(Wire):
    check: str
    outcome: Literal["ok", "failed", "warning", "skipped"]
    text: str

    @classmethod
    def of(cls, one: Evidence) -> Self:
        return cls(check=one.check, outcome=one.outcome.value, text=one.text)


class DiagnosisReport(Wire):
    """About one image. ``connector``: whom the live look went through, null without one. ``isComplete`` is false when
    the time was over before all was looked at."""

    image: str | None
    stage: str | None
    diagnoses: list[DiagnosisInfo]
    connector: str | None
    evidence: list[EvidenceInfo]
    is_complete: bool

    @classmethod
    def of(
        cls,
        told: Sequence[Diagnosis],
        found: Found,
        *,
        stage: str | None = None,
        connector: str = "",
        evidence: Sequence[Evidence] = (),
        is_complete: bool = True,
    ) -> Self:
        return cls(
            image=found.image or None,
            stage=stage,
            diagnoses=[DiagnosisInfo.of(one) for one in told],
            connector=connector or None,
            evidence=[EvidenceInfo.of(one) for one in evidence],
            is_complete=is_complete,
        )


class DiagnoseResult(Wire):
    """One report, or one for each image that failed in a run; ``isKnown``: a cause was found."""

    is_known: bool
    reports: list[DiagnosisReport]

    @classmethod
    def of(cls, reports: Sequence[DiagnosisReport]) -> Self:
        """What is refuted is no cause."""
        is_known = any(one.verdict != "refuted" for report in reports for one in report.diagnoses)
        return cls(is_known=is_known, reports=list(reports))

    @classmethod
    def of_text(cls, text: str, platform: str = "") -> Self:
        """What the text alone shows. Raises DiagnosisTextTooLongError."""
        told = diagnose(text, Found(platform=platform))
        found = told[0].found if told else found_in_text(text)
        return cls.of([DiagnosisReport.of(told, with_platform(found, platform))])
