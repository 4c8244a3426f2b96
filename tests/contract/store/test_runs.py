"""Rows of runs, their stages and images."""

from dataclasses import replace
from typing import Any

import pytest

from pierhead.control.pipelines import ImageFacts, ImageFailure, ImageState, RunState
from pierhead.kit.errors import ConflictError
from pierhead.kit.paging import PageRequest

PULLING = ImageFacts(ImageState.PULLING, digest="sha256:aa", bytes_total=100, bytes_done=10, bytes_fetched=5)
PULLED = ImageFacts(
    ImageState.PULLED,
    manifest_digest="sha256:bb",
    bytes_done=100,
    bytes_fetched=90,
    seconds=1.25,
    rate_limit={"limit": 100, "remaining": 99, "windowS": None},
    warnings=("slow",),
)
FAILED = ImageFacts(
    ImageState.FAILED,
    failure=ImageFailure("tag-unknown", "not-found", "no such tag", "push it", {"status": 404, "url": "https://r"}),
)


def test_a_run_comes_back_whole_and_in_order(store: Any, build: Any) -> None:
    run = build.run(org="org", project="project")
    shuffled = replace(run, stages=run.stages[::-1], images=run.images[::-1])
    with store.transaction() as tx:
        tx.runs.add(shuffled)
    with store.snapshot() as tx:
        assert tx.runs.find("acct", "r1") == run
        assert tx.runs.find_by_task("task of r1") == run
        assert tx.runs.find("other", "r1") is None
        assert tx.runs.find("acct", "none") is None
        assert tx.runs.find_by_task("none") is None


def test_images_stand_in_the_order_of_their_stages_then_their_own(store: Any, build: Any) -> None:
    images = tuple(
        build.image("r1", stage, position) for stage, position in [("second", 0), ("first", 1), ("first", 0)]
    )
    with store.transaction() as tx:
        tx.runs.add(build.run(images=images))
    with store.snapshot() as tx:
        found = tx.runs.find("acct", "r1").images
    assert [(image.stage, image.position) for image in found] == [("first", 0), ("first", 1), ("second", 0)]


def test_a_run_without_stages_is_a_run(store: Any, build: Any) -> None:
    empty = build.run(stages=(), images=(), state=RunState.SUCCEEDED, finished_at=build.at(1), warnings=())
    with store.transaction() as tx:
        tx.runs.add(empty)
    with store.snapshot() as tx:
        assert tx.runs.find("acct", "r1") == empty


def test_a_run_id_is_taken_once(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.runs.add(build.run())
    with pytest.raises(ConflictError), store.transaction() as tx:
        tx.runs.add(build.run())


def test_pages_are_newest_first_without_stages_and_images(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for number in range(5):
            tx.runs.add(build.run(f"r{number}"))
        tx.runs.add(build.run("foreign", account="other"))
    with store.snapshot() as tx:
        pages = [tx.runs.page("acct", PageRequest(index, 2)) for index in range(4)]
    assert [run.id for page in pages for run in page.items] == ["r4", "r3", "r2", "r1", "r0"]
    assert {page.total for page in pages} == {5}
    assert pages[0].items[0] == build.run("r4", stages=(), images=())


def test_facts_are_laid_over_every_image_of_the_pull(store: Any, build: Any) -> None:
    images = (
        build.image("r1", "first", 0, pull_key="shared"),
        build.image("r1", "first", 1, pull_key="alone"),
        build.image("r1", "second", 0, pull_key="shared"),
    )
    with store.transaction() as tx:
        tx.runs.add(build.run(images=images))
        tx.runs.add(build.run("r2", images=(build.image("r2", "first", 0, pull_key="shared"),)))
    with store.transaction() as tx:
        tx.runs.put_facts("r1", iter([("shared", PULLING), ("alone", FAILED), ("unknown", PULLED)]))
        tx.runs.put_facts("none", [("shared", PULLED)])
    with store.transaction() as tx:
        tx.runs.put_facts("r1", [("shared", PULLED), ("shared", FAILED), ("alone", PULLED)])
    with store.snapshot() as tx:
        found = [image.facts for image in tx.runs.find("acct", "r1").images]
        other = [image.facts for image in tx.runs.find("acct", "r2").images]
    shared = ImageFacts().after(PULLING).after(PULLED).after(FAILED)
    assert found == [shared, ImageFacts().after(FAILED).after(PULLED), shared]
    assert found[0].state is ImageState.PULLED
    assert found[0].digest == "sha256:aa"
    assert other == [ImageFacts()]


def test_a_final_state_stays(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.runs.add(build.run())
        assert tx.runs.set_state("r1", RunState.FAILED, build.at(5))
        assert not tx.runs.set_state("r1", RunState.SUCCEEDED, build.at(6))
        assert not tx.runs.set_state("none", RunState.FAILED, build.at(6))
    with store.snapshot() as tx:
        assert tx.runs.find("acct", "r1") == build.run(state=RunState.FAILED, finished_at=build.at(5))


def test_a_run_is_found_by_each_of_its_tasks(store: Any, build: Any) -> None:
    images = (
        build.image("r1", "first", 0, task_id="a"),
        build.image("r1", "first", 1, task_id=None, path_reason=""),
        build.image("r1", "second", 0, task_id="b"),
    )
    with store.transaction() as tx:
        tx.runs.add(build.run(images=images))
        tx.runs.add(build.run("r2", images=()))
    with store.snapshot() as tx:
        run = tx.runs.find_by_task("b")
        assert run == tx.runs.find_by_task("a") == build.run(images=images)
        assert tx.runs.find_by_task("c") is None
    assert run.task_ids == ("a", "b")


def test_who_performs_a_task_is_written_beside_its_images_alone(store: Any, build: Any) -> None:
    images = tuple(
        build.image("r1", "first", number, task_id=name) for number, name in enumerate(["a", "b", "a", None])
    )
    with store.transaction() as tx:
        tx.runs.add(build.run(images=images))
        tx.runs.set_performer("r1", "a", "id-1", "site-1")
        tx.runs.set_performer("none", "b", "id-2", "site-2")
        tx.runs.set_performer("r1", "none", "id-2", "site-2")
    with store.snapshot() as tx:
        found = [(image.performer, image.delegate) for image in tx.runs.find("acct", "r1").images]
    assert found == [("id-1", "site-1"), (None, None), ("id-1", "site-1"), (None, None)]


@pytest.mark.parametrize("second", ["id-1", "id-2"])
def test_another_performer_begins_anew_with_what_has_no_outcome(store: Any, build: Any, second: str) -> None:
    images = tuple(
        build.image("r1", "first", number, task_id=task, pull_key=f"{number}")
        for number, task in enumerate(["a", "a", "a", "a", "b"])
    )
    facts = [PULLING, PULLED, FAILED, ImageFacts(), PULLING]
    with store.transaction() as tx:
        tx.runs.add(build.run(images=images))
        tx.runs.set_performer("r1", "a", "id-1", "site")
        tx.runs.set_performer("r1", "b", "id-1", "site")
        tx.runs.put_facts("r1", [(f"{number}", each) for number, each in enumerate(facts)])
        before = tx.runs.find("acct", "r1").images
        tx.runs.set_performer("r1", "a", second, "site, renamed")
    with store.snapshot() as tx:
        after = tx.runs.find("acct", "r1").images
    assert after == (*(image.performed_by(second, "site, renamed") for image in before[:4]), before[4])
    assert after[0].facts == (before[0].facts if second == "id-1" else ImageFacts())
    assert after[1:3] == before[1:3]
