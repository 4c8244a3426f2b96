"""Runs: list, read, cancel, and follow as they go."""

from typing import Annotated

from fastapi import Depends, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from pierhead.control.access import Permission
from pierhead.control.pipelines import Run
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, OwnCall, own_caller
from pierhead.server.credentials import Asked, asked, is_still

from .answers import Answer, PageData, answer, page_data
from .late_routes import LateRouter
from .params import OwnScope, page_of
from .run_events import EVENT_STREAM, RunStreams
from .wire.runs import RunInfo, RunSummary

RunId = Annotated[str, Path(alias="runId")]

router = LateRouter(prefix="/pierhead/v1/runs", tags=["runs"], dependencies=[Depends(own_caller)])


@router.get("", operation_id="listRuns")
def list_all(
    call: OwnCall, scope: OwnScope, page: Annotated[PageRequest, Depends(page_of(50, 100))]
) -> Answer[PageData[RunSummary]]:
    """Those of the scope and of what is in it, as far as the caller may see them; newest first, without stages."""
    areas = call.areas(scope)
    return answer(call, page_data(call.app.runs.list(call.account, page, areas), RunSummary.of))


@router.get("/{runId}", operation_id="getRun")
def get(call: OwnCall, run_id: RunId) -> Answer[RunInfo]:
    return answer(call, RunInfo.of(_run(call, run_id)))


@router.post("/{runId}/cancel", operation_id="cancelRun")
def cancel(call: OwnCall, run_id: RunId) -> Answer[RunInfo]:
    """Ends a run; one that has ended stays as it is."""
    _run(call, run_id)
    return answer(call, RunInfo.of(call.app.runs.cancel(call.account, run_id, by=call.actor)))


@router.get(
    "/{runId}/events",
    operation_id="streamRunEvents",
    response_class=StreamingResponse,
    responses={200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
)
async def stream_events(
    request: Request, call: OwnCall, shown: Annotated[Asked, Depends(asked)], run_id: RunId
) -> StreamingResponse:
    """``event: image`` with one image whenever it changed, all of them first; ``event: run`` when the state changed.

    The stream ends after the ``run`` event of a final state, and when the caller may see the run no longer.
    """
    streams: RunStreams = request.app.state.run_streams
    run = await run_in_threadpool(_run, call, run_id)

    def may_go_on() -> bool:
        place = Scope(run.account, run.org, run.project)
        return is_still(request, shown, call.principal) and call.may(Permission.PIPELINE_VIEW, place, run_id)

    return StreamingResponse(
        streams.stream(run, may_go_on, call.share_key), media_type=EVENT_STREAM, headers={"X-Accel-Buffering": "no"}
    )


def _run(call: Call, run_id: str) -> Run:
    run = call.lookup.runs.get(call.account, run_id)
    call.authorise(Scope(run.account, run.org, run.project), run_id)
    return run
