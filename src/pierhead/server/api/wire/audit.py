"""Audit events and filters on the wire (harness-api §6.5)."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self, TypeVar

from pydantic import Field

from pierhead.control.access import Token
from pierhead.control.audit import Action, AuditFilter, Document, PrincipalType, Record
from pierhead.control.scopes import Area, ResourceType, Scope
from pierhead.kit.clock import to_epoch_ms

from .common import OptionalText, Received, Wire
from .delegate_tokens import MAX_EPOCH_MS

MODULE = "CORE"
_MOST = 200
E = TypeVar("E", bound=StrEnum)
Words = Annotated[list[str] | None, Field(max_length=_MOST)]
Moment = Annotated[int | None, Field(ge=0, le=MAX_EPOCH_MS)]


class ScopeBody(Received):
    """The account is the request's; another one finds nothing."""

    account_identifier: OptionalText = None
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None


class ResourceBody(Received):
    type: OptionalText = None
    identifier: OptionalText = None


class PrincipalBody(Received):
    type: OptionalText = None
    identifier: OptionalText = None


class AuditFilterBody(Received):
    """What is given restricts; a word that is not known here finds nothing. ``people`` is our own: by identifier, name
    or email, where ``principals`` is by identifier alone."""

    scopes: Annotated[list[ScopeBody] | None, Field(max_length=_MOST)] = None
    resources: Annotated[list[ResourceBody] | None, Field(max_length=_MOST)] = None
    modules: Words = None
    actions: Words = None
    environments: Annotated[list[dict[str, object]] | None, Field(max_length=_MOST)] = None
    principals: Annotated[list[PrincipalBody] | None, Field(max_length=_MOST)] = None
    people: Words = None
    static_filter: OptionalText = None
    start_time: Moment = None
    end_time: Moment = None
    search_term: Annotated[str, Field(max_length=1000)] | None = None
    filter_type: OptionalText = None

    def scopes_in(self, account: str, default: Scope) -> tuple[Scope, ...]:
        """Those that are asked about. Raises InvalidInputError for a project without an organization."""
        return tuple(
            Scope(account, each.org_identifier, each.project_identifier)
            for each in self.scopes or ()
            if each.account_identifier in (None, account)
        ) or (() if self.scopes else (default,))

    def value(self, areas: tuple[Area, ...], people: tuple[str, ...] = ()) -> AuditFilter:
        """``people``: those asked for, by identifier or name."""
        actions = _known(Action, self.actions)
        resources = tuple(
            (kind, each.identifier or "")
            for each in self.resources or ()
            for kind in (ResourceType if each.type is None else _known(ResourceType, [each.type]))
        )
        # What no event has: a list that asks for nothing but that finds nothing, not everything.
        is_hopeless = (
            (self.actions and not actions)
            or (self.resources and not resources)
            or (self.modules and MODULE not in self.modules)
            or bool(self.environments)
        )
        return AuditFilter(
            areas=() if is_hopeless else areas,
            resources=resources,
            actions=actions,
            principals=tuple(each.identifier for each in self.principals or () if each.identifier),
            people=people,
            since=_moment(self.start_time),
            until=_moment(self.end_time),
            search=self.search_term or "",
        )


class AuditScope(Wire):
    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None


class RequestMetadata(Wire):
    client_ip: str | None = Field(alias="clientIP")


class HttpRequestInfo(Wire):
    request_id: str | None


class AuditPrincipal(Wire):
    type: PrincipalType
    identifier: str


class AuthenticationInfo(Wire):
    """``labels`` have the name of whoever it was, and the id of the key or session that was used."""

    principal: AuditPrincipal
    labels: dict[str, str]


class AuditResource(Wire):
    type: ResourceType
    identifier: str
    labels: dict[str, str]


class AuditEvent(Wire):
    """``insertId`` is its place in the chain, ``seal`` what it is sealed with."""

    audit_id: str
    insert_id: str
    resource_scope: AuditScope
    http_request_info: HttpRequestInfo
    request_metadata: RequestMetadata
    timestamp: int
    authentication_info: AuthenticationInfo
    module: str = MODULE
    resource: AuditResource
    action: Action
    seal: str

    @classmethod
    def of(cls, record: Record) -> Self:
        entry, by, subject = record.entry, record.entry.by, record.entry.subject
        labels = {"username": by.name, "credential": by.credential}
        return cls(
            audit_id=entry.id,
            insert_id=str(record.sequence),
            resource_scope=AuditScope(
                account_identifier=subject.scope.account,
                org_identifier=subject.scope.org,
                project_identifier=subject.scope.project,
            ),
            http_request_info=HttpRequestInfo(request_id=by.request_id or None),
            request_metadata=RequestMetadata(clientIP=by.address or None),
            timestamp=to_epoch_ms(entry.at),
            authentication_info=AuthenticationInfo(
                principal=AuditPrincipal(type=by.type, identifier=by.identifier),
                labels={name: value for name, value in labels.items() if value},
            ),
            resource=AuditResource(
                type=subject.type,
                identifier=subject.identifier,
                labels={"resourceName": subject.name} if subject.name else {},
            ),
            action=entry.action,
            seal=record.seal.hex(),
        )


class AuditKey(Wire):
    """The token that was shown, as it is called now."""

    identifier: str
    api_key_identifier: str


class AuditYaml(Wire):
    """Empty where there was nothing. ``event`` and ``key`` are our own; there is no ``key`` for a browser session, nor
    for a token that was deleted."""

    old_yaml: str
    new_yaml: str
    event: AuditEvent
    key: AuditKey | None

    @classmethod
    def of(cls, record: Record, token: Token | None) -> Self:
        return cls(
            old_yaml=_yaml(record.entry.before),
            new_yaml=_yaml(record.entry.after),
            event=AuditEvent.of(record),
            key=None if token is None else AuditKey(identifier=token.identifier, api_key_identifier=token.api_key),
        )


class AuditVerdict(Wire):
    """``brokenAt`` is the first record that is not as it was written; ``seal`` that of the last one."""

    intact: bool
    records: int | None = None
    seal: str | None = None
    broken_at: int | None = None
    problem: str | None = None


def _known(kind: type[E], words: list[str] | None) -> tuple[E, ...]:
    return tuple(kind(word) for word in words or () if word in kind._value2member_map_)


def _moment(epoch_ms: int | None) -> datetime | None:
    return None if not epoch_ms else datetime.fromtimestamp(epoch_ms / 1000, UTC)


def _yaml(document: Document | None) -> str:
    import yaml

    if document is None:
        return ""
    text: str = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=False)
    return text
