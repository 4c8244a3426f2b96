"""A mirror in a whole server, between two registries: what is copied, what is asked, what is remembered."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pierhead.control.connectors import ConnectorNotFoundError
from pierhead.control.mirroring import (
    Deletion,
    MirrorDraft,
    MirroredRepository,
    MirrorIsRunningError,
    MirrorRun,
    MirrorSpec,
    Preset,
    RunState,
    Trigger,
    run_book,
)
from pierhead.control.scopes import ScopedReference
from pierhead.kit.paging import PageRequest
from pierhead.oci.tag_selection import TagRules
from pierhead.server.bootstrap import Application
from pierhead.server.jobs.mirror_schedule import MirrorSchedule
from pierhead.server.jobs.work import ordered
from pierhead.testing import images
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import layer

SHARED = layer({"base": "the same in all of them"})
Run = Callable[..., MirrorRun]


def spec_of(*repositories: MirroredRepository, **more: object) -> MirrorSpec:
    places = (ScopedReference.parse("account.src"), ScopedReference.parse("account.dst"))
    return MirrorSpec(*places, repositories=repositories, **more)  # type: ignore[arg-type]


@pytest.fixture
def mirrored(application: Application) -> Callable[[MirrorSpec], None]:
    def write(spec: MirrorSpec) -> None:
        draft = MirrorDraft(application.scope, "m", "m", spec)
        made = application.mirroring.service
        try:
            made.get(application.scope, "m")
        except Exception:
            made.create(draft)
        else:
            made.update(draft)

    return write


def an_image(text: str) -> images.Image:
    return images.image([SHARED, layer({"own": text})])


APP = MirroredRepository("team/app", TagRules(semver=">=1", exclude=("*-rc*",)))


def test_what_the_rules_choose_is_copied_under_its_own_name(
    source: FakeRegistry, target: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    digests = {tag: source.add("team/app", tag, an_image(tag)) for tag in ("1.0", "1.1", "2.0-rc1", "latest")}
    mirrored(spec_of(APP))
    done = run()
    assert done.state is RunState.SUCCEEDED, done
    assert {(item.plan.tag, item.state) for item in done.items} == {("1.0", "copied"), ("1.1", "copied")}
    assert {item.plan.tag: item.target_digest for item in done.items} == {
        tag: str(digests[tag]) for tag in ("1.0", "1.1")
    }
    assert target.content.find_manifest("team/app", "1.1") is not None
    assert target.content.find_manifest("team/app", "latest") is None


def test_a_run_with_nothing_to_do_asks_the_source_once_a_tag_and_the_target_nothing(
    source: FakeRegistry, target: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    tags = tuple(f"1.{number}" for number in range(10))
    for tag in tags:
        source.add("team/app", tag, an_image(tag))
    mirrored(spec_of(MirroredRepository("team/app", TagRules(exact=tags))))
    run()
    source.forget_requests()
    target.forget_requests()
    done = run()
    assert (done.state, done.kept, done.items) == (RunState.SUCCEEDED, 10, ())
    assert [seen.method for seen in source.requests] == ["HEAD"] * 10
    assert target.requests == ()


def test_what_never_moves_is_not_even_asked_for(
    source: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    source.add("team/app", "1.0", an_image("1.0"))
    mirrored(spec_of(MirroredRepository("team/app", TagRules(exact=("1.0",))), immutable=("*",)))
    run()
    source.forget_requests()
    assert run().kept == 1
    assert source.requests == ()


def test_a_tag_that_moved_is_copied_again_and_the_ledger_knows_both(
    application: Application, source: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    before = source.add("team/app", "1.0", an_image("one"))
    mirrored(spec_of(APP))
    run()
    after = source.add("team/app", "1.0", an_image("two"))
    (item,) = run().items
    assert (item.state, item.plan.before, item.target_digest) == ("copied", str(before), str(after))
    with application.store.snapshot() as tx:
        seen = tx.sightings.of(application.account.id, f"{source.host}/team/app", "1.0")
    assert [each.digest for each in seen] == [str(before), str(after)]


def test_what_is_written_over_is_kept_under_a_tag_of_its_own(
    source: FakeRegistry, target: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    before = source.add("team/app", "1.0", an_image("one"))
    mirrored(spec_of(APP, backup="{tag}-before-{date}"))
    assert [item.backup for item in run().items] == [""]
    after = source.add("team/app", "1.0", an_image("two"))
    done = run()
    (item,) = done.items
    assert (done.state, item.state) == (RunState.SUCCEEDED, "copied")
    assert item.backup == f"1.0-before-{done.started_at:%Y%m%d}"
    kept, moved = (target.content.find_manifest("team/app", tag) for tag in (item.backup, "1.0"))
    assert (kept and kept[0], moved and moved[0]) == (before, after)


def test_what_cannot_be_kept_is_not_written_over(
    source: FakeRegistry, target: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    before = source.add("team/app", "1.0", an_image("one"))
    mirrored(spec_of(APP, backup="{tag}-before-{date}"))
    run()
    target.content.remove_manifest("team/app", before)
    source.add("team/app", "1.0", an_image("two"))
    (item,) = run().items
    assert (item.state, item.backup) == ("failed", "")
    assert target.content.find_manifest("team/app", "1.0") is None


def test_a_dry_run_tells_the_plan_and_touches_nothing(
    application: Application,
    source: FakeRegistry,
    target: FakeRegistry,
    mirrored: Callable[[MirrorSpec], None],
    run: Run,
) -> None:
    source.add("team/app", "1.0", an_image("one"))
    mirrored(spec_of(APP))
    planned = run(is_plan=True)
    (item,) = planned.items
    assert (planned.state, item.plan.fate, item.state) == (RunState.SUCCEEDED, "copy", "planned")
    assert target.requests == ()
    assert application.mirroring.service.held(application.scope, "m") == ()


def test_one_image_that_cannot_be_had_does_not_stop_the_others(
    source: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    source.add("team/app", "1.0", an_image("one"))
    mirrored(
        spec_of(
            MirroredRepository("team/app", TagRules(exact=("1.0", "9.9"))),
            MirroredRepository("no/such", TagRules(newest=1)),
        )
    )
    done = run()
    said = {item.plan.name: (item.state, item.plan.code) for item in done.items}
    assert done.state is RunState.INCOMPLETE
    assert said["team/app:1.0"] == ("copied", "")
    assert said["team/app:9.9"] == ("", "manifest-unknown")
    assert said["no/such:*"] == ("", "repository-unknown")


def test_a_source_that_is_away_fails_the_run_and_makes_nothing_missing(
    application: Application, source: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    source.add("team/app", "1.0", an_image("one"))
    mirrored(spec_of(APP))
    run()
    source.stop()
    done = run()
    assert done.state is RunState.FAILED
    assert {item.plan.code for item in done.items} == {"connect-refused"}
    (held,) = application.mirroring.service.held(application.scope, "m")
    assert held.missed == 0


def test_what_is_missing_stays_at_the_target_and_is_counted(
    application: Application, source: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    source.add("team/app", "1.0", an_image("one"))
    source.add("team/app", "1.1", an_image("two"))
    mirrored(spec_of(APP, deletion=Deletion.NEVER))
    run()
    source.content.untag("team/app", "1.0")
    (item,) = run().items
    assert (item.plan.fate, item.plan.tag) == ("missing", "1.0")
    held = {each.tag: each.missed for each in application.mirroring.service.held(application.scope, "m")}
    assert held == {"1.0": 1, "1.1": 0}


def test_the_preset_wants_every_image_that_pipelines_may_need(
    application: Application, source: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run
) -> None:
    source.add("harness/ci-addon", "1.16.92", an_image("addon"))
    mirrored(spec_of(preset=Preset.CI_IMAGES))
    done = run(is_plan=True)
    fates = {item.plan.name: item.plan.fate for item in done.items}
    assert fates.pop("harness/ci-addon:1.16.92") == "copy"
    assert len(fates) > 20
    assert set(fates.values()) == {"fail"}


def test_a_mirror_runs_once_at_a_time(application: Application, mirrored: Callable[[MirrorSpec], None]) -> None:
    mirrored(spec_of(APP))
    application.background.close()  # nobody takes the task
    begun = application.mirroring.tasks.start(application.scope, "m")
    with pytest.raises(MirrorIsRunningError):
        application.mirroring.tasks.start(application.scope, "m")
    cancelled = application.mirroring.tasks.cancel(application.account.id, begun.id)
    assert cancelled.state is RunState.CANCELLED
    again = application.mirroring.tasks.start(application.scope, "m")
    assert again.id != begun.id


def test_a_connector_that_is_deleted_meanwhile_fails_the_run_in_words(
    application: Application, mirrored: Callable[[MirrorSpec], None]
) -> None:
    mirrored(spec_of(APP))
    application.background.close()  # nobody else takes the task
    begun = application.mirroring.tasks.start(application.scope, "m")
    application.connectors.delete(application.scope, "src")
    lease = application.queue.lease("me", ("survey",), wait_s=0)
    assert lease is not None
    assert ordered(application.works["survey"], lease) is None
    failed = application.mirroring.service.run(application.account.id, begun.id)
    assert failed.state is RunState.FAILED
    assert "src" in failed.error["message"]
    with pytest.raises(ConnectorNotFoundError):
        application.mirroring.tasks.start(application.scope, "m")


def test_a_schedule_begins_a_run_when_it_is_due_and_only_one(
    application: Application,
    source: FakeRegistry,
    mirrored: Callable[[MirrorSpec], None],
    ended: Callable[[MirrorRun], MirrorRun],
) -> None:
    source.add("team/app", "1.0", an_image("one"))
    mirrored(spec_of(APP, schedule="* * * * *"))
    mirrored_at = application.mirroring.service.get(application.scope, "m").last_modified_at
    schedules = [MirrorSchedule(application.store, application.mirroring.tasks) for _ in range(2)]
    assert [each.begin_due(mirrored_at) for each in schedules] == [0, 0]
    later = mirrored_at + timedelta(seconds=61)
    assert sum(each.begin_due(later) for each in schedules) == 1
    page = application.mirroring.service.runs(application.scope, "m", PageRequest())
    assert [run.trigger for run in page.items] == [Trigger.SCHEDULE]
    assert ended(page.items[0]).state is RunState.SUCCEEDED


def test_a_mirror_that_is_switched_off_is_not_begun_by_its_schedule(
    application: Application, mirrored: Callable[[MirrorSpec], None]
) -> None:
    mirrored(spec_of(APP, schedule="* * * * *"))
    made = application.mirroring.service.get(application.scope, "m")
    application.mirroring.service.update(MirrorDraft(made.scope, "m", "m", made.spec, is_enabled=False))
    due = made.last_modified_at + timedelta(days=1)
    assert MirrorSchedule(application.store, application.mirroring.tasks).begin_due(due) == 0


def test_what_is_too_much_for_one_run_is_counted_and_comes_with_the_next(
    source: FakeRegistry, mirrored: Callable[[MirrorSpec], None], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_book, "MAX_ITEMS", 2)
    for tag in ("1.0", "1.1", "1.2"):
        source.add("team/app", tag, an_image(tag))
    mirrored(spec_of(APP))
    first = run()
    assert (first.state, first.counts, first.items_total) == (RunState.SUCCEEDED, {"copied": 2, "defer": 1}, 3)
    assert run().counts == {"kept": 2, "copied": 1}


def test_the_runs_of_a_mirror_do_not_grow_without_end(
    application: Application,
    source: FakeRegistry,
    mirrored: Callable[[MirrorSpec], None],
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_book, "KEPT_RUNS", 1)
    source.add("team/app", "1.0", an_image("one"))
    mirrored(spec_of(APP))
    runs = [run(is_plan=True).id for _ in range(3)]
    page = application.mirroring.service.runs(application.scope, "m", PageRequest())
    assert [each.id for each in page.items] == [runs[2], runs[1]]


def test_a_list_of_some_mirrors_has_pages_of_its_own(application: Application) -> None:
    service = application.mirroring.service
    for name in ("a", "b", "c", "d"):
        service.create(MirrorDraft(application.scope, name, name, spec_of(APP)))
    pages = [service.list(application.scope, PageRequest(index, 1), among={"a", "d", "x"}) for index in range(3)]
    assert [[each.identifier for each in page.items] for page in pages] in ([["d"], ["a"], []], [["a"], ["d"], []])
    assert {page.total for page in pages} == {2}
