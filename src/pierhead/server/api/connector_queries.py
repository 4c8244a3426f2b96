"""Connectors by full name, counted, and the values of form fields (harness-api §1.1)."""

from collections import Counter
from itertools import count
from typing import Annotated, Literal

from fastapi import Depends, Query

from pierhead.control.access import Permission
from pierhead.control.connectors import (
    CONNECTOR_TYPE,
    ConnectivityStatus,
    ConnectorFilter,
    CredentialExchange,
    ProviderType,
)
from pierhead.control.scopes import Scope
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import ReferenceCall, reference_caller

from .answers import Answer, answer
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope
from .setup_usage import of_full_name
from .wire.connectors import ConnectorItem
from .wire.uses import ConnectorStatistics, FieldValues, StatusCount, TypeCount

router = LateRouter(prefix="/ng/api/connectors", tags=["connectors"], dependencies=[Depends(reference_caller)])

MAX_NAMES = 1000
_BATCH = 1000
Names = Annotated[list[str], Depends(json_body(list[str]))]


class TooManyNamesError(InvalidInputError):
    code = "too-many-names"

    def __init__(self) -> None:
        super().__init__(f"The FQNs of the connectors should be less than or equal to {MAX_NAMES}.")


@router.post("/listbyfqn", operation_id="listConnectorsByName", openapi_extra=takes(list[str]))
def list_by_full_name(call: ReferenceCall, names: Names) -> Answer[list[ConnectorItem]]:
    """Those of the named connectors that are there and that the caller may see, in the order of the names; a name is
    ``account/identifier``, ``account/org/identifier`` or ``account/org/project/identifier``."""
    if len(names) > MAX_NAMES:
        raise TooManyNamesError
    call.visible(Scope(call.account))
    places = [of_full_name(call.account, name) for name in dict.fromkeys(names)]
    wanted = [place for place in places if call.may(Permission.CONNECTOR_VIEW, *place)]
    return answer(call, [ConnectorItem.of(found) for found in call.app.connectors.find_all(wanted)])


@router.get("/stats", operation_id="getConnectorStatistics")
def statistics(call: ReferenceCall, scope: ReferenceScope) -> Answer[ConnectorStatistics]:
    """How many connectors of the scope there are that the caller may see, by type and by what their last test said."""
    wanted = ConnectorFilter(visible=((scope, call.visible(scope)),))
    counts: Counter[ConnectivityStatus] = Counter()
    for page in count():
        found = call.app.connectors.list(scope, wanted, PageRequest(page, _BATCH)).items
        counts.update(each.status.status if each.status else ConnectivityStatus.UNKNOWN for each in found)
        if len(found) < _BATCH:
            break
    total = counts.total()
    types = [TypeCount(type=CONNECTOR_TYPE, count=total)] if total else []
    statuses = [StatusCount(status=status, count=counts[status]) for status in sorted(counts)]
    return answer(call, ConnectorStatistics(type_stats=types, status_stats=statuses))


@router.get("/fieldValues", operation_id="getConnectorFieldValues")
def field_values(
    call: ReferenceCall, _: Annotated[Literal["DockerRegistry"], Query(alias="connectorType")]
) -> Answer[FieldValues]:
    """What the fields of a connector that are a choice can be, by their name in ``spec``."""
    values = {
        "providerType": [provider.value for provider in ProviderType],
        "auth.type": ["UsernamePassword", "Anonymous"],
        "credentialHelper": [helper.value for helper in CredentialExchange],
    }
    return answer(call, FieldValues(field_values=values))
