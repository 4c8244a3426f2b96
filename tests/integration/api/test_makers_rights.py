"""Mirrors and watches go on by the rights that their makers have now, whoever or whatever starts them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from pierhead.control.access import Permission as P
from pierhead.control.access import PrincipalRef, ServiceAccountDraft
from pierhead.control.connectors import parse_connector
from pierhead.control.mirroring import MirrorDraft, MirrorRun, RunState, Trigger
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.protocol.survey import SurveyedRepository, SurveyedTag, SurveyResult
from pierhead.protocol.tasks import Task
from pierhead.server.jobs.makers_rights import MakerMayNotError, MakersRights
from pierhead.server.jobs.mirror_schedule import MirrorSchedule
from pierhead.server.jobs.watching import WatchPolling
from pierhead.server.jobs.work import ordered
from pierhead.testing.application import A_DIGEST, MemoryApplication
from pierhead.testing.granted import grant, somebody

EDITOR = (P.MIRROR_VIEW, P.MIRROR_EDIT, P.CONNECTOR_VIEW, P.CONNECTOR_EDIT, P.CONNECTOR_ACCESS)
REPOSITORIES = [{"repository": "team/app", "tags": {"exact": ["1.0"]}}]
SPEC = {"sourceRef": "account.src", "targetRef": "account.dst", "repositories": REPOSITORIES, "schedule": "* * * * *"}
MIRROR = {"identifier": "m", "name": "m", "spec": SPEC}
WATCH = {"identifier": "w", "connectorRef": "account.src", "image": "team/app", "tagRegex": ".*"}
RUNS, POLL = "/pierhead/v1/mirrors/m/runs", "/pierhead/v1/watches/w/poll"
SECRETS = "/ng/api/v2/secrets"
ANONYMOUS = {"type": "Anonymous"}
PASSWORD = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.password"}}


class World:
    """The connectors ``src`` and ``dst``; and a mirror and a watch of somebody who may edit and use connectors."""

    def __init__(self, application: MemoryApplication, client: TestClient, app: FastAPI) -> None:
        self.application = application
        self.scope = Scope(application.account.id)
        self.admin = client
        self.app = app
        for name in ("src", "dst"):
            self.put(name, ANONYMOUS, is_new=True)
        self.maker, key = somebody(application)
        self.allow(*EDITOR)
        self.client = self.of(key.reveal())

    def of(self, key: str) -> TestClient:
        return TestClient(self.app, headers={"X-API-KEY": key, "Harness-Account": self.scope.account})

    def put(self, name: str, auth: Mapping[str, Any], *, is_new: bool = False) -> None:
        spec = {"dockerRegistryUrl": f"https://{name}.example", "providerType": "Other", "auth": auth}
        named = {"identifier": name, "name": name, "type": "DockerRegistry"}
        full = {**named, "spec": {**spec, "executeOnDelegate": False}}
        draft = parse_connector({"connector": full}, self.scope.account)
        service = self.application.connectors
        (service.create if is_new else service.update)(draft)

    def give_password(self) -> None:
        """The admin gives one to the source connector."""
        spec = {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": "s3cret"}
        body = {"secret": {"type": "SecretText", "name": "password", "identifier": "password", "spec": spec}}
        assert self.admin.post(SECRETS, json=body).status_code == 200
        self.put("src", PASSWORD)

    def allow(self, *permissions: P) -> None:
        grant(self.application, self.maker, self.scope, permissions)

    def take(self, *, but: tuple[P, ...] = ()) -> None:
        """Everything that the maker was granted, but this."""
        assignments = self.application.tenancy.rights.assignments
        for each in assignments.list(self.scope):
            if each.principal == self.maker:
                assignments.delete(self.scope, each.identifier)
        self.allow(*but)

    def save(self) -> None:
        for path, body in (("mirrors", MIRROR), ("watches", WATCH)):
            answer = self.client.post(f"/pierhead/v1/{path}", json=body)
            assert answer.status_code == 200, answer.text

    def scheduled(self) -> MirrorRun:
        """The run that is begun by its schedule a minute later."""
        self.application.clock.advance(61)
        schedule = MirrorSchedule(self.application.store, self.application.mirroring.tasks)
        assert schedule.begin_due(self.application.clock.now()) == 1
        found = self.application.mirroring.service.runs(self.scope, "m", PageRequest(0, 1)).items
        return found[0]

    def order(self, kind: str) -> Task | None:
        lease = self.application.queue.lease("me", (kind,), wait_s=0)
        assert lease is not None
        return ordered(self.application.works[kind], lease)

    def begin(self) -> str:
        """A run begun by the admin, as the API does it; gives its id."""
        answer = self.admin.post(RUNS)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["id"])

    def run(self, run_id: str) -> MirrorRun:
        return self.application.mirroring.service.run(self.scope.account, run_id)

    def poll(self) -> Any:
        """As the background polls."""
        app = self.application
        polling = WatchPolling(app.watches, app.connectors, app.connector_tasks, MakersRights(app.access))
        return polling.poll(self.scope, "w").watched.state


@pytest.fixture
def world(application: MemoryApplication, client: TestClient, app: FastAPI) -> World:
    return World(application, client, app)


def lose_the_secret(world: World) -> None:
    world.give_password()
    world.allow(P.SECRET_ACCESS)
    world.save()
    world.take(but=EDITOR)


def lose_the_connector(world: World) -> None:
    world.save()
    world.take(but=(P.MIRROR_VIEW, P.MIRROR_EDIT, P.CONNECTOR_VIEW))


def get_a_password_afterwards(world: World) -> None:
    world.save()
    world.give_password()


def leave(world: World) -> None:
    world.save()
    world.application.tenancy.people.users.delete(world.scope.account, world.maker.identifier)


def be_disabled(world: World) -> None:
    world.save()
    world.application.tenancy.people.users.disable(world.scope.account, world.maker.identifier)


WAYS = (lose_the_secret, lose_the_connector, get_a_password_afterwards, leave, be_disabled)
any_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
Way = Callable[[World], None]


@any_way
def test_a_run_by_demand_is_refused_once_the_maker_may_not(world: World, way: Way) -> None:
    way(world)
    refused = world.admin.post(RUNS)
    assert (refused.status_code, refused.json()["pierheadCode"]) == (403, "maker-may-not")
    assert "mirror [m] may not use connector account.src" in refused.json()["message"]
    assert "save it again" in refused.json()["hint"]
    assert world.application.queue.lease("me", ("survey",), wait_s=0) is None


@any_way
def test_a_run_by_schedule_fails_in_words_and_comes_again_when_it_is_due(world: World, way: Way) -> None:
    way(world)
    failed = world.scheduled()
    assert (failed.trigger, failed.state, failed.error["code"]) == (Trigger.SCHEDULE, RunState.FAILED, "maker-may-not")
    assert world.application.queue.lease("me", ("survey",), wait_s=0) is None
    schedule = MirrorSchedule(world.application.store, world.application.mirroring.tasks)
    assert schedule.begin_due(world.application.clock.now()) == 0
    assert world.scheduled().id != failed.id


@any_way
def test_a_watch_is_not_polled_once_its_maker_may_not(world: World, way: Way) -> None:
    way(world)
    world.application.connector_tasks.tags = ("private-1.0",)
    state = world.poll()
    assert (state.error_code, state.listed, state.newest) == ("maker-may-not", 0, None)
    assert "watch [w] may not use connector account.src" in state.error
    asked = world.admin.post(POLL).json()["data"]
    assert (asked["watch"]["state"]["errorCode"], asked["events"]) == ("maker-may-not", [])


def test_rights_that_are_given_back_are_enough(world: World) -> None:
    lose_the_secret(world)
    assert world.scheduled().state is RunState.FAILED
    assert world.poll().error_code == "maker-may-not"
    world.allow(P.SECRET_ACCESS)
    world.begin()
    world.application.connector_tasks.tags = ("1.0",)
    assert (world.poll().error_code, world.poll().newest) == ("", "1.0")


def test_somebody_with_the_rights_saves_it_again_and_it_runs_by_his(world: World) -> None:
    get_a_password_afterwards(world)
    denied = world.client.put("/pierhead/v1/mirrors/m", json=MIRROR)
    assert (denied.status_code, denied.json()["code"]) == (403, "NG_ACCESS_DENIED")
    assert world.admin.post(RUNS).status_code == 403
    assert world.admin.put("/pierhead/v1/mirrors/m", json=MIRROR).status_code == 200
    world.begin()


def test_whoever_only_runs_it_needs_no_more_than_that(world: World) -> None:
    world.give_password()
    world.allow(P.SECRET_ACCESS)
    world.save()
    ref, key = somebody(world.application)
    grant(world.application, ref, world.scope, (P.MIRROR_VIEW, P.MIRROR_RUN))
    assert world.of(key.reveal()).post(RUNS).status_code == 200


def test_a_survey_that_waited_is_not_ordered_any_more(world: World) -> None:
    world.save()
    run_id = world.begin()
    world.give_password()
    assert world.order("survey") is None
    assert (world.run(run_id).state, world.run(run_id).error["code"]) == (RunState.FAILED, "maker-may-not")


def test_copies_are_not_ordered_once_the_maker_lost_the_right_after_the_survey(world: World) -> None:
    world.save()
    run_id = world.begin()
    surveyed(world)
    world.take()
    assert world.order("mirror") is None
    run = world.run(run_id)
    assert {item.code for item in run.items} == {"maker-may-not"}
    assert (run.state, world.application.mirroring.service.held(world.scope, "m")) == (RunState.FAILED, ())


def test_copies_are_ordered_while_the_maker_may(world: World) -> None:
    world.save()
    world.begin()
    surveyed(world)
    assert world.order("mirror") is not None


def surveyed(world: World) -> None:
    app = world.application
    lease = app.queue.lease("me", ("survey",), wait_s=0)
    assert lease is not None
    found = SurveyedRepository(repository="team/app", tags=(SurveyedTag(tag="1.0", digest=A_DIGEST),), is_complete=True)
    app.works["survey"].finish(lease, SurveyResult(repositories=(found,)), is_cancelled=False)


def test_a_service_account_that_got_the_name_later_has_not_its_mirrors(world: World) -> None:
    accounts = world.application.tenancy.people.service_accounts
    draft = ServiceAccountDraft(world.scope, "robot", "robot", email="robot@service.harness.io")
    accounts.create(draft)
    ref = next(each.ref for each in accounts.list(world.scope))
    made_by(world, ref)
    start = world.application.mirroring.tasks.start
    grant(world.application, ref, world.scope, EDITOR)
    start(world.scope, "m")
    accounts.delete(world.scope, "robot")
    world.application.clock.advance(1)
    accounts.create(draft)
    grant(world.application, ref, world.scope, EDITOR)
    assert world.order("survey") is None
    with pytest.raises(MakerMayNotError):
        start(world.scope, "m")


@pytest.mark.parametrize("key", ["DELEGATE:///d", "SYSTEM:///x", "nobody", "NOBODY:///x"])
def test_others_than_people_and_service_accounts_have_no_rights(world: World, key: str) -> None:
    made_by(world, key)
    with pytest.raises(MakerMayNotError):
        world.application.mirroring.tasks.start(world.scope, "m")


def test_what_the_program_itself_made_runs(world: World) -> None:
    made_by(world, "")
    world.give_password()
    world.application.mirroring.tasks.start(world.scope, "m")


def made_by(world: World, maker: PrincipalRef | str) -> None:
    """A mirror with this maker."""
    world.save()
    service = world.application.mirroring.service
    known = service.get(world.scope, "m")
    key = maker if isinstance(maker, str) else maker.key
    service.update(MirrorDraft(world.scope, "m", "m", known.spec, made_by=key))
