"""What a list of secrets shall hold: by the query as older clients say it, or by the body as newer ones do."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from pierhead.control.access import Permission
from pierhead.control.scopes import Scope
from pierhead.control.secrets import TEXT_TYPE, Secret
from pierhead.kit.paging import Page, PageRequest
from pierhead.server.auth import Call

from .wire.secrets import SecretFilterBody

Texts = Annotated[list[str] | None, Query(max_length=1000)]


@dataclass(frozen=True, slots=True)
class SecretsAsked:
    """A dependency: the filter in the query."""

    type: Annotated[str | None, Query(max_length=128)] = None
    types: Texts = None
    identifiers: Texts = None
    below: Annotated[bool, Query(alias="includeSecretsFromEverySubScope")] = False
    above: Annotated[bool, Query(alias="includeAllSecretsAccessibleAtScope")] = False


def listed(
    call: Call, scope: Scope, page: PageRequest, search: str, asked: SecretsAsked, body: SecretFilterBody | None = None
) -> Page[Secret]:
    """Newest first; only those that the caller may see. What query and body both say counts twice."""
    visible = call.visible(scope)
    body = body or SecretFilterBody()
    search = search or body.search_term or ""
    types = [*(asked.types or []), *(body.secret_types or []), *([asked.type] if asked.type else [])]
    if types and TEXT_TYPE not in types:
        return Page((), 0, page)
    named = frozenset([*(asked.identifiers or []), *(body.identifiers or [])])
    below = asked.below or body.include_secrets_from_every_sub_scope
    above = asked.above or body.include_all_secrets_accessible_at_scope
    if not below and not above:
        return call.app.secrets.list(scope, page, search, only=_both(visible, named))
    found = [
        secret
        for secret in call.app.secrets.around(scope, search, above=above, below=below)
        if (not named or secret.identifier in named)
        and call.may(Permission.SECRET_VIEW, secret.scope, secret.identifier)
    ]
    return Page(tuple(found[page.offset : page.offset + page.size]), len(found), page)


def _both(visible: frozenset[str] | None, named: frozenset[str]) -> frozenset[str] | None:
    if not named:
        return visible
    return named if visible is None else visible & named
