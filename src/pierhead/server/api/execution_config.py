"""The account's image versions over HTTP: defaults, overrides, resets (harness-api §3)."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.catalogue import Infra, PinChange, warning_about
from pierhead.control.scopes import Scope
from pierhead.server.auth import ReferenceCall, reference_caller

from .answers import Answer, answer
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import infra_of
from .preflights import refuse_absent
from .slow_calls import Slow
from .wire.execution_config import DeprecatedImage, FieldNames, FieldValues
from .wire.preflight import PreflightWay

router = LateRouter(prefix="/ci/execution-config", tags=["execution-config"], dependencies=[Depends(reference_caller)])

OfInfra = Annotated[Infra, Depends(infra_of)]
Values = Annotated[FieldValues, Depends(json_body(FieldValues))]
Names = Annotated[FieldNames, Depends(json_body(FieldNames))]
OverridesOnly = Annotated[bool, Query(alias="overridesOnly")]


@router.get("/get-default-config", operation_id="getDefaultConfig")
def get_default(call: ReferenceCall, infra: OfInfra) -> Answer[dict[str, str]]:
    """Every image field and its image, as it is without overrides."""
    return answer(call, dict(call.app.catalogue.default_config(infra)))


@router.get("/get-customer-config", operation_id="getCustomerConfig")
def get_customer(call: ReferenceCall, infra: OfInfra, overrides_only: OverridesOnly = True) -> Answer[dict[str, str]]:
    """The account's overrides, or with ``overridesOnly=false`` every field with the overrides laid over."""
    config = call.app.catalogue.customer_config(call.account, infra, overrides_only)
    return answer(call, dict(config))


@router.post("/update-config", operation_id="updateConfig", openapi_extra=takes(FieldValues))
def update(call: ReferenceCall, infra: OfInfra, body: Values, slow: Slow) -> Answer[bool]:
    """Overrides some fields; a value of null drops the override. All of the list is taken, or none."""
    values = [(item.field, item.value) for item in body.root]
    if call.app.settings.enforces_preflight:
        changes = call.app.catalogue.checked([PinChange(infra, field, value) for field, value in values])
        refuse_absent(call, slow, Scope(call.account), PreflightWay(), changes)
    call.app.catalogue.update_config(call.account, infra, values, call.principal.name, by=call.actor)
    warnings = [warning_about(field, value.strip()) for field, value in values if value is not None]
    return answer(call, True, [warning for warning in warnings if warning is not None])


@router.post("/reset-config", operation_id="resetConfig", openapi_extra=takes(FieldNames))
def reset(call: ReferenceCall, infra: OfInfra, body: Names) -> Answer[bool]:
    """Drops the overrides of some fields; one that has none is passed over."""
    call.app.catalogue.reset_config(call.account, infra, [item.field for item in body.root], by=call.actor)
    return answer(call, True)


@router.get("", operation_id="listDeprecatedConfig", deprecated=True)
def list_deprecated(call: ReferenceCall) -> Answer[list[DeprecatedImage]]:
    """Overrides of the core images that are too old, in the older form."""
    found = call.app.catalogue.deprecated_config(call.account)
    return answer(
        call, [DeprecatedImage(tag=_OLD_NAMES.get(pin.field, pin.field), version=pin.version) for pin in found]
    )


@router.get("/get-deprecated-config", operation_id="getDeprecatedConfig")
def get_deprecated(call: ReferenceCall) -> Answer[dict[str, str]]:
    """Overrides of the core images that are too old: a warning, builds go on."""
    found = call.app.catalogue.deprecated_config(call.account)
    return answer(call, {pin.field: pin.image for pin in found})


@router.delete("", operation_id="deleteConfig")
def delete(call: ReferenceCall) -> Answer[bool]:
    """Drops every override of the account, on every infrastructure."""
    call.app.catalogue.reset_all(call.account, by=call.actor)
    return answer(call, True)


_OLD_NAMES = {"addonTag": "AddonImage", "liteEngineTag": "LiteEngineImage"}
