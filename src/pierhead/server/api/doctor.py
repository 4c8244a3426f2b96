"""What is dead, about to be, or wrong in a place, and the migration of connectors away from hosts that ended.

Only what the caller may see is examined and told. A connector is migrated by the ordinary change of a connector, with
the caller's rights: whoever may not edit it, or not show its secrets to another origin, is told so, item by item.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import Depends

from pierhead.control.access import AccessDeniedError, Permission
from pierhead.control.connectors import Connector, ConnectorDraft, normalise_url
from pierhead.control.retirement import Finding, examine, provider_of
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.server.auth import Call, OwnCall, own_caller
from pierhead.server.jobs.examining import Collected, Collecting, Parts
from pierhead.server.jobs.pipeline_facts import pipeline_fact
from pierhead.server.jobs.reaching import Reaching
from pierhead.server.jobs.test_work import status_of

from .answers import Answer, answer
from .authority import CallerAuthority
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope
from .refusals import FieldProblem, InvalidFieldsError
from .slow_calls import Slow, SlowCalls
from .uses import may_use_secrets
from .wire.doctor import (
    DoctorBody,
    Examination,
    MigrateBody,
    MigratedInfo,
    MigrationResult,
    PipelineText,
    RetiredHostInfo,
    RetiredHostList,
    ThingInfo,
)

router = LateRouter(prefix="/pierhead/v1/doctor", tags=["doctor"], dependencies=[Depends(own_caller)])

MOST_AT_ONCE = 50
TESTS_WITHIN_S = 60.0
"""After so long, connectors are tested without waiting for it."""
Sent = Annotated[DoctorBody, Depends(json_body(DoctorBody))]
Asked = Annotated[MigrateBody, Depends(json_body(MigrateBody))]


@router.get("", operation_id="examineAccount")
def examine_place(call: OwnCall, scope: OwnScope, slow: Slow) -> Answer[Examination]:
    """Connectors, mirrors, watches, images and own keys of the place and of all that is in it. Asks no registry."""
    return answer(call, _examination(call, scope, slow))


@router.post("", operation_id="examinePipelines", openapi_extra=takes(DoctorBody))
def examine_with_pipelines(call: OwnCall, scope: OwnScope, slow: Slow, body: Sent) -> Answer[Examination]:
    """The same with pipelines, whose texts are read and kept nowhere."""
    return answer(call, _examination(call, scope, slow, body.pipelines))


@router.get("/hosts", operation_id="listRetiredHosts")
def list_hosts(call: OwnCall) -> Answer[RetiredHostList]:
    """The registry hosts that are known to have ended, or to end."""
    hosts = [RetiredHostInfo.of(host) for host in call.app.retired_hosts.entries]
    return answer(call, RetiredHostList(hosts=hosts))


@router.post("/migrate", operation_id="migrateConnectors", openapi_extra=takes(MigrateBody))
def migrate(call: OwnCall, scope: OwnScope, slow: Slow, body: Asked) -> Answer[MigrationResult]:
    """Gives connectors the URLs that findings name, tests them and says what came of it. What is done already is
    nothing to do. Pipelines, pins and watches are never changed."""
    if bool(body.ids) == body.all:
        raise InvalidFieldsError((FieldProblem("ids", "is needed, or all: one of the two"),))
    _check_may_edit(call, scope)
    _, findings = _found(call, scope, slow)
    able = {finding.id: finding for finding in findings if finding.migration is not None}
    wanted = list(able) if body.all else list(dict.fromkeys(body.ids))
    migrating = _Migrating(call, slow, body)
    items = [migrating.one(each, able.get(each)) for each in wanted[:MOST_AT_ONCE]]
    return answer(call, MigrationResult(items=items, remaining=max(0, len(wanted) - MOST_AT_ONCE)))


def _check_may_edit(call: Call, scope: Scope) -> None:
    """Whoever may edit nothing there is refused; who may edit some connectors is told of the others one by one."""
    named = call.grants.visible(Permission.CONNECTOR_EDIT, scope)
    if named is not None and not named:
        call.authorise(scope)  # refuses
    call.visible(scope)


def _examination(call: Call, scope: Scope, slow: SlowCalls, texts: Sequence[PipelineText] = ()) -> Examination:
    call.visible(scope)
    collected, findings = _found(call, scope, slow, texts)
    return Examination.of(collected.facts, findings, collected.left_out)


def _found(
    call: Call, scope: Scope, slow: SlowCalls, texts: Sequence[PipelineText] = ()
) -> tuple[Collected, tuple[Finding, ...]]:
    with slow.one("examinations", call.share_key):
        pipelines = [pipeline_fact(each.file, each.text, scope) for each in texts]
        collected = Collecting(_parts(call), call.grants, call.principal.ref, scope).collect(pipelines)
        return collected, examine(collected.facts, call.app.retired_hosts)


def _parts(call: Call) -> Parts:
    app = call.app
    return Parts(
        clock=app.clock,
        organizations=app.organizations,
        projects=app.projects,
        connectors=app.connectors,
        secrets=app.secrets,
        mirrors=app.mirroring.service,
        watches=app.watches,
        catalogue=app.catalogue,
        releases=app.releases,
        people=app.people,
        reaching=Reaching(app.delegates, app.clock),
    )


class _Migrating:
    """One call's migrations, one after the other."""

    def __init__(self, call: Call, slow: SlowCalls, body: MigrateBody) -> None:
        self._call = call
        self._slow = slow
        self._body = body
        self._tests_until = time.monotonic() + TESTS_WITHIN_S

    def one(self, finding_id: str, finding: Finding | None) -> MigratedInfo:
        if finding is None or finding.migration is None:
            return _item(finding_id, None, "nothing-to-do", "nothing is found under this id (any more)")
        scope, identifier = finding.thing.scope, finding.thing.identifier
        if not self._call.may(Permission.CONNECTOR_EDIT, scope, identifier):
            return _item(finding_id, finding, "denied", "you may not edit this connector")
        if finding.migration.moves_credentials and not self._body.with_credentials:
            why = "its credentials would go to another origin: say so (withCredentials), or give it others"
            return _item(finding_id, finding, "skipped", why)
        if self._body.dry_run:
            return _item(finding_id, finding, "planned", "it would get the new URL")
        return self._change(finding_id, finding)

    def _change(self, finding_id: str, finding: Finding) -> MigratedInfo:
        connectors, call = self._call.app.connectors, self._call
        try:
            before = connectors.get(finding.thing.scope, finding.thing.identifier)
            saved = connectors.update(_draft(before, finding), by=call.actor, authority=CallerAuthority(call))
        except AccessDeniedError as error:
            return _item(finding_id, finding, "denied", error.message)
        except AppError as error:
            return _item(finding_id, finding, "failed", error.message)
        notes = "; ".join(dict.fromkeys(warning.text for warning in saved.warnings))
        done = _item(finding_id, finding, "migrated", notes or "it has the new URL")
        return self._tested(saved.connector, done)

    def _tested(self, connector: Connector, done: MigratedInfo) -> MigratedInfo:
        """What the test says is told and kept as the connector's status; the change stays."""
        tasks = self._call.app.connector_tasks
        if connector.spec.ignore_test_connection:
            return done.model_copy(update={"test_message": "it is never tested (ignoreTestConnection)"})
        if not may_use_secrets(self._call, connector):
            return done.model_copy(update={"test_message": "not tested: you may not use its secrets"})
        if time.monotonic() > self._tests_until:
            tasks.start_test(connector.scope, connector.identifier)
            return done.model_copy(update={"test_message": "its test goes on"})
        try:
            with self._slow.one("connection tests", self._call.share_key):
                report = tasks.tested(connector.scope, connector.identifier, by=self._call.actor).report
        except AppError as error:  # too many go on, or somebody took it away: it is changed all the same
            return done.model_copy(update={"test_message": f"not tested: {error.message}"})
        status = status_of(report, self._call.app.clock.now())
        return done.model_copy(update={"test": status.status, "test_message": status.error_summary})


def _draft(before: Connector, finding: Finding) -> ConnectorDraft:
    """All as it is but the URL; the provider type follows it where the registry is another one."""
    assert finding.migration is not None
    after, spec = finding.migration.after, before.spec
    old, new = normalise_url(spec.url, spec.provider_type), normalise_url(after, provider_of(after))
    provider = spec.provider_type if old.registry == new.registry else provider_of(after)
    return ConnectorDraft(
        scope=before.scope,
        identifier=before.identifier,
        name=before.name,
        spec=replace(spec, url=after, provider_type=provider),
        description=before.description,
        tags=before.tags,
    )


def _item(finding_id: str, finding: Finding | None, outcome: str, message: str) -> MigratedInfo:
    migration = finding.migration if finding else None
    return MigratedInfo.model_validate(
        {
            "id": finding_id,
            "thing": ThingInfo.of(finding.thing) if finding else None,
            "before": migration.before if migration else None,
            "after": migration.after if migration else None,
            "outcome": outcome,
            "message": message,
        }
    )
