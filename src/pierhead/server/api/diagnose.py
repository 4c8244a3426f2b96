"""Why an image cannot be had: from an error text, a run or an image's name, with a look at the registry when asked to.

Of a run or connector that the caller may not see nothing is said; a connector is asked only for who may test it. What
is sent is kept nowhere and logged nowhere.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends

from pierhead.control.access import Permission
from pierhead.control.connectors import Connector, ConnectorFilter, ConnectorNotFoundError
from pierhead.control.diagnosis import (
    Diagnosis,
    Evidence,
    Found,
    Lead,
    Outcome,
    diagnose,
    failure_text,
    found_in_text,
    leading,
    masked,
    named,
    weigh,
    with_platform,
)
from pierhead.control.pipelines import Run, RunImage, RunNotFoundError
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.kit.paging import PageRequest
from pierhead.oci.reference import Reference
from pierhead.server.auth import Call, OwnCall, own_caller
from pierhead.server.jobs.diagnosing import Look, Looking

from .answers import Answer, answer
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope
from .refusals import FieldProblem, InvalidFieldsError
from .slow_calls import Slow, SlowCalls
from .uses import may_use_secrets, use_connector
from .wire.diagnose import DiagnoseBody, DiagnoseResult, DiagnosisReport

router = LateRouter(prefix="/pierhead/v1", tags=["diagnose"], dependencies=[Depends(own_caller)])

MAX_REPORTS = 20
MAX_LOOKS = 3
_MAX_CONNECTORS = 500
Sent = Annotated[DiagnoseBody, Depends(json_body(DiagnoseBody))]


@dataclass(frozen=True, slots=True)
class _Case:
    """One image and what is told about it. ``connector``: the reference that has to be asked, where one was named."""

    told: tuple[Diagnosis, ...]
    found: Found
    stage: str | None = None
    connector: str | None = None


@router.post("/diagnose", operation_id="diagnose", openapi_extra=takes(DiagnoseBody))
def diagnose_it(call: OwnCall, scope: OwnScope, body: Sent, slow: Slow) -> Answer[DiagnoseResult]:
    """Says why an image cannot be had, how that is seen, and what to do. With ``live`` it looks at the registry,
    through the connector that leads there; a test of that connector is kept as its status."""
    _check(body)
    place, cases = _cases(call, scope, body)
    explicit = _explicit(call, place, body.connector_ref)
    looks = _looks(call, place, cases, explicit, slow) if body.live else {}
    reports = [_report(case, looks.get(number)) for number, case in enumerate(cases)]
    return answer(call, DiagnoseResult.of(reports))


def _check(body: DiagnoseBody) -> None:
    """Raises InvalidFieldsError, InvalidImageReferenceError."""
    given = [name for name in ("text", "runId", "image") if getattr(body, "run_id" if name == "runId" else name)]
    if len(given) != 1:
        said = f"{' and '.join(given)} are given" if given else "nothing is given"
        raise InvalidFieldsError((FieldProblem("", f"exactly one of text, runId and image is needed: {said}"),))
    if body.image:
        Reference.parse(body.image)


def _cases(call: Call, scope: Scope, body: DiagnoseBody) -> tuple[Scope, list[_Case]]:
    if body.run_id:
        run = _run(call, body.run_id)
        failed = [image for image in run.images if image.facts.failure is not None]
        return Scope(run.account, run.org, run.project), [_of_image(image) for image in failed[:MAX_REPORTS]]
    if body.image:
        return scope, [_Case((), with_platform(named(body.image), body.platform or ""))]
    text = body.text or ""
    told = diagnose(text, Found(platform=body.platform or ""))
    found = told[0].found if told else found_in_text(text)
    return scope, [_Case(told, with_platform(found, body.platform or ""))]


def _run(call: Call, run_id: str) -> Run:
    """Raises RunNotFoundError, also for one that the caller may not see; AccessDeniedError."""
    run = call.lookup.runs.get(call.account, run_id)
    place = Scope(run.account, run.org, run.project)
    call.require(Permission.PIPELINE_VIEW, place, run_id, lambda _, identifier: RunNotFoundError(identifier))
    return run


def _of_image(image: RunImage) -> _Case:
    """Both ways of telling: our own code is sure, and what the registry said may say more."""
    failure = image.facts.failure
    assert failure is not None
    found = with_platform(named(image.reference), image.platform)
    text = failure_text(image.reference, failure.code, failure.message, failure.exchange)
    told = tuple(replace(one, quote=masked(failure.message[:400]), line=0) for one in diagnose(text, found))
    return _Case(told, found, image.stage, image.connector)


def _explicit(call: Call, scope: Scope, reference: str | None) -> Connector | None:
    """Raises ConnectorNotFoundError, also for one that the caller may not see; AccessDeniedError."""
    if reference is None:
        return None
    connector = call.lookup.connectors.resolve(reference, scope)
    use_connector(call, connector, lambda where, identifier: ConnectorNotFoundError(identifier, where.level))
    return connector


def _looks(
    call: Call, scope: Scope, cases: Sequence[_Case], explicit: Connector | None, slow: SlowCalls
) -> dict[int, Look]:
    """At most ``MAX_LOOKS``, at the same time."""
    usable = _usable(call, scope)
    looks: dict[int, Look] = {}
    begun: dict[int, Looking] = {}
    for number, case in enumerate(cases):
        lead = _lead(call, scope, case, explicit, usable)
        if lead is None:
            looks[number] = _nobody(case)
        elif len(begun) < MAX_LOOKS:
            share = ExitStack()
            share.enter_context(slow.one("diagnoses", call.share_key))
            about_quota = any(one.cause.family == "rate-limit" for one in case.told)
            begun[number] = Looking(
                call.app.connector_tasks, lead, case.found, call.actor, share.close, about_quota=about_quota
            )
    return looks | {number: looking.result() for number, looking in begun.items()}


def _usable(call: Call, scope: Scope) -> list[Connector]:
    """The connectors of the place and of those above it that the caller may have tested."""
    wanted = ConnectorFilter(include_scopes_above=True)
    found = call.app.connectors.list(scope, wanted, PageRequest(0, _MAX_CONNECTORS)).items
    return [connector for connector in found if _may_use(call, connector)]


def _may_use(call: Call, connector: Connector) -> bool:
    is_open = call.may(Permission.CONNECTOR_ACCESS, connector.scope, connector.identifier)
    return is_open and may_use_secrets(call, connector)


def _lead(
    call: Call, scope: Scope, case: _Case, explicit: Connector | None, usable: Sequence[Connector]
) -> Lead | None:
    if explicit is not None:
        return Lead(explicit, f"connector {explicit.reference} was asked for")
    if case.connector:
        try:
            own = call.lookup.connectors.resolve(case.connector, scope)
        except AppError:
            own = None
        if own is not None and _may_use(call, own):
            return Lead(own, f"connector {own.reference} was used for it")
    return next(iter(leading(case.found, usable)), None)


def _nobody(case: _Case) -> Look:
    where = case.found.registry or "the registry, which the text does not name"
    text = f"nothing was asked: no connector that you may use leads to {where}"
    return Look("", (Evidence("connector", Outcome.SKIPPED, text),))


def _report(case: _Case, look: Look | None) -> DiagnosisReport:
    if look is None:
        return DiagnosisReport.of(case.told, case.found, stage=case.stage)
    told = case.told
    if look.connector:
        shown = [one for text in look.failures for one in diagnose(text, case.found)[:1]]
        told = weigh(told, look.facts, shown, look.connector)
    return DiagnosisReport.of(
        told,
        case.found,
        stage=case.stage,
        connector=look.connector,
        evidence=look.evidence,
        is_complete=look.is_complete,
    )
