"""Delegate tokens on the wire (harness-api §4.7)."""

from datetime import UTC, datetime
from typing import Self

from pydantic import Field

from pierhead.control.delegates import DelegateToken
from pierhead.control.scopes import Scope
from pierhead.kit.clock import to_epoch_ms
from pierhead.kit.redact import SecretValue

from .common import Received, Wire

MAX_EPOCH_MS = 253_402_300_799_000  # the year 9999


class CreatorInfo(Wire):
    """Who made it. Terraform reads ``name`` without looking whether there is a creator, so there always is one."""

    type: str
    name: str
    email: str | None = None
    username: str
    account_id: str
    jwtclaims: dict[str, str] = Field(default_factory=dict)


class DelegateTokenItem(Wire):
    """Times in milliseconds; ``revokeAfter`` 0 means never. ``value`` is base64, null for who may not see it."""

    uuid: str
    account_id: str
    name: str
    created_by: None = None
    created_by_ng_user: CreatorInfo
    created_at: int
    status: str
    value: str | None
    owner_identifier: str | None
    parent_unique_id: None = None
    revoke_after: int

    @classmethod
    def of(cls, token: DelegateToken, value: SecretValue | None) -> Self:
        account = token.scope.account
        return cls(
            uuid=token.id,
            account_id=account,
            name=token.name,
            created_by_ng_user=CreatorInfo(
                type=token.created_by_type, name=token.created_by, username=token.created_by, account_id=account
            ),
            created_at=to_epoch_ms(token.created_at),
            status=token.status,
            value=value.reveal() if value is not None else None,
            owner_identifier=owner_of(token.scope),
            revoke_after=to_epoch_ms(token.revoke_after) if token.revoke_after else 0,
        )


class TokenBody(Received):
    """What one client sends instead of the query."""

    name: str | None = None
    token_name: str | None = None


def owner_of(scope: Scope) -> str | None:
    """``org`` or ``org/project``; null at account level."""
    return "/".join(part for part in (scope.org, scope.project) if part) or None


def moment_of(epoch_ms: int) -> datetime | None:
    """None for 0, which is how clients say that there is none."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC) if epoch_ms else None
