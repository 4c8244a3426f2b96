"""Releases on the wire."""

from datetime import date
from typing import Self

from pierhead.control.catalogue import Hotfix
from pierhead.control.releases import ImageStatus, LineDifference, LineStatus, ReleaseStatus

from .common import Wire


class HotfixInfo(Wire):
    """``fields`` is empty for a hotfix of every core image."""

    version: str
    released: date | None
    fields: list[str]
    note: str

    @classmethod
    def of(cls, hotfix: Hotfix) -> Self:
        fields = sorted(hotfix.fields)
        return cls(version=str(hotfix.version), released=hotfix.released, fields=fields, note=hotfix.note)


class ReleaseLineInfo(Wire):
    """``state``: newer, latest, latest-1, latest-2 or unsupported. Days are null when nobody has said them."""

    name: str
    state: str
    is_default: bool
    is_out: bool
    released: date | None
    test_until: date | None
    supported_until: date | None
    hotfixes: list[HotfixInfo]
    note: str
    is_own: bool

    @classmethod
    def of(cls, line: LineStatus) -> Self:
        return cls(
            name=line.name,
            state=line.state.value,
            is_default=line.is_default,
            is_out=line.is_out,
            released=line.released,
            test_until=line.test_until,
            supported_until=line.supported_until,
            hotfixes=[HotfixInfo.of(hotfix) for hotfix in line.hotfixes],
            note=line.note,
            is_own=line.is_own,
        )


class ReleaseLines(Wire):
    lines: list[ReleaseLineInfo]


class ImageStatusInfo(Wire):
    """``state``: newer, latest, latest-1, latest-2, unsupported, as-needed (no window) or unknown (no version in the
    tag). ``pinnedAt`` is empty for a pin of the account."""

    infra: str
    field: str
    default: str | None
    pinned: str | None
    pinned_at: str
    effective: str | None
    state: str
    newest: str | None
    hotfix: str | None
    supported_until: date | None
    warnings: list[str]

    @classmethod
    def of(cls, image: ImageStatus) -> Self:
        return cls(
            infra=image.infra.value,
            field=image.field,
            default=image.default,
            pinned=image.pinned,
            pinned_at=image.pinned_at,
            effective=image.effective,
            state=image.state.value,
            newest=image.newest,
            hotfix=image.hotfix,
            supported_until=image.supported_until,
            warnings=list(image.warnings),
        )


class ReleaseStatusInfo(Wire):
    """Days are those of the calendar's time zone."""

    today: date
    default_line: str
    newest_line: str
    previous_release: date | None
    next_release: date | None
    warnings: list[str]
    images: list[ImageStatusInfo]

    @classmethod
    def of(cls, status: ReleaseStatus) -> Self:
        return cls(
            today=status.today,
            default_line=status.default_line,
            newest_line=status.newest_line,
            previous_release=status.previous_release,
            next_release=status.next_release,
            warnings=list(status.warnings),
            images=[ImageStatusInfo.of(image) for image in status.images],
        )


class CalendarInfo(Wire):
    """``days`` are the next release days."""

    rule: str
    time_zone: str
    today: date
    is_release_day: bool
    previous: date | None
    days: list[date]


class LineChangeInfo(Wire):
    """Null: the line has no image for the field."""

    infra: str
    field: str
    before: str | None
    after: str | None


class LineDiffInfo(Wire):
    """``toMirror``: images of ``after`` that ``before`` has nowhere."""

    before: str
    after: str
    changes: list[LineChangeInfo]
    to_mirror: list[str]

    @classmethod
    def of(cls, diff: LineDifference) -> Self:
        changes = [
            LineChangeInfo(infra=each.infra.value, field=each.field, before=each.before, after=each.after)
            for each in diff.changes
        ]
        return cls(before=diff.before, after=diff.after, changes=changes, to_mirror=list(diff.to_mirror))
