"""What can be wrong with images, mirrors, watches, pipelines and keys besides their hosts; pure."""

from collections.abc import Iterator
from datetime import timedelta

from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.oci.reference import Reference

from .facts import Facts, ImageFact
from .model import Finding, Kind, Severity, Thing

KEY_ENDS_SOON = timedelta(days=30)


def images(facts: Facts) -> Iterator[Finding]:
    for image in facts.images:
        if image.is_pinned:
            yield from _of_pin(image)


def _of_pin(image: ImageFact) -> Iterator[Finding]:
    thing = Thing(Kind.IMAGE, image.scope, image.field, image.infra)
    unpin = "pin a newer one"
    if not thing.options:
        unpin = f"`pierhead image reset {image.field} --infra {image.infra}`, or {unpin}"
    if image.unsupported:
        yield Finding("pin-unsupported", Severity.ADVICE, thing, image.unsupported, unpin)
    fault = _fault_of_tag(image.value)
    if fault:
        yield Finding("pin-moves", Severity.ADVICE, thing, f"{image.value} {fault}", "pin a version, or a digest")


def _fault_of_tag(image: str) -> str:
    try:
        reference = Reference.parse(image)
    except AppError:
        return ""
    if reference.digest is not None or reference.tag not in (None, "latest"):
        return ""
    said = "has no tag, which means latest" if reference.tag is None else "is pinned by the tag latest"
    return f"{said}: runs get whatever that is on their day"


def mirrors(facts: Facts) -> Iterator[Finding]:
    for mirror in facts.mirrors:
        if mirror.failure:
            thing = Thing(Kind.MIRROR, mirror.scope, mirror.identifier)
            which = f"{mirror.identifier}{thing.options}"
            remedy = f"`pierhead mirror runs {which}` and `pierhead mirror status RUN` say what went wrong"
            yield Finding("mirror-failing", Severity.BROKEN, thing, mirror.failure, remedy)
    for watch in facts.watches:
        if watch.failure:
            thing = Thing(Kind.WATCH, watch.scope, watch.identifier)
            remedy = f"`pierhead watch poll {watch.identifier}{thing.options}` asks again and says what it got"
            yield Finding("watch-failing", Severity.BROKEN, thing, f"its last poll failed: {watch.failure}", remedy)


def pipelines(facts: Facts) -> Iterator[Finding]:
    for pipeline in facts.pipelines:
        if pipeline.unreadable:
            thing = Thing(Kind.PIPELINE, pipeline.scope, pipeline.file)
            text = f"nothing of it was examined: {pipeline.unreadable}"
            remedy = "give the YAML of a whole pipeline, its templates filled in"
            yield Finding("pipeline-unreadable", Severity.ADVICE, thing, text, remedy)


def keys(facts: Facts) -> Iterator[Finding]:
    for key in facts.keys:
        left = key.expires_at - facts.now
        if left > KEY_ENDS_SOON:
            continue
        day = key.expires_at.date()
        thing = Thing(Kind.KEY, Scope(facts.account), key.identifier)
        has_ended = left <= timedelta()
        yield Finding(
            "key-expiring",
            Severity.ADVICE if has_ended else Severity.BREAKS,
            thing,
            f"this key of yours {'ended' if has_ended else 'ends'} on {day:%Y-%m-%d}",
            'rotate it: guide "Keys"' if not has_ended else "delete it, or rotate it if something uses it",
            on=None if has_ended else day,
        )
