"""Runs of mirrors, what they hold and approvals, on our own wire. Times are in milliseconds."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from pierhead.control.mirroring import Holding, MirrorApproval, MirrorRun, RunItem
from pierhead.kit.clock import to_epoch_ms

from .common import OptionalShortText, OwnReceived, Wire

SHOWN_ITEMS = 1000


class MirrorRunBody(OwnReceived):
    dry_run: bool = False


class MirrorRunItem(Wire):
    """``fate``: what the plan says (copy, keep, defer, refuse, missing, delete, fail), and ``reason`` why. ``state``:
    what came of a copy."""

    repository: str
    tag: str
    fate: str
    reason: str
    digest: str
    before: str
    pulls: int
    state: str
    target_digest: str
    bytes_fetched: int
    bytes_mounted: int
    referrers: int
    backup: str
    quarantined: str
    verdict: dict[str, Any] | None
    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, item: RunItem) -> Self:
        plan = item.plan
        return cls(
            repository=plan.repository,
            tag=plan.tag,
            fate=plan.fate.value,
            reason=plan.reason,
            digest=plan.digest,
            before=plan.before,
            pulls=plan.pulls,
            state=item.state,
            target_digest=item.target_digest,
            bytes_fetched=item.bytes_fetched,
            bytes_mounted=item.bytes_mounted,
            referrers=item.referrers,
            backup=item.backup,
            quarantined=item.quarantined,
            verdict=dict(item.verdict) if item.verdict else None,
            code=item.code or plan.code,
            message=item.message,
            hint=item.hint,
        )


class MirrorRunSummary(Wire):
    """``counts``: tags by what became of them. ``pulls``: what the plan costs of the source's limit, of which
    ``pullsLeft`` were left; null where the source says nothing of a limit."""

    id: str
    mirror: str
    org_identifier: str | None
    project_identifier: str | None
    state: str
    phase: str
    trigger: str
    requested_by: str
    dry_run: bool
    started_at: int
    finished_at: int | None
    counts: dict[str, int]
    pulls: int
    pulls_left: int | None
    error: dict[str, str] | None
    task_id: str

    @classmethod
    def of(cls, run: MirrorRun) -> Self:
        return cls(**_summary(run))


class MirrorRunInfo(MirrorRunSummary):
    """``items``: every tag but those that stay as they are, the first thousand; ``itemsTotal`` says how many."""

    items: list[MirrorRunItem]
    items_total: int

    @classmethod
    def of(cls, run: MirrorRun, latest: Mapping[str, RunItem] | None = None) -> Self:
        """``latest``: items on their way, as far as this process was told."""
        on_way = latest or {}
        items = [MirrorRunItem.of(on_way.get(item.plan.name, item)) for item in run.items[:SHOWN_ITEMS]]
        return cls(**_summary(run), items=items, items_total=run.items_total)


class HoldingInfo(Wire):
    """A tag that the mirror brought. ``missedSince``: since when it is missing at the source."""

    repository: str
    tag: str
    digest: str
    target_digest: str
    copied_at: int
    missed_since: int | None

    @classmethod
    def of(cls, holding: Holding) -> Self:
        return cls(
            repository=holding.repository,
            tag=holding.tag,
            digest=holding.digest,
            target_digest=holding.target_digest,
            copied_at=to_epoch_ms(holding.copied_at),
            missed_since=to_epoch_ms(holding.missed_since) if holding.missed_since else None,
        )


class ApprovalBody(OwnReceived):
    """``image``: ``repository:tag`` as runs tell it. ``digest``: what is in quarantine, to be sure."""

    image: Annotated[str, Field(min_length=1, max_length=400)]
    digest: OptionalShortText = None
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class ApprovalInfo(Wire):
    """Every word about the digest, each principal's last one."""

    image: str
    digest: str
    given: list[dict[str, Any]]

    @classmethod
    def of(cls, approval: MirrorApproval) -> Self:
        words = [{"by": each.name, "at": to_epoch_ms(each.at), "reason": each.reason} for each in approval.given]
        return cls(image=approval.image, digest=approval.digest, given=words)


def _summary(run: MirrorRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "mirror": run.mirror,
        "org_identifier": run.scope.org,
        "project_identifier": run.scope.project,
        "state": run.state.value,
        "phase": run.phase.value,
        "trigger": run.trigger.value,
        "requested_by": run.asked_by,
        "dry_run": run.is_plan,
        "started_at": to_epoch_ms(run.started_at),
        "finished_at": to_epoch_ms(run.finished_at) if run.finished_at else None,
        "counts": run.counts,
        "pulls": run.pulls,
        "pulls_left": run.pulls_left,
        "error": dict(run.error) or None,
        "task_id": run.task_id,
    }
