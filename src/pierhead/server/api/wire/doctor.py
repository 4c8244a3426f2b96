"""Examinations on our own wire: what was found, where, what to do, and what became of migrations."""

from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field

from pierhead.control.connectors import ConnectivityStatus
from pierhead.control.retirement import Facts, Finding, Migration, RetiredHost, Severity, Thing

from .common import OwnReceived, Wire

MAX_PIPELINES = 50
MAX_IDS = 200
SHOWN_FINDINGS = 1_000
FileName = Annotated[str, Field(min_length=1, max_length=300)]
FindingId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class PipelineText(OwnReceived):
    """``file``: what to call it; ``text``: the YAML of a whole pipeline."""

    file: FileName
    text: Annotated[str, Field(max_length=1024 * 1024)]


class DoctorBody(OwnReceived):
    pipelines: Annotated[list[PipelineText], Field(max_length=MAX_PIPELINES)] = Field(default_factory=list)


class MigrateBody(OwnReceived):
    """``ids`` of findings, or ``all`` of them that can be migrated. ``withCredentials``: also where a password goes to
    another origin from then on. ``dryRun``: change nothing."""

    ids: Annotated[list[FindingId], Field(max_length=MAX_IDS)] = Field(default_factory=list)
    all: bool = False
    with_credentials: bool = False
    dry_run: bool = False


class ThingInfo(Wire):
    """``kind``: connector, mirror, watch, image, pipeline, key or account. ``identifier``: its own, the field of an
    image, the file of a pipeline. ``place``: where in it, null for all of it."""

    kind: str
    identifier: str
    org_identifier: str | None
    project_identifier: str | None
    place: str | None

    @classmethod
    def of(cls, thing: Thing) -> Self:
        return cls(
            kind=thing.kind.value,
            identifier=thing.identifier,
            org_identifier=thing.scope.org,
            project_identifier=thing.scope.project,
            place=thing.place or None,
        )


class MigrationInfo(Wire):
    """The connector's URL now and then. ``movesCredentials``: its password would go to another origin."""

    before: str
    after: str
    moves_credentials: bool

    @classmethod
    def of(cls, migration: Migration) -> Self:
        return cls(before=migration.before, after=migration.after, moves_credentials=migration.moves_credentials)


class FindingInfo(Wire):
    """``id`` is the same as long as the same is wrong with the same thing. ``on``: the day of a ``breaks``.
    ``affects``: what hangs on it. ``source``: where a fact about a host is from."""

    id: str
    code: str
    severity: Literal["broken", "breaks", "advice"]
    thing: ThingInfo
    text: str
    remedy: str
    on: date | None
    affects: list[str]
    migration: MigrationInfo | None
    source: str | None

    @classmethod
    def of(cls, one: Finding) -> Self:
        return cls(
            id=one.id,
            code=one.code,
            severity=one.severity.value,
            thing=ThingInfo.of(one.thing),
            text=one.text,
            remedy=one.remedy,
            on=one.on,
            affects=list(one.affects),
            migration=MigrationInfo.of(one.migration) if one.migration else None,
            source=one.source or None,
        )


class SeverityCounts(Wire):
    broken: int
    breaks: int
    advice: int

    @classmethod
    def of(cls, findings: tuple[Finding, ...]) -> Self:
        counts = Counter(finding.severity for finding in findings)
        return cls(broken=counts[Severity.BROKEN], breaks=counts[Severity.BREAKS], advice=counts[Severity.ADVICE])


class ExaminedCounts(Wire):
    """How many of each were looked at."""

    connectors: int
    mirrors: int
    watches: int
    images: int
    pipelines: int

    @classmethod
    def of(cls, facts: Facts) -> Self:
        return cls(
            connectors=len(facts.connectors),
            mirrors=len(facts.mirrors),
            watches=len(facts.watches),
            images=len(facts.images),
            pipelines=len(facts.pipelines),
        )


class Examination(Wire):
    """``findings``: the worst first, at most 1,000; the counts are of all. ``leftOut``: what was not looked at, and
    why."""

    today: date
    examined: ExaminedCounts
    counts: SeverityCounts
    findings: list[FindingInfo]
    left_out: list[str]

    @classmethod
    def of(cls, facts: Facts, findings: tuple[Finding, ...], left_out: tuple[str, ...]) -> Self:
        return cls(
            today=facts.now.date(),
            examined=ExaminedCounts.of(facts),
            counts=SeverityCounts.of(findings),
            findings=[FindingInfo.of(finding) for finding in findings[:SHOWN_FINDINGS]],
            left_out=list(left_out),
        )


class MigratedInfo(Wire):
    """``outcome``: ``migrated``, ``planned`` (a dry run), ``skipped``, ``denied``, ``failed``, or ``nothing-to-do`` for
    an id that nothing is found under any more. ``test``: what the connection test said afterwards, null without one."""

    id: str
    thing: ThingInfo | None
    before: str | None
    after: str | None
    outcome: Literal["migrated", "planned", "skipped", "denied", "failed", "nothing-to-do"]
    message: str
    test: ConnectivityStatus | None = None
    test_message: str | None = None


class MigrationResult(Wire):
    """``remaining``: how many more there are than one call migrates."""

    items: list[MigratedInfo]
    remaining: int


class RetiredHostInfo(Wire):
    """``then``: what is there from ``ends`` on: shut-down, read-only, redirects, web-page or old-api. ``isOwn``: of the
    operator's own list."""

    id: str
    name: str
    hosts: list[str]
    path: str | None
    then: str
    announced: date | None
    ends: date | None
    why: str
    use: str
    source: str | None
    is_own: bool

    @classmethod
    def of(cls, host: RetiredHost) -> Self:
        return cls(
            id=host.id,
            name=host.name,
            hosts=list(host.hosts),
            path=host.path or None,
            then=host.then.value,
            announced=host.announced,
            ends=host.ends,
            why=host.why,
            use=host.use,
            source=host.source or None,
            is_own=host.is_own,
        )


class RetiredHostList(Wire):
    hosts: list[RetiredHostInfo]
