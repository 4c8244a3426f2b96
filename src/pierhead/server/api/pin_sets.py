"""Pins with a memory: pin after a look whether the images are there, look back, roll back, canaries."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Path, Query

from pierhead.control.catalogue import Because, PinChange, PinSetCause, Preflight, warning_about
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, OwnCall, own_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope, page_of
from .preflights import effective_images, refuse_absent, run_preflight
from .refusals import FieldProblem, InvalidFieldsError
from .releases import some_infras
from .slow_calls import Slow
from .wire.pin_sets import (
    Canaries,
    CanaryPin,
    PinBody,
    PinSetDiff,
    PinSetInfo,
    PromoteBody,
    RollbackBody,
)
from .wire.preflight import PreflightBody, PreflightInfo

router = LateRouter(prefix="/pierhead/v1", tags=["pins"], dependencies=[Depends(own_caller)])

Number = Annotated[int, Path(ge=1, le=2**53)]
Asked = Annotated[int, Query(ge=1, le=2**53)]


@router.get("/pin-sets", operation_id="listPinSets")
def list_all(
    call: OwnCall,
    scope: OwnScope,
    page: Annotated[PageRequest, Depends(page_of(20, 100))],
    everywhere: Annotated[bool, Query(description="also those of every canary")] = False,
) -> Answer[PageData[PinSetInfo]]:
    """What was pinned after each change, the newest first."""
    found = call.app.catalogue.history.page(scope, page, everywhere=everywhere)
    return answer(call, page_data(found, PinSetInfo.of))


@router.get("/pin-sets/diff", operation_id="diffPinSets")
def diff(
    call: OwnCall, before: Annotated[Asked, Query(alias="from")], after: Annotated[Asked, Query(alias="to")]
) -> Answer[PinSetDiff]:
    """What leads from one pin set to another."""
    steps = call.app.catalogue.history.diff(call.account, before, after)
    return answer(call, PinSetDiff.of(before, after, steps))


@router.get("/pin-sets/{number}", operation_id="getPinSet")
def get(call: OwnCall, number: Number) -> Answer[PinSetInfo]:
    return answer(call, PinSetInfo.of(call.app.catalogue.history.get(call.account, number)))


@router.post("/pin-sets", operation_id="pinImages", openapi_extra=takes(PinBody))
def pin(
    call: OwnCall, scope: OwnScope, slow: Slow, body: Annotated[PinBody, Depends(json_body(PinBody))]
) -> Answer[PinSetInfo]:
    """Pins images of the account, or of one organization or project before all others (a canary).

    Refused when an image is not where runs would pull it, or nobody can tell; ``force`` pins without asking.
    """
    changes = call.app.catalogue.checked([PinChange(each.infra, each.field, each.value) for each in body.pins])
    if body.force and not body.reason.strip():
        raise InvalidFieldsError((FieldProblem("reason", "is required with force"),), hint="say why it has to be")
    if not body.force:
        refuse_absent(call, slow, scope, body, changes)
    because = _because(call, body, changes)
    made = call.app.catalogue.pin(scope, changes, because, by=call.actor)
    warnings = [warning_about(each.field, each.value) for each in changes if each.value is not None]
    return answer(call, PinSetInfo.of(made), [warning for warning in warnings if warning is not None])


def _because(call: Call, body: PinBody, changes: Sequence[PinChange]) -> Because:
    """Where pins only go, nothing was looked for."""
    if all(each.value is None for each in changes):
        return Because(PinSetCause.RESET, call.principal.name, body.reason.strip())
    done = Preflight.FORCED if body.force else Preflight.PASSED
    return Because(PinSetCause.UPDATE, call.principal.name, body.reason.strip(), done)


@router.post("/pin-sets/rollback", operation_id="rollBackPins", openapi_extra=takes(RollbackBody))
def roll_back(
    call: OwnCall, scope: OwnScope, body: Annotated[RollbackBody, Depends(json_body(RollbackBody))]
) -> Answer[PinSetInfo]:
    """Pins again exactly what a former set had pinned. That is a new set, and asks no registry."""
    history = call.app.catalogue.history
    made = history.roll_back(scope, body.number, call.principal.name, body.reason.strip(), by=call.actor)
    return answer(call, PinSetInfo.of(made))


@router.post("/pin-sets/promote", operation_id="promoteCanary", openapi_extra=takes(PromoteBody))
def promote(
    call: OwnCall, scope: OwnScope, body: Annotated[PromoteBody, Depends(json_body(PromoteBody))]
) -> Answer[PinSetInfo]:
    """The pins of that organization or project become the account's, and its canary ends."""
    made = call.app.catalogue.history.promote(scope, call.principal.name, body.reason.strip(), by=call.actor)
    return answer(call, PinSetInfo.of(made))


@router.get("/canaries", operation_id="listCanaries")
def canaries(call: OwnCall) -> Answer[Canaries]:
    """Every pin of an organization or project."""
    found = call.app.catalogue.canaries(call.account)
    return answer(call, Canaries(pins=[CanaryPin.of(pin) for pin in found]))


@router.post("/preflight", operation_id="preflightImages", openapi_extra=takes(PreflightBody))
def preflight(
    call: OwnCall, scope: OwnScope, slow: Slow, body: Annotated[PreflightBody, Depends(json_body(PreflightBody))]
) -> Answer[PreflightInfo]:
    """Whether images are at a connector, with the digests of their source. Changes nothing."""
    infras = some_infras(body.infra.value if body.infra else "")
    wanted = [each.wanted() for each in body.pins if each.value is not None] or effective_images(call, scope, infras)
    return answer(call, PreflightInfo.of(run_preflight(call, slow, scope, body, wanted)))
