"""API keys and tokens on the wire (harness-api §6.4). A token's text goes out once, as the answer to its making."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from pierhead.control.access import (
    ApiKey,
    ApiKeyDraft,
    PrincipalRef,
    Token,
    TokenAddress,
    TokenDraft,
    api_key_document,
    token_document,
)
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.clock import to_epoch_ms

from .common import Identifier, Name, OptionalText, Received, Tags, Wire
from .delegate_tokens import MAX_EPOCH_MS, moment_of

ApiKeyType = Literal["USER", "SERVICE_ACCOUNT"]
EpochMs = Annotated[int, Field(ge=0, le=MAX_EPOCH_MS)]
LONGEST_PARENT = 128


class Owned(Received):
    """Whose it is: clients say it in the body."""

    api_key_type: ApiKeyType
    parent_identifier: Annotated[str, Field(max_length=LONGEST_PARENT)] = ""
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None

    def owner(self, caller: PrincipalRef) -> PrincipalRef:
        return owner_of(caller, self.api_key_type, self.parent_identifier, self.org_identifier, self.project_identifier)


class ApiKeyIn(Owned):
    identifier: Identifier
    name: Name
    default_time_to_expire_token: EpochMs | None = None
    description: str | None = None
    tags: Tags = Field(default_factory=dict)

    def draft(self, owner: PrincipalRef) -> ApiKeyDraft:
        default = self.default_time_to_expire_token or None
        return ApiKeyDraft(owner, self.identifier, self.name, default, self.description or "", self.tags)


class TokenIn(Owned):
    """``valid`` and the like, which clients send back as they read them, are not theirs to say."""

    identifier: Identifier
    name: Name
    api_key_identifier: Identifier
    valid_from: EpochMs | None = None
    valid_to: EpochMs | None = None
    description: str | None = None
    tags: Tags = Field(default_factory=dict)

    def draft(self, owner: PrincipalRef) -> TokenDraft:
        return TokenDraft(
            TokenAddress(owner, self.api_key_identifier, self.identifier),
            self.name,
            moment_of(self.valid_from or 0),
            moment_of(self.valid_to or 0),
            self.description or "",
            self.tags,
        )


class OwnedOut(Wire):
    identifier: str
    name: str
    description: str
    tags: dict[str, str]
    api_key_type: str
    parent_identifier: str
    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None


class ApiKeyOut(OwnedOut):
    default_time_to_expire_token: int | None
    governance_metadata: None = None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        return cls.model_validate(api_key_document(key))


class ApiKeyAggregate(Wire):
    api_key: ApiKeyOut
    created_at: int
    last_modified_at: int
    tokens_count: int

    @classmethod
    def of(cls, key: ApiKey, tokens: int) -> Self:
        return cls(
            api_key=ApiKeyOut.of(key),
            created_at=to_epoch_ms(key.created_at),
            last_modified_at=to_epoch_ms(key.last_modified_at),
            tokens_count=tokens,
        )


class TokenOut(OwnedOut):
    """Times in milliseconds. ``scheduledExpireTime``: until when the secret before a rotation is good."""

    api_key_identifier: str
    valid_from: int
    valid_to: int | None
    scheduled_expire_time: int | None
    revoked_at: int | None
    valid: bool
    email: None = None
    username: None = None
    encoded_password: None = None
    governance_metadata: None = None

    @classmethod
    def of(cls, token: Token, now: datetime) -> Self:
        return cls.model_validate(token_document(token, now))


class TokenAggregate(Wire):
    token: TokenOut
    expiry_at: int | None
    created_at: int
    last_modified_at: int

    @classmethod
    def of(cls, token: Token, now: datetime) -> Self:
        made, out = to_epoch_ms(token.created_at), TokenOut.of(token, now)
        return cls(token=out, expiry_at=out.valid_to, created_at=made, last_modified_at=max(made, out.valid_from))


def owner_of(caller: PrincipalRef, kind: str, parent: str, org: str | None, project: str | None) -> PrincipalRef:
    """People live in the account, whatever else is said; without an id the caller himself is meant."""
    account = caller.scope.account
    if kind == PrincipalType.USER:
        mine = caller.identifier if caller.type is PrincipalType.USER else ""
        return PrincipalRef(PrincipalType.USER, Scope(account), parent or mine)
    return PrincipalRef(PrincipalType.SERVICE_ACCOUNT, Scope(account, org, project), parent)
