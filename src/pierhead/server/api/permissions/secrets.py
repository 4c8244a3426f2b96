"""Secrets, their managers and their keys."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretMissingError
from pierhead.kit.errors import AppError
from pierhead.server.api.rules import Rule, account, listed, operator, scoped


def _absent(_: Scope, identifier: str) -> AppError:
    return SecretMissingError(identifier)


def _absent_for_change(_: Scope, identifier: str) -> AppError:
    return SecretMissingError(identifier, "update")


def _absent_for_delete(_: Scope, identifier: str) -> AppError:
    return SecretMissingError(identifier, "delete")


RULES: Mapping[str, Rule] = {
    "createSecret": scoped(P.SECRET_EDIT),
    "updateSecret": scoped(P.SECRET_EDIT, "identifier", _absent_for_change),
    "getSecret": scoped(P.SECRET_VIEW, "identifier", _absent),
    "deleteSecret": scoped(P.SECRET_DELETE, "identifier", _absent_for_delete),
    "listSecrets": listed(P.SECRET_VIEW),
    "listSecretsByFilter": listed(P.SECRET_VIEW),
    "listSecretsByFilterV2": listed(P.SECRET_VIEW),
    "validateSecretIdentifier": scoped(P.SECRET_VIEW),
    "listSecretManagers": account(P.SECRET_VIEW),
    "listEncryptionKeys": operator(P.ACCOUNT_VIEW),
    "rotateEncryptionKeys": operator(P.ACCOUNT_EDIT),
}
