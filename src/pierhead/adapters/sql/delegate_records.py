"""Delegates, their tokens, groups and history as rows, and back."""

import sqlalchemy as sa

from pierhead.control.delegates import (
    Conclusion,
    Delegate,
    DelegateGroup,
    DelegateState,
    DelegateToken,
    Experience,
    LoggedLine,
    LogLine,
    TokenStatus,
)

from .queries import scope_columns, scope_of

_TOKEN = ("id", "name", "created_by", "created_at", "secret_hash", "sealed", "revoke_after", "revoked_at")
_OLD_MAKER = "USER"  # before it was written down
_GROUP = ("id", "name", "created_at", "description")
_DELEGATE = (
    "id",
    "group_id",
    "name",
    "host_name",
    "signing_key",
    "sealing_key",
    "token_id",
    "version",
    "capacity",
    "enrolled_at",
    "session",
    "is_connected",
    "last_heartbeat_at",
    "last_assigned_at",
)


def token_to_row(token: DelegateToken) -> dict[str, object]:
    plain = {name: getattr(token, name) for name in _TOKEN}
    return {
        **scope_columns(token.scope),
        **plain,
        "status": token.status.value,
        "created_by_type": token.created_by_type,
    }


def token_from_row(row: sa.RowMapping) -> DelegateToken:
    plain = {name: row[name] for name in _TOKEN}
    maker, status = row["created_by_type"] or _OLD_MAKER, TokenStatus(row["status"])
    return DelegateToken(scope=scope_of(row), status=status, created_by_type=maker, **plain)


def group_to_row(group: DelegateGroup) -> dict[str, object]:
    plain = {name: getattr(group, name) for name in _GROUP}
    return {**scope_columns(group.scope), **plain, "added_tags": list(group.added_tags)}


def group_from_row(row: sa.RowMapping) -> DelegateGroup:
    plain = {name: row[name] for name in _GROUP}
    return DelegateGroup(scope=scope_of(row), added_tags=tuple(row["added_tags"]), **plain)


def delegate_to_row(delegate: Delegate) -> dict[str, object]:
    return {
        **scope_columns(delegate.scope),
        **{name: getattr(delegate, name) for name in _DELEGATE},
        "state": delegate.state.value,
        "kinds": list(delegate.kinds),
        "tags": list(delegate.tags),
        "approved_selectors": None if delegate.approved_selectors is None else list(delegate.approved_selectors),
    }


def delegate_from_row(row: sa.RowMapping) -> Delegate:
    return Delegate(
        scope=scope_of(row),
        state=DelegateState(row["state"]),
        kinds=tuple(row["kinds"]),
        tags=tuple(row["tags"]),
        approved_selectors=None if row["approved_selectors"] is None else tuple(row["approved_selectors"]),
        **{name: row[name] for name in _DELEGATE},
    )


def experience_to_row(experience: Experience) -> dict[str, object]:
    names = ("delegate_id", "origin", "is_success", "at", "reason")
    return {name: getattr(experience, name) for name in names}


def experience_from_row(row: sa.RowMapping) -> Experience:
    return Experience(**row)


def line_to_row(logged: LoggedLine) -> dict[str, object]:
    line = logged.line
    return {
        "task_id": logged.task_id,
        "at": logged.at,
        "conclusion": line.conclusion.value,
        "text": line.text,
        "delegate": line.delegate,
        "delegate_id": line.delegate_id,
    }


def line_from_row(row: sa.RowMapping) -> LoggedLine:
    line = LogLine(Conclusion(row["conclusion"]), row["text"], row["delegate"], row["delegate_id"])
    return LoggedLine(row["task_id"], row["at"], line)
