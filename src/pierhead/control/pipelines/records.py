"""What the audit trail is told of runs: pipelines are known here by their runs alone; pure."""

from pierhead.control.audit import Subject
from pierhead.control.scopes import ResourceType, Scope

from .runs import Run, RunState


def about_run(run: Run) -> Subject:
    return Subject(Scope(run.account, run.org, run.project), ResourceType.PIPELINE, run.pipeline, run.pipeline)


def run_document(run: Run, state: RunState) -> dict[str, object]:
    return {"runId": run.id, "state": state.value, "requestedBy": run.requested_by}
