"""What every store counts of itself, by the same labels."""

from pierhead.kit.ids import new_id


def test_an_empty_store_has_figures_all_of_them_nothing(store) -> None:
    found = store.figures()
    assert found["audit_sequence"] == {(): 0}
    assert {name: sum(rows.values()) for name, rows in found.items()} == dict.fromkeys(found, 0)


def test_rows_are_counted_by_state_and_kind(store, build) -> None:
    with store.transaction() as tx:
        for _ in range(3):
            tx.tasks.add(build.task(new_id()))
        tx.runs.add(build.run())
        tx.tokens.add(build.key())
        tx.delegates.put(build.delegate())
        tx.delegate_tokens.add(build.token())
    found = store.figures()
    task, run, delegate = build.task(), build.run(), build.delegate()
    assert found["tasks"] == {(task.state.value, task.kind): 3}
    assert found["runs"] == {(run.state.value,): 1}
    assert found["delegates"] == {(delegate.state.value, str(delegate.is_connected).lower()): 1}
    assert found["delegate_tokens"] == {(build.token().status.value,): 1}
    assert sum(found["tokens"].values()) == 1


def test_a_store_that_answers_is_in_order(store) -> None:
    store.check()
