"""What is told of watches, mirrors and releases, and under which key, so that nothing is told twice; pure."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from pierhead.control.catalogue import SupportState
from pierhead.control.mirroring import MirrorRun, RunItem, RunState
from pierhead.control.notices import News, Topic
from pierhead.control.releases import ImageStatus, LineStatus, ReleaseStatus
from pierhead.control.scopes import Scope
from pierhead.control.sources import EventKind, Watch, WatchEvent

_SHOWN: Final = 10
"""So many of a list of names; how many there are is said."""
_SOON: Final = timedelta(days=31)
_NEW_FOR: Final = timedelta(days=31)
"""A release that is older is no news, also to a server that was just set up."""
_MOVED_IMMUTABLE: Final = "immutable-tag-moved"


def of_watch(watch: Watch, event: WatchEvent) -> News:
    image = f"{watch.image}:{event.tag}"
    is_new = event.kind is EventKind.NEW
    topic, verb = (Topic.WATCH_NEW_TAG, "is new") if is_new else (Topic.WATCH_MOVED_TAG, "means another image now")
    moved = "" if is_new else f" It was {event.old_digest}."
    return News(
        scope=watch.scope,
        topic=topic,
        title=f"{image} {verb}",
        text=f"The watch {watch.identifier} has seen {image} as {event.new_digest or 'not read yet'}.{moved}",
        subject_type="WATCH",
        subject=watch.identifier,
        key=_key(topic, watch.scope, watch.identifier, event.tag, event.new_digest, event.at.isoformat()),
        details={
            "connectorRef": watch.connector,
            "image": watch.image,
            "tag": event.tag,
            "digest": event.new_digest,
            "oldDigest": event.old_digest,
        },
    )


def of_mirror_run(run: MirrorRun) -> Iterable[News]:
    """Of a run that has ended; of a dry run nothing."""
    if run.is_plan or not run.state.is_final:
        return
    moved = [item for item in run.items if item.plan.code == _MOVED_IMMUTABLE]
    blocked = [item for item in run.items if item.state == "blocked"]
    waiting = [item for item in run.items if item.state == "waiting"]
    failed = [item for item in run.items if item.has_failed and item not in (*moved, *blocked)]
    if moved:
        yield _of_items(run, Topic.MIRROR_TAG_MOVED, moved, "never move, and moved at the source")
    if blocked:
        yield _of_items(run, Topic.MIRROR_BLOCKED, blocked, "were blocked by a gate")
    if waiting:
        yield _of_items(run, Topic.MIRROR_WAITING, waiting, "wait for somebody to approve them")
    if run.state in (RunState.FAILED, RunState.INCOMPLETE) and (failed or run.error):
        yield _of_failure(run, failed)


def of_releases(account: str, lines: Iterable[LineStatus], status: ReleaseStatus) -> Iterable[News]:
    """Of what the account runs on: new lines, hotfixes for its images, and images that leave or left support."""
    scope, today = Scope(account), status.today
    for line in lines:
        if line.is_out and line.released is not None and today - _NEW_FOR <= line.released <= today:
            yield _of_line(scope, line)
    images = {image.effective: image for image in status.images if image.effective}
    for hotfix in sorted({image.hotfix for image in images.values() if image.hotfix}):
        yield _of_hotfix(scope, hotfix, sorted(name for name, image in images.items() if image.hotfix == hotfix))
    for day in sorted({image.supported_until for image in images.values() if image.supported_until}):
        if today < day <= today + _SOON:
            yield _of_leaving(scope, day, _leaving_on(images, day))
    gone = sorted(name for name, image in images.items() if image.state is SupportState.UNSUPPORTED)
    if gone:
        yield _of_gone(scope, gone)


def _of_items(run: MirrorRun, topic: Topic, items: list[RunItem], what: str) -> News:
    names = [item.plan.name for item in items]
    told = sorted(f"{item.plan.name}@{item.plan.digest}" for item in items)
    reason = next((item.message or item.plan.reason for item in items), "")
    return News(
        scope=run.scope,
        topic=topic,
        title=f"mirror {run.mirror}: {_count(names, 'tag')} not taken over",
        text=f"Tags that {what}: {_some(names)}. The target is as it was. {reason}".strip(),
        subject_type="MIRROR",
        subject=run.mirror,
        key=_key(topic, run.scope, run.mirror, *told),  # the same digests, run after run, are told once
        details={"runId": run.id, "tags": names[:_SHOWN], "count": len(names)},
    )


def _of_failure(run: MirrorRun, failed: list[RunItem]) -> News:
    names = [item.plan.name for item in failed]
    reason = run.error.get("message", "") or next((item.message or item.plan.reason for item in failed), "")
    return News(
        scope=run.scope,
        topic=Topic.MIRROR_FAILED,
        title=f"mirror {run.mirror}: " + (f"{_count(names, 'tag')} failed" if names else "the run failed"),
        text=f"{_some(names)}: {reason}" if names else reason,
        subject_type="MIRROR",
        subject=run.mirror,
        key=_key(Topic.MIRROR_FAILED, run.scope, run.mirror, run.id),
        details={
            "runId": run.id,
            "state": run.state.value,
            "tags": names[:_SHOWN],
            "count": len(names),
            "code": run.error.get("code", "") or next((item.code or item.plan.code for item in failed), ""),
        },
    )


def _of_line(scope: Scope, line: LineStatus) -> News:
    until = f" Test it until {line.test_until}." if line.test_until else ""
    return News(
        scope=scope,
        topic=Topic.RELEASE_AVAILABLE,
        title=f"release {line.name} is out",
        text=f"The images of {line.name} were released on {line.released}.{until} {line.note}".strip(),
        subject_type="RELEASE",
        subject=line.name,
        key=_key(Topic.RELEASE_AVAILABLE, scope, line.name),
        details={"line": line.name, "released": str(line.released), "state": line.state.value},
    )


def _of_hotfix(scope: Scope, hotfix: str, images: list[str]) -> News:
    return News(
        scope=scope,
        topic=Topic.HOTFIX_AVAILABLE,
        title=f"hotfix {hotfix} is there for {_count(images, 'image')} in use",
        text=f"In use and to be replaced: {_some(images)}.",
        subject_type="RELEASE",
        subject=hotfix,
        key=_key(Topic.HOTFIX_AVAILABLE, scope, hotfix),
        details={"hotfix": hotfix, "images": images[:_SHOWN], "count": len(images)},
    )


def _of_leaving(scope: Scope, day: date, images: list[str]) -> News:
    return News(
        scope=scope,
        topic=Topic.RELEASE_UNSUPPORTED_SOON,
        title=f"{_count(images, 'image')} in use may leave support on {day}",
        text=f"From the release of {day} on nobody mends them: {_some(images)}.",
        subject_type="RELEASE",
        subject=str(day),
        key=_key(Topic.RELEASE_UNSUPPORTED_SOON, scope, str(day), *images),
        details={"day": str(day), "images": images[:_SHOWN], "count": len(images)},
    )


def _of_gone(scope: Scope, images: list[str]) -> News:
    return News(
        scope=scope,
        topic=Topic.RELEASE_UNSUPPORTED,
        title=f"{_count(images, 'image')} in use out of support",
        text=f"Older than the last three releases: {_some(images)}. Runs go on with a warning.",
        subject_type="RELEASE",
        subject=images[0],
        key=_key(Topic.RELEASE_UNSUPPORTED, scope, *images),
        details={"images": images[:_SHOWN], "count": len(images)},
    )


def _leaving_on(images: Mapping[str, ImageStatus], day: date) -> list[str]:
    return sorted(name for name, image in images.items() if image.supported_until == day)


def _key(topic: Topic, scope: Scope, *parts: str | None) -> str:
    """Short, whatever it is made of, and the same for the same."""
    text = "\n".join([scope.org or "", scope.project or "", *(part or "" for part in parts)])
    return f"{topic}:{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:40]}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _count(names: list[str], noun: str) -> str:
    return f"{len(names)} {noun}" + ("" if len(names) == 1 else "s")
