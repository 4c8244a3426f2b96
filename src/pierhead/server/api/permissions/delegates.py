"""Delegates, their groups and tokens."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.control.delegates import DelegateNotFoundError, GroupNotFoundError
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.server.api.rules import Rule, later, listed, scoped


def _no_delegate(_: Scope, identifier: str) -> AppError:
    return DelegateNotFoundError(identifier)


def _no_group(_: Scope, name: str) -> AppError:
    return GroupNotFoundError(name)


RULES: Mapping[str, Rule] = {
    "createDelegateToken": scoped(P.DELEGATE_EDIT),
    "revokeDelegateToken": scoped(P.DELEGATE_DELETE),
    "deleteDelegateToken": scoped(P.DELEGATE_DELETE),
    "deleteDelegateTokenByQuery": scoped(P.DELEGATE_DELETE),
    "listDelegateTokens": scoped(P.DELEGATE_VIEW),
    "listDelegateGroupsOfToken": scoped(P.DELEGATE_VIEW),
    "listDelegates": listed(P.DELEGATE_VIEW),
    "getDelegateVersion": scoped(P.DELEGATE_VIEW),
    "generateHelmValues": scoped(P.DELEGATE_EDIT),
    "listDelegateGroupsByTags": listed(P.DELEGATE_VIEW),
    "getDelegateGroupTags": scoped(P.DELEGATE_VIEW, "groupIdentifier", _no_group),
    "addDelegateGroupTags": scoped(P.DELEGATE_EDIT, "groupIdentifier", _no_group),
    "setDelegateGroupTags": scoped(P.DELEGATE_EDIT, "groupIdentifier", _no_group),
    "deleteDelegateGroupTags": scoped(P.DELEGATE_DELETE, "groupIdentifier", _no_group),
    "listDelegateGroups": listed(P.DELEGATE_VIEW),
    "getDelegateGroup": scoped(P.DELEGATE_VIEW, "groupName", _no_group),
    "approveDelegateGroup": scoped(P.DELEGATE_EDIT, "groupName", _no_group),
    "deleteDelegateGroup": scoped(P.DELEGATE_DELETE, "groupName", _no_group),
    "getDelegate": later(P.DELEGATE_VIEW, _no_delegate),
    "approveDelegate": later(P.DELEGATE_EDIT, _no_delegate),
    "disableDelegate": later(P.DELEGATE_EDIT, _no_delegate),
    "enableDelegate": later(P.DELEGATE_EDIT, _no_delegate),
    "deleteDelegate": later(P.DELEGATE_DELETE, _no_delegate),
}
