"""People, service accounts, keys and tokens as clients see them (harness-api §6.4), for answers and the audit trail.

Nothing here holds a secret or its hash.
"""

from datetime import datetime

from pierhead.control.scopes import Scope
from pierhead.kit.clock import to_epoch_ms

from .model import ApiKey, PrincipalRef, ServiceAccount, Token, User

Json = dict[str, object]


def user_document(user: User) -> Json:
    return {"uuid": user.id, "name": user.name, "email": user.email, "disabled": user.is_disabled}


def service_account_document(account: ServiceAccount) -> Json:
    return {
        "identifier": account.identifier,
        "name": account.name,
        "email": account.email,
        "description": account.description,
        "tags": dict(account.tags),
        **_place(account.scope),
    }


def api_key_document(key: ApiKey) -> Json:
    return {
        "identifier": key.identifier,
        "name": key.name,
        "description": key.description,
        "tags": dict(key.tags),
        **_owner(key.owner),
        "defaultTimeToExpireToken": key.default_expiry_ms,
    }


def token_document(token: Token, now: datetime) -> Json:
    return {
        "identifier": token.identifier,
        "name": token.name,
        "description": token.description,
        "tags": dict(token.tags),
        **_owner(token.owner),
        "apiKeyIdentifier": token.api_key,
        "validFrom": to_epoch_ms(token.valid_from),
        "validTo": _ms(token.expires_at),
        "valid": token.is_live(now),
        "revokedAt": _ms(token.revoked_at),
        "scheduledExpireTime": _ms(token.old_until),
    }


def _owner(owner: PrincipalRef) -> Json:
    return {"apiKeyType": str(owner.type), "parentIdentifier": owner.identifier, **_place(owner.scope)}


def _place(scope: Scope) -> Json:
    return {
        "accountIdentifier": scope.account,
        "orgIdentifier": scope.org,
        "projectIdentifier": scope.project,
    }


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_epoch_ms(moment)
