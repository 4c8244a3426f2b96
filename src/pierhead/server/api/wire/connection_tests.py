"""The result of a connection test on the wire (harness-api §1.4); ``steps`` is ours."""

from datetime import datetime
from typing import Self

from pierhead.control.connectors import ConnectivityStatus
from pierhead.kit.clock import to_epoch_ms
from pierhead.protocol.tasks import TestReport
from pierhead.server.jobs.test_job import status_of

from .common import Wire
from .connectors import StatusProblem, problems_of


class TestStepInfo(Wire):
    """One thing that was tried: what was seen, and what to do about it."""

    __test__ = False

    name: str
    outcome: str
    evidence: str
    advice: str


class TestResult(Wire):
    """A connector that fails its test is a good answer with ``status`` FAILURE."""

    __test__ = False

    status: ConnectivityStatus
    errors: list[StatusProblem] | None
    error_summary: str | None
    tested_at: int | None
    delegate_id: str | None = None
    task_id: str | None = None
    steps: list[TestStepInfo]

    @classmethod
    def of(cls, report: TestReport, now: datetime) -> Self:
        status = status_of(report, now)
        steps = [
            TestStepInfo(name=step.name, outcome=step.outcome, evidence=step.evidence, advice=step.advice)
            for step in report.steps
        ]
        return cls(
            status=status.status,
            errors=problems_of(status),
            error_summary=status.error_summary,
            tested_at=to_epoch_ms(now),
            steps=steps,
        )
