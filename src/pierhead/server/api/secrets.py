"""Encrypted text secrets over HTTP (harness-api §2.1). No route gives an Inline value back."""

from typing import Annotated

from fastapi import APIRouter, Depends

from pierhead.control.connectors import ForceDeleteError
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretChangeError, check_same_scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .openapi import takes
from .params import ForceDelete, ReferenceScope, SearchTerm, page_of
from .wire.secrets import SecretBody, SecretFilterBody, SecretItem

router = APIRouter(prefix="/ng/api/v2/secrets", tags=["secrets"], dependencies=[Depends(reference_caller)])

Sent = Annotated[SecretBody, Depends(json_body(SecretBody))]
Filter = Annotated[SecretFilterBody | None, Depends(json_body(SecretFilterBody, is_optional=True))]
PageOfSecrets = Annotated[PageRequest, Depends(page_of(100, 1000))]
_FILTER = takes(SecretFilterBody, is_required=False)


@router.post("", operation_id="createSecret", openapi_extra=takes(SecretBody))
def create(call: ReferenceCall, scope: ReferenceScope, body: Sent) -> Answer[SecretItem]:
    """Stores an encrypted text. Query and body both name the scope, and must agree."""
    check_same_scope(body.scope(call.account), scope)
    return answer(call, SecretItem.of(call.app.secrets.create(body.draft(call.account))))


@router.get("", operation_id="listSecrets")
def list_plain(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfSecrets, search: SearchTerm = ""
) -> Answer[PageData[SecretItem]]:
    """Secrets of one scope, newest first."""
    return _page(call, scope, page, search)


@router.post("/list", operation_id="listSecretsByFilter", openapi_extra=_FILTER)
def list_filtered(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfSecrets, body: Filter, search: SearchTerm = ""
) -> Answer[PageData[SecretItem]]:
    return _page(call, scope, page, search or (body.search_term if body else None) or "")


@router.post("/list/secrets", operation_id="listSecretsByFilterV2", openapi_extra=_FILTER)
def list_filtered_again(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfSecrets, body: Filter, search: SearchTerm = ""
) -> Answer[PageData[SecretItem]]:
    """The same at the path that newer clients use."""
    return list_filtered(call, scope, page, body, search)


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
    return answer(call, SecretItem.of(call.app.secrets.update(draft)))


@router.delete("/{identifier}", operation_id="deleteSecret")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str, force: ForceDelete = False) -> Answer[bool]:
    if force:
        raise ForceDeleteError(call.account)
    call.app.secrets.delete(scope, identifier)
    return answer(call, True)


def _page(call: Call, scope: Scope, page: PageRequest, search: str) -> Answer[PageData[SecretItem]]:
    call.visible(scope)
    return answer(call, page_data(call.app.secrets.list(scope, page, search), SecretItem.of))
