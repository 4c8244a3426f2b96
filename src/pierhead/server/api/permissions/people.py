"""Users, service accounts, API keys and tokens."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.control.access import PrincipalNotFoundError
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.server.api.rules import ANY, Rule, account, later, listed, scoped


def _no_user(_: Scope, identifier: str) -> AppError:
    return PrincipalNotFoundError("user", identifier)


def _no_service_account(place: Scope, identifier: str) -> AppError:
    return PrincipalNotFoundError("service account", identifier, place)


# Whose key it is decides what is asked: see key_owners. This is what is asked for those of a service account.
_KEYS = later(P.SERVICE_ACCOUNT_MANAGE_API_KEY, _no_service_account)

RULES: Mapping[str, Rule] = {
    "listUsers": listed(P.USER_VIEW),
    "createUser": account(P.USER_INVITE),
    "getUser": later(P.USER_VIEW, _no_user),
    "updateUser": later(P.USER_MANAGE, _no_user),
    "disableUser": later(P.USER_MANAGE, _no_user),
    "enableUser": later(P.USER_MANAGE, _no_user),
    "deleteUser": later(P.USER_MANAGE, _no_user),
    "getCurrentUser": ANY,
    "listUserAggregates": listed(P.USER_VIEW),
    "getUserAggregate": later(P.USER_VIEW, _no_user),
    "updateUserInfo": later(P.USER_MANAGE, _no_user),
    "removeUser": later(P.USER_MANAGE, _no_user),
    "inviteUsers": account(P.USER_INVITE),
    "createServiceAccount": scoped(P.SERVICE_ACCOUNT_EDIT),
    "listServiceAccounts": listed(P.SERVICE_ACCOUNT_VIEW),
    "listServiceAccountAggregates": listed(P.SERVICE_ACCOUNT_VIEW),
    "getServiceAccountAggregate": scoped(P.SERVICE_ACCOUNT_VIEW, "identifier", _no_service_account),
    "updateServiceAccount": scoped(P.SERVICE_ACCOUNT_EDIT, "identifier", _no_service_account),
    "deleteServiceAccount": scoped(P.SERVICE_ACCOUNT_DELETE, "identifier", _no_service_account),
    "createApiKey": _KEYS,
    "listApiKeys": _KEYS,
    "listApiKeyAggregates": _KEYS,
    "getApiKeyAggregate": _KEYS,
    "updateApiKey": _KEYS,
    "deleteApiKey": _KEYS,
    "createToken": _KEYS,
    "listTokens": _KEYS,
    "rotateToken": _KEYS,
    "updateToken": _KEYS,
    "deleteToken": _KEYS,
    "revokeToken": _KEYS,
}
