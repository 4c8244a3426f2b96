"""Watches on the wire."""

from typing import Annotated, Self

from pydantic import Field

from pierhead.control.scopes import Scope
from pierhead.control.sources import (
    DEFAULT_INTERVAL_S,
    LEAST_INTERVAL_S,
    MOST_INTERVAL_S,
    EventKind,
    TagRule,
    Watch,
    WatchDraft,
    Watched,
    WatchEvent,
    WatchState,
)
from pierhead.kit.clock import to_epoch_ms

from .common import Identifier, Name, OptionalText, OwnReceived, Tags, Wire


class WatchBody(OwnReceived):
    """Of ``tag``, ``tagRegex`` and ``semver`` exactly one. The place is the one that the query names."""

    identifier: Identifier
    name: Name | None = None
    connector_ref: Annotated[str, Field(min_length=1, max_length=256)]
    image: Annotated[str, Field(min_length=1, max_length=512)]
    tag: OptionalText = None
    tag_regex: OptionalText = None
    semver: OptionalText = None
    interval_seconds: Annotated[int, Field(ge=LEAST_INTERVAL_S, le=MOST_INTERVAL_S)] = DEFAULT_INTERVAL_S
    description: Annotated[str, Field(max_length=1024)] = ""
    tags: Annotated[Tags, Field(max_length=128)] = Field(default_factory=dict)

    def draft(self, scope: Scope) -> WatchDraft:
        """Raises OneTagRuleError, InvalidTagRuleError."""
        return WatchDraft(
            scope=scope,
            identifier=self.identifier,
            name=self.name or self.identifier,
            connector=self.connector_ref,
            image=self.image,
            rule=TagRule.parse(self.tag, self.tag_regex, self.semver),
            interval_s=self.interval_seconds,
            description=self.description,
            tags=self.tags,
        )


class WatchStateInfo(Wire):
    """Times in milliseconds. Counts and ``newest`` are of the last poll that got an answer; ``error`` of the last
    one. ``isTruncated``: the registry listed more than was read; ``unread``: digests that were due and not read."""

    next_poll_at: int
    polled_at: int | None
    good_at: int | None
    first_at: int | None
    is_complete: bool
    is_truncated: bool
    listed: int
    matching: int
    newest: str | None
    unread: int
    error_code: str | None
    error: str | None
    failures: int

    @classmethod
    def of(cls, state: WatchState) -> Self:
        return cls(
            next_poll_at=to_epoch_ms(state.next_poll_at),
            polled_at=None if state.polled_at is None else to_epoch_ms(state.polled_at),
            good_at=None if state.good_at is None else to_epoch_ms(state.good_at),
            first_at=None if state.first_at is None else to_epoch_ms(state.first_at),
            is_complete=state.is_complete,
            is_truncated=state.is_truncated,
            listed=state.listed,
            matching=state.matching,
            newest=state.newest,
            unread=state.unread,
            error_code=state.error_code or None,
            error=state.error or None,
            failures=state.failures,
        )


class WatchInfo(Wire):
    identifier: str
    name: str
    org_identifier: str | None
    project_identifier: str | None
    connector_ref: str
    image: str
    tag: str | None
    tag_regex: str | None
    semver: str | None
    interval_seconds: int
    description: str
    tags: dict[str, str]
    created_at: int
    state: WatchStateInfo

    @classmethod
    def of(cls, watched: Watched) -> Self:
        watch: Watch = watched.watch
        return cls(
            identifier=watch.identifier,
            name=watch.name,
            org_identifier=watch.scope.org,
            project_identifier=watch.scope.project,
            connector_ref=watch.connector,
            image=watch.image,
            tag=watch.rule.tag,
            tag_regex=watch.rule.tag_regex,
            semver=watch.rule.semver,
            interval_seconds=watch.interval_s,
            description=watch.description,
            tags=dict(watch.tags),
            created_at=to_epoch_ms(watch.created_at),
            state=WatchStateInfo.of(watched.state),
        )


class WatchEventInfo(Wire):
    """``oldDigest`` is null for a new tag; ``newDigest`` for one whose digest could not be read at once."""

    kind: EventKind
    tag: str
    at: int
    old_digest: str | None
    new_digest: str | None

    @classmethod
    def of(cls, event: WatchEvent) -> Self:
        return cls(
            kind=event.kind,
            tag=event.tag,
            at=to_epoch_ms(event.at),
            old_digest=event.old_digest,
            new_digest=event.new_digest,
        )


class PollInfo(Wire):
    """The watch after a poll, and what was new in it."""

    watch: WatchInfo
    events: list[WatchEventInfo]
