"""The result of a connection test on the wire (harness-api §1.4); ``steps`` is ours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pierhead.control.connectors import ConnectivityStatus
from pierhead.control.delegates import LoggedLine
from pierhead.kit.clock import to_epoch_ms
from pierhead.server.jobs.connector_tasks import Tested
from pierhead.server.jobs.test_work import status_of

from .common import Wire
from .connectors import StatusProblem, problems_of
from .tasks import SelectionLine


@dataclass(frozen=True, slots=True)
class Way:
    """``delegate``: who performed the test, for people; nobody for one of the platform, or where nobody took it."""

    delegate_id: str | None = None
    delegate: str | None = None
    log: tuple[LoggedLine, ...] = ()


class TestStepInfo(Wire):
    """One thing that was tried: what was seen, and what to do about it."""

    __test__ = False

    name: str
    outcome: str
    evidence: str
    advice: str


class TestResult(Wire):
    """A connector that fails its test is a good answer with ``status`` FAILURE.

    ``pathReason``: why it went through the platform or through delegates; ``selection``: why to this one of them.
    """

    __test__ = False

    status: ConnectivityStatus
    errors: list[StatusProblem] | None
    error_summary: str | None
    tested_at: int | None
    delegate_id: str | None = None
    task_id: str | None = None
    delegate: str | None
    path_reason: str
    selection: list[SelectionLine]
    steps: list[TestStepInfo]

    @classmethod
    def of(cls, tested: Tested, now: datetime, way: Way) -> Self:
        report = tested.report
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
            delegate_id=way.delegate_id,
            task_id=tested.task_id,
            delegate=way.delegate,
            path_reason=tested.reason,
            selection=[SelectionLine.of(each.line, each.at) for each in way.log],
            steps=steps,
        )
