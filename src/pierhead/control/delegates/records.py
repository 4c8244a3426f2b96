"""What the audit trail is told of delegates, their groups and tokens: as clients see them, never a secret; pure."""

from pierhead.control.audit import Actor, PrincipalType, Subject
from pierhead.control.scopes import ResourceType

from .model import Delegate, DelegateGroup, DelegateToken


def about_token(token: DelegateToken) -> Subject:
    return Subject(token.scope, ResourceType.DELEGATE_TOKEN, token.name, token.name)


def about_group(group: DelegateGroup) -> Subject:
    return Subject(group.scope, ResourceType.DELEGATE_GROUPS, group.identifier, group.name)


def about_delegate(delegate: Delegate) -> Subject:
    return Subject(delegate.scope, ResourceType.DELEGATE, delegate.id, delegate.label)


def acting(delegate: Delegate) -> Actor:
    """The delegate itself."""
    return Actor(PrincipalType.DELEGATE, delegate.id, delegate.label)


def token_document(token: DelegateToken) -> dict[str, object]:
    return {
        "name": token.name,
        "status": str(token.status),
        "createdBy": token.created_by,
        "revokeAfter": None if token.revoke_after is None else token.revoke_after.isoformat(),
    }


def group_document(group: DelegateGroup, delegates: tuple[Delegate, ...] = ()) -> dict[str, object]:
    """``delegates`` are told of where the change is theirs."""
    document: dict[str, object] = {
        "name": group.name,
        "description": group.description,
        "tags": list(group.added_tags),
    }
    if delegates:
        document["delegates"] = {delegate.id: str(delegate.state) for delegate in delegates}
    return document


def delegate_document(delegate: Delegate) -> dict[str, object]:
    return {
        "name": delegate.name,
        "hostName": delegate.host_name,
        "state": str(delegate.state),
        "tags": list(delegate.tags),
        "kinds": list(delegate.kinds),
        "version": delegate.version,
        "approvedSelectors": None if delegate.approved_selectors is None else list(delegate.approved_selectors),
    }
