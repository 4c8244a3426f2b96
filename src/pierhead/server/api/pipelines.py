"""Pipelines: explain what would be pulled and why, and initialize for real. The body is the pipeline's own text."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, Field, TypeAdapter
from starlette.requests import Request

from pierhead.control.access import Permission
from pierhead.control.pipelines import MayName, render
from pierhead.server.auth import Call, OwnCall, own_caller

from .answers import Answer, answer
from .authority import CallerAuthority
from .bodies import JSON, media_type, raw_body, validated
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope
from .refusals import EmptyBodyError
from .wire.common import OwnReceived
from .wire.plans import PlanInfo
from .wire.runs import RunInfo

router = LateRouter(prefix="/pierhead/v1/pipelines", tags=["pipelines"], dependencies=[Depends(own_caller)])

YAML = ("application/yaml", "text/yaml", "application/x-yaml")


class PipelineBody(OwnReceived):
    """``pipeline`` is the YAML text; ``stages`` the identifiers of those that are wanted, all when empty."""

    pipeline: str
    stages: list[str] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Given:
    """The pipeline's bytes as they came, so that errors can name line and column, and the wanted stages."""

    raw: bytes
    stages: tuple[str, ...]


class ManifestsInfo(BaseModel):
    """Kubernetes manifests, ready to be written as YAML documents."""

    manifests: list[dict[str, object]]


_body = TypeAdapter(PipelineBody)


def _given(
    request: Request,
    raw: Annotated[bytes, Depends(raw_body(*YAML, *JSON))],
    stage: Annotated[list[str] | None, Query(description="identifier of a stage; repeat it for several")] = None,
) -> Given:
    if not raw:
        raise EmptyBodyError
    stages = tuple(stage or ())
    if media_type(request) in YAML:
        return Given(raw, stages)
    body = validated(_body, raw)
    return Given(body.pipeline.encode(), (*body.stages, *stages))


Sent = Annotated[Given, Depends(_given)]


@router.post("/explain", operation_id="explainPipeline", openapi_extra=takes(PipelineBody, *YAML))
def explain(call: OwnCall, scope: OwnScope, given: Sent) -> Answer[PlanInfo]:
    """Every image of the pipeline with connector, version and name, and why. Changes nothing, asks no registry."""
    plan = call.app.runs.explain(given.raw, scope, given.stages, _sees(call))
    return answer(call, PlanInfo.of(plan))


@router.post("/render", operation_id="renderPipeline", openapi_extra=takes(PipelineBody, *YAML))
def render_manifests(call: OwnCall, scope: OwnScope, given: Sent) -> Answer[ManifestsInfo]:
    """The Pods and pull secrets of the stages that run on Kubernetes; passwords are masked, and stay here."""
    plan = call.app.runs.explain(given.raw, scope, given.stages, _sees(call))
    in_pods = [stage for stage in plan.stages if stage.infrastructure.pod is not None]
    return answer(call, ManifestsInfo(manifests=[each for stage in in_pods or plan.stages for each in render(stage)]))


@router.post("/initialize", operation_id="initializePipeline", openapi_extra=takes(PipelineBody, *YAML))
def initialize(call: OwnCall, scope: OwnScope, given: Sent) -> Answer[RunInfo]:
    """Starts pulling what ``explain`` says, and answers at once with the run to follow.

    Whoever starts it needs the right to use each connector that the pipeline names, and its secrets.
    """
    may_name = CallerAuthority(call).use_named
    run = call.app.runs.initialize(given.raw, scope, call.principal.name, given.stages, may_name, by=call.actor)
    return answer(call, RunInfo.of(run))


def _sees(call: Call) -> MayName:
    """Of the connectors that the pipeline names; the account's own one, which it gets without naming it, is free."""
    return lambda connector: call.may(Permission.CONNECTOR_VIEW, connector.scope, connector.identifier)
