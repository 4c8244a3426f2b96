"""Encrypted text secrets over HTTP (harness-api §2.1). No route gives an Inline value back."""

from typing import Annotated

from fastapi import Depends

from pierhead.control.access import Permission
from pierhead.control.connectors import ForceDeleteError
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretChangeError, SecretInUseError, check_same_scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import ForceDelete, ReferenceScope, SearchTerm, page_of
from .secret_lists import SecretsAsked, listed
from .wire.secrets import SecretBody, SecretFilterBody, SecretItem

router = LateRouter(prefix="/ng/api/v2/secrets", tags=["secrets"], dependencies=[Depends(reference_caller)])

Sent = Annotated[SecretBody, Depends(json_body(SecretBody))]
Filter = Annotated[SecretFilterBody | None, Depends(json_body(SecretFilterBody, is_optional=True))]
Asked = Annotated[SecretsAsked, Depends(SecretsAsked)]
PageOfSecrets = Annotated[PageRequest, Depends(page_of(100, 1000))]
_FILTER = takes(SecretFilterBody, is_required=False)


@router.post("", operation_id="createSecret", openapi_extra=takes(SecretBody))
def create(call: ReferenceCall, scope: ReferenceScope, body: Sent) -> Answer[SecretItem]:
    """Stores an encrypted text. Query and body both name the scope, and must agree."""
    check_same_scope(body.scope(call.account), scope)
    return answer(call, SecretItem.of(call.app.secrets.create(body.draft(call.account), by=call.actor)))


@router.get("", operation_id="listSecrets")
def list_plain(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfSecrets, asked: Asked, search: SearchTerm = ""
) -> Answer[PageData[SecretItem]]:
    """Secrets of one scope and, when asked for, of those below and above it, newest first."""
    return answer(call, page_data(listed(call, scope, page, search, asked), SecretItem.of))


@router.post("/list", operation_id="listSecretsByFilter", openapi_extra=_FILTER)
def list_filtered(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfSecrets, body: Filter, asked: Asked, search: SearchTerm = ""
) -> Answer[PageData[SecretItem]]:
    return answer(call, page_data(listed(call, scope, page, search, asked, body), SecretItem.of))


@router.post("/list/secrets", operation_id="listSecretsByFilterV2", openapi_extra=_FILTER)
def list_filtered_again(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfSecrets, body: Filter, asked: Asked, search: SearchTerm = ""
) -> Answer[PageData[SecretItem]]:
    """The same at the path that newer clients use."""
    return list_filtered(call, scope, page, body, asked, search)


@router.get("/validateUniqueIdentifier/{identifier}", operation_id="validateSecretIdentifier")
def is_identifier_free(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[bool]:
    return answer(call, call.app.secrets.validate_unique(scope, identifier))


@router.get("/{identifier}", operation_id="getSecret")
def get(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[SecretItem]:
    return answer(call, SecretItem.of(call.app.secrets.get(scope, identifier)))


@router.put("/{identifier}", operation_id="updateSecret", openapi_extra=takes(SecretBody))
def update(call: ReferenceCall, scope: ReferenceScope, identifier: str, body: Sent) -> Answer[SecretItem]:
    """Replaces name, description, tags and, when one is sent, the value."""
    draft = body.draft(call.account)
    if (draft.identifier, draft.scope) != (identifier, scope):
        raise SecretChangeError
    return answer(call, SecretItem.of(call.app.secrets.update(draft, by=call.actor)))


@router.delete("/{identifier}", operation_id="deleteSecret")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str, force: ForceDelete = False) -> Answer[bool]:
    """Refused while connectors refer to it; ``forceDelete`` is for those who may edit the account."""
    if force and not call.may(Permission.ACCOUNT_EDIT, Scope(call.account)):
        raise ForceDeleteError(call.account)
    try:
        call.app.secrets.delete(scope, identifier, force=force, by=call.actor)
    except SecretInUseError as error:
        seen = tuple(user for user in error.users if call.may(Permission.CONNECTOR_VIEW, *user))
        raise SecretInUseError(identifier, seen, len(error.users) - len(seen)) from None
    return answer(call, True)
