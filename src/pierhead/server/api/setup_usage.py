"""Who refers to a connector or a secret, as far as the caller may see those that refer (harness-api §1.1)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import Permission
from pierhead.control.connectors import ConnectorMissingError, Use, uses_of_connector
from pierhead.control.scopes import ResourceType, Scope
from pierhead.control.secrets import SecretMissingError
from pierhead.kit.errors import AppError, InvalidInputError
from pierhead.kit.paging import Page, PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .late_routes import LateRouter
from .params import ReferenceScope, SearchTerm, page_of
from .wire.uses import EntityDetail, EntityUse

router = LateRouter(prefix="/ng/api/entitySetupUsage", tags=["uses"], dependencies=[Depends(reference_caller)])


class EntityType(StrEnum):
    CONNECTORS = "Connectors"
    SECRETS = "Secrets"


class FullNameError(InvalidInputError):
    code = "full-name-invalid"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:200]!r} is not the full name of something in this account",
            hint="write it as account/identifier, account/org/identifier or account/org/project/identifier",
        )


PageOfUses = Annotated[PageRequest, Depends(page_of(100, 1000))]


@router.get("", operation_id="listEntityUses")
def list_uses(
    call: ReferenceCall,
    scope: ReferenceScope,
    page: PageOfUses,
    entity_type: Annotated[EntityType, Query(alias="entityType")] = EntityType.CONNECTORS,
    entity_identifier: Annotated[str, Query(alias="entityIdentifier", max_length=128)] = "",
    identifier: Annotated[str, Query(max_length=128)] = "",
    search: SearchTerm = "",
) -> Answer[PageData[EntityUse]]:
    """``identifier`` is what older clients call ``entityIdentifier``."""
    return _answer(call, entity_type, scope, entity_identifier or identifier, page, search)


@router.get("/v2", operation_id="listEntityUsesByName")
def list_uses_by_name(
    call: ReferenceCall,
    page: PageOfUses,
    name: Annotated[str, Query(alias="referredEntityFQN", max_length=600)],
    entity_type: Annotated[EntityType, Query(alias="referredEntityType")] = EntityType.CONNECTORS,
    search: SearchTerm = "",
) -> Answer[PageData[EntityUse]]:
    """The same by full name."""
    scope, identifier = of_full_name(call.account, name)
    return _answer(call, entity_type, scope, identifier, page, search)


def of_full_name(account: str, name: str) -> tuple[Scope, str]:
    """Scope and identifier of ``account[/org[/project]]/identifier``. Raises FullNameError."""
    parts = name.split("/")
    if not 2 <= len(parts) <= 4 or not all(parts) or parts[0] != account:
        raise FullNameError(name)
    return Scope(*parts[:-1]), parts[-1]


def _answer(
    call: Call, entity_type: EntityType, scope: Scope, identifier: str, page: PageRequest, search: str
) -> Answer[PageData[EntityUse]]:
    referred, uses = _USES[entity_type](call, scope, identifier)
    wanted = search.casefold()
    found = [use for use in uses if wanted in use.name.casefold() or wanted in use.identifier.casefold()]
    some = Page(tuple(found[page.offset : page.offset + page.size]), len(found), page)
    return answer(call, page_data(some, lambda use: EntityUse.of(referred, use)))


def _of_connector(call: Call, scope: Scope, identifier: str) -> tuple[EntityDetail, Iterable[Use]]:
    _authorise(call, Permission.CONNECTOR_VIEW, scope, identifier, ConnectorMissingError(scope, identifier))
    connector = call.app.connectors.get(scope, identifier)
    referred = EntityDetail.of(ResourceType.CONNECTOR, scope, identifier, connector.name)
    return referred, uses_of_connector(connector)


def _of_secret(call: Call, scope: Scope, identifier: str) -> tuple[EntityDetail, Iterable[Use]]:
    _authorise(call, Permission.SECRET_VIEW, scope, identifier, SecretMissingError(identifier))
    secret = call.app.secrets.get(scope, identifier)
    referred = EntityDetail.of(ResourceType.SECRET, scope, identifier, secret.name)
    uses = call.app.connectors.uses_of_secret(scope, identifier)
    return referred, [use for use in uses if call.may(Permission.CONNECTOR_VIEW, use.scope, use.identifier)]


def _authorise(call: Call, permission: Permission, scope: Scope, identifier: str, absent: AppError) -> None:
    """Who may not see it learns nothing, not even that it is there."""
    call.visible(scope)
    if not call.may(permission, scope, identifier):
        raise absent


_USES = {EntityType.CONNECTORS: _of_connector, EntityType.SECRETS: _of_secret}
