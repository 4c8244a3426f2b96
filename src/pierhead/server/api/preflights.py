"""How routes ask whether images are where runs would pull them, before they pin them."""

from collections.abc import Iterable
from datetime import datetime

from pierhead.control.catalogue import Infra, PinChange
from pierhead.control.connectors import DEFAULT_IDENTIFIER, Connector, ConnectorNotFoundError, default_draft
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.server.auth import Call
from pierhead.server.jobs.preflight import BUILT_IN_ID, Preflight, PreflightRefusedError, PreflightReport, Wanted

from .slow_calls import SlowCalls
from .uses import use_connector
from .wire.preflight import PreflightWay


def run_preflight(
    call: Call, slow: SlowCalls, scope: Scope, way: PreflightWay, wanted: Iterable[Wanted]
) -> PreflightReport:
    """At the connector that ``way`` names, or at the account's own, against the built-in one or another source.

    A connector that the caller names is one that the caller has to be allowed to use. Raises AppError.
    """
    target = _named(call, way.connector, scope) or _default(call)
    source = (_named(call, way.source, scope) or built_in(call.account, call.app.clock.now())) if way.compare else None
    with slow.one("pre-flight checks", call.share_key):
        return Preflight(call.app.connector_tasks).check(target, source, wanted)


def refuse_absent(call: Call, slow: SlowCalls, scope: Scope, way: PreflightWay, changes: Iterable[PinChange]) -> None:
    """Raises PreflightRefusedError unless every image that shall be pinned is there."""
    wanted = [Wanted(each.infra, each.field, each.value) for each in changes if each.value is not None]
    if not wanted:
        return
    report = run_preflight(call, slow, scope, way, wanted)
    if not report.is_good:
        raise PreflightRefusedError(report)


def effective_images(call: Call, scope: Scope, infras: Iterable[Infra]) -> tuple[Wanted, ...]:
    """What runs in that scope would use, for every field."""
    return tuple(
        Wanted(infra, field, image)
        for infra in infras
        for field, image in call.app.catalogue.effective(scope, infra).items()
    )


def built_in(account: str, at: datetime) -> Connector:
    """Docker Hub without credentials, which is stored nowhere."""
    draft = default_draft(account)
    return Connector(
        id=BUILT_IN_ID,
        scope=draft.scope,
        identifier="builtIn",
        name="built-in",
        description="",
        tags={},
        spec=draft.spec,
        version=1,
        created_at=at,
        last_modified_at=at,
    )


def _named(call: Call, reference: str | None, scope: Scope) -> Connector | None:
    if reference is None:
        return None
    connector = call.app.connectors.resolve(reference, scope)
    use_connector(call, connector, _not_found)  # one that the caller may not see is as one that is not there
    return connector


def _not_found(scope: Scope, identifier: str) -> AppError:
    return ConnectorNotFoundError(identifier, scope.level)


def _default(call: Call) -> Connector:
    """Where images come from when no stage says otherwise."""
    found = call.app.connectors.find_all([(Scope(call.account), DEFAULT_IDENTIFIER)])
    return found[0] if found else built_in(call.account, call.app.clock.now())
