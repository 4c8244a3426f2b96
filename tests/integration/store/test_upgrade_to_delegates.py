"""A database of the time before delegates, with rows in it, is brought to the newest schema and back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from pierhead.adapters.sql import SqlStore
from pierhead.adapters.sql.engine import Engines, make_engines, schema_change
from pierhead.adapters.sql.migrations import configuration
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskState
from pierhead.kit.paging import PageRequest

THEN = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    postgres = request.getfixturevalue("postgres")
    name = postgres.new_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def engines(where: str) -> Iterator[Engines]:
    made = make_engines(where)
    yield made
    made.dispose()


def to(engines: Engines, revision: str) -> None:
    with engines.writer.connect() as connection, schema_change(connection):
        if revision == "0001" and sa.inspect(connection).has_table("delegates"):
            command.downgrade(configuration(connection), revision)
        else:
            command.upgrade(configuration(connection), revision)


def fill(engines: Engines) -> None:
    """Two runs of two images and one image, their tasks, and a connector."""
    spec = {"url": "https://r.example.com", "providerType": "Other", "auth": None}
    spec |= dict.fromkeys(("caCertificatePem", "clientCertificatePem", "clientKeyRef", "proxyUrl"))
    spec |= dict.fromkeys(("executeOnDelegate", "proxy", "ignoreTestConnection"), False)
    spec |= {"delegateSelectors": [], "trustedRealmHosts": []}
    placed = {"account": "acct", "org": "", "project": ""}
    add(
        engines,
        "connectors",
        **placed,
        id="c1",
        identifier="hub",
        type="DockerRegistry",
        name="hub",
        description="",
        tags={},
        spec=spec,
        version=1,
        created_at=THEN,
        last_modified_at=THEN,
        search_text="hub",
    )
    for number, images in ((1, 2), (2, 1)):
        run = f"r{number}"
        counted = {"fence": 0, "attempts": 0, "max_attempts": 3, "is_cancel_requested": False}
        named = {"id": f"task {number}", "account": "acct", "kind": "pull", "state": "QUEUED", "created_at": THEN}
        add(engines, "tasks", **named, **counted, payload={"runId": run})
        asked = {"pipeline": "p", "source": "", "requested_by": "key", "state": "running", "created_at": THEN}
        add(engines, "runs", **placed, **asked, id=run, task_id=f"task {number}", warnings=[])
        add(engines, "run_stages", run_id=run, identifier="s", name="S", infra="K8", position=0, warnings=[])
        for position in range(images):
            add_image(engines, run, position)


def add_image(engines: Engines, run: str, position: int) -> None:
    texts = ("role", "reference", "name_reason", "connector_source", "version", "version_source", "platform")
    lists: Any = ("used_by", "connector_trail", "version_trail", "warnings")
    add(
        engines,
        "run_images",
        **dict.fromkeys((*texts, "pull_policy", "pull_key"), ""),
        **{name: [] for name in lists},
        run_id=run,
        stage="s",
        position=position,
        timeout_s=1.5,
        state="pending",
        bytes_done=0,
        bytes_fetched=0,
    )


def add(engines: Engines, table: str, **values: Any) -> None:
    with engines.writer.begin() as connection:
        known = sa.Table(table, sa.MetaData(), autoload_with=connection)
        connection.execute(known.insert(), values)


def test_every_image_gets_the_task_of_its_run_and_every_connector_is_due(where: str, engines: Engines) -> None:
    to(engines, "0001")
    fill(engines)
    store = SqlStore(where)
    with store.transaction() as tx:
        run = tx.runs.find_by_task("task 1")
        assert run is not None
        assert [(image.task_id, image.path_reason, image.delegate) for image in run.images] == [
            ("task 1", "", None),
            ("task 1", "", None),
        ]
        other = tx.runs.find("acct", "r2")
        assert other is not None
        assert other.task_ids == ("task 2",)
        task = tx.tasks.lease("platform", ["pull"], THEN, THEN)  # what was queued is the platform's, as before
        assert task is not None
        assert (task.id, task.route, task.checkpoint, task.result) == ("task 1", None, None, None)
        assert tx.connectors.claim_due_tests(datetime.now(UTC), THEN, 10) == ((Scope("acct"), "hub"),)
    store.close()


def test_rows_keep_their_order_and_new_ones_come_after_them(where: str, engines: Engines) -> None:
    to(engines, "0001")
    fill(engines)
    to(engines, "head")
    add(engines, "runs", **_run("r3"), state="running")
    store = SqlStore(where)
    with store.snapshot() as tx:
        assert [run.id for run in tx.runs.page("acct", PageRequest()).items] == ["r3", "r2", "r1"]
        assert [task.id for task in tx.tasks.page("acct", {TaskState.QUEUED}, PageRequest()).items] == [
            "task 2",
            "task 1",
        ]
    store.close()


def test_the_way_back_gives_every_run_its_task_again(engines: Engines) -> None:
    to(engines, "0001")
    fill(engines)
    to(engines, "head")
    to(engines, "0001")
    with engines.reader.begin() as connection:
        found = connection.exec_driver_sql("SELECT id, task_id FROM runs ORDER BY id").fetchall()
        assert [tuple(row) for row in found] == [("r1", "task 1"), ("r2", "task 2")]
        assert connection.exec_driver_sql("SELECT count(*) FROM run_images").scalar() == 3
    to(engines, "head")


def _run(run: str) -> dict[str, object]:
    scope = {"account": "acct", "org": "", "project": ""}
    return {**scope, "id": run, "pipeline": "p", "source": "", "requested_by": "k", "created_at": THEN, "warnings": []}
