"""Which token let a delegate in: looked up once for a whole list of groups."""

from collections.abc import Iterable, Mapping

from pierhead.control.delegates import DelegateToken, GroupView

from .ports import Application


def tokens_of(app: Application, views: Iterable[GroupView]) -> Mapping[str, DelegateToken]:
    """By id; a delegate belongs to the scope of its token, so those of the groups' scopes are all there can be."""
    scopes = {view.group.scope for view in views}
    return {token.id: token for scope in scopes for token in app.delegate_tokens.list(scope)}
