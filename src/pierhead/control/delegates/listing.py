"""Which groups and delegates a list shows; pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from pierhead.control.scopes import Scope

from .model import Delegate, DelegateFilter, DelegateGroup, GroupView


def matching(
    groups: Iterable[DelegateGroup],
    delegates: Iterable[Delegate],
    scope: Scope,
    wanted: DelegateFilter,
    now: datetime,
) -> tuple[GroupView, ...]:
    """Groups in the order they came in, each with those of its delegates that pass."""
    members: dict[str, list[Delegate]] = defaultdict(list)
    for delegate in delegates:
        members[delegate.group_id].append(delegate)
    views = []
    for group in groups:
        if not _is_shown(group, scope, wanted):
            continue
        found = tuple(delegate for delegate in members[group.id] if _passes(delegate, group, wanted, now))
        if found or (not members[group.id] and _asks_no_delegate(wanted, group)):
            views.append(GroupView(group, found))
    return tuple(views)


def _is_shown(group: DelegateGroup, scope: Scope, wanted: DelegateFilter) -> bool:
    is_here = group.scope == scope
    if wanted.is_everywhere:
        is_here = group.scope.contains(scope) or scope.contains(group.scope)
    return is_here and wanted.group in ("", group.identifier)


def _passes(delegate: Delegate, group: DelegateGroup, wanted: DelegateFilter, now: datetime) -> bool:
    return (
        (not wanted.states or delegate.state in wanted.states)
        and wanted.is_connected in (None, delegate.is_present(now))
        and wanted.name in ("", delegate.name)
        and _has_tags(wanted.tags, delegate.selectors(group))
        and _is_found(wanted.search, (delegate.name, delegate.host_name, *delegate.tags, *group.added_tags))
    )


def _asks_no_delegate(wanted: DelegateFilter, group: DelegateGroup) -> bool:
    """A group without delegates is there, too, unless something is asked that only a delegate can answer."""
    return (
        not wanted.states
        and wanted.is_connected is None
        and wanted.name in ("", group.name)
        and _has_tags(wanted.tags, [tag.lower() for tag in (*group.added_tags, group.name)])
        and _is_found(wanted.search, (group.name, *group.added_tags))
    )


def _has_tags(tags: Iterable[str], selectors: Iterable[str]) -> bool:
    return {tag.strip().lower() for tag in tags} <= set(selectors)


def _is_found(search: str, texts: Iterable[str]) -> bool:
    part = search.strip().lower()
    return not part or any(part in text.lower() for text in texts)
