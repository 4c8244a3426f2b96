"""Selection logs for callers who may not see every delegate: what is said of those of other places names nobody."""

import re
from collections.abc import Iterable
from dataclasses import replace

from pierhead.control.delegates import DelegateFilter, LoggedLine, LogLine
from pierhead.control.scopes import Scope
from pierhead.server.call import Call

from .uses import sees_delegate

HIDDEN = "a delegate that you may not see"


class Discretion:
    """For the log of one task of ``scope``. Delegates that serve this very scope may be known by all who see its tasks:
    their names stand in the runs as well."""

    def __init__(self, call: Call, scope: Scope) -> None:
        everywhere = DelegateFilter(is_everywhere=True)
        views = call.app.delegates.groups(Scope(call.account), everywhere)
        hidden = [
            delegate
            for view in views
            if not view.group.scope.contains(scope) and not sees_delegate(call, view.group.scope, view.group.name)
            for delegate in view.delegates
        ]
        hidden_ids = {delegate.id for delegate in hidden}
        self._known = {delegate.id for view in views for delegate in view.delegates} - hidden_ids
        self._sees_forgotten = sees_delegate(call, Scope(call.account), "")
        labels = sorted({delegate.label for delegate in hidden}, key=len, reverse=True)
        self._labels = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, labels))})(?![\w.-])") if labels else None

    def logged(self, lines: Iterable[LoggedLine]) -> tuple[LoggedLine, ...]:
        return tuple(replace(each, line=self._line(each.line)) for each in lines)

    def lines(self, lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
        return tuple(map(self._line, lines))

    def _line(self, line: LogLine) -> LogLine:
        if line.delegate_id and line.delegate_id not in self._known and not self._sees_forgotten:
            return replace(line, text="nothing is said of it here", delegate=HIDDEN, delegate_id="")
        return line if self._labels is None else replace(line, text=self._labels.sub(HIDDEN, line.text))
