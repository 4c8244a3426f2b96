"""Backups: what is in one comes back as it was, on either database, and who may have been turned away stays out."""

import gzip
import json
import random
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pierhead.adapters.backup_file import BackupDamagedError, BackupExistsError, BackupForeignError
from pierhead.adapters.sql.backup import StoreNotEmptyError
from pierhead.control.access import InvalidTokenError
from pierhead.control.audit import AuditBrokenError, AuditTamperedError
from pierhead.control.connectors import DockerRegistrySpec, ProviderType, UsernamePasswordAuth
from pierhead.control.connectors.model import ConnectorDraft
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SecretDraft
from pierhead.kit.redact import SecretValue
from pierhead.server.backups import KeyNotThereError, check_backup, create_backup, restore_backup
from pierhead.server.bootstrap import Application, open_application
from pierhead.server.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data directory with a few things of every kind in it."""
    settings = Settings(data=tmp_path / "data")
    application = open_application(settings, serves=False)
    _fill(application)
    application.close()
    return settings


def _fill(application: Application) -> None:
    account = Scope(application.account.id)
    application.secrets.create(SecretDraft(account, "pw", "pw", SecretValue("s3cret value")))
    spec = DockerRegistrySpec(
        "https://registry.example.com",
        ProviderType.OTHER,
        UsernamePasswordAuth(ScopedReference.parse("account.pw"), username="robot"),
    )
    application.connectors.create(ConnectorDraft(account, "own", "own", spec))
    with application.store.transaction() as tx:
        application.queue.enqueue(tx, application.account.id, "test", {"account": application.account.id})


def _elsewhere(settings: Settings, tmp_path: Path, name: str = "other") -> Settings:
    """Another place with the same encryption key."""
    data = tmp_path / name
    data.mkdir(mode=0o700)
    shutil.copy(settings.data / "encryption-key", data / "encryption-key")
    return replace(settings, data=data)


def _rows(application: Application) -> dict[str, list[object]]:
    names = ("secrets", "connectors", "pins", "runs", "users", "entities", "delegate_tokens")
    with application.store.reading() as connection:
        return {name: sorted(map(str, connection.execute(sa.text(f"SELECT * FROM {name}")).all())) for name in names}


def test_everything_comes_back(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert create_backup(settings, file) == check_backup(settings, file)
    assert file.stat().st_mode & 0o777 == 0o600
    other = _elsewhere(settings, tmp_path)
    restored = restore_backup(other, file, keeps_access=True)
    before, after = open_application(settings, serves=False), open_application(other, serves=False)
    assert _rows(after) == _rows(before)
    assert after.secrets.reveal("account.pw", after.scope) == SecretValue("s3cret value")
    assert restored.key is None
    assert restored.epoch == 2
    before.close()
    after.close()


def test_a_backup_moves_a_store_to_postgresql_where_work_goes_on(
    settings: Settings, tmp_path: Path, database: str
) -> None:
    create_backup(settings, tmp_path / "backup")
    other = replace(_elsewhere(settings, tmp_path), database_url=SecretValue(database))
    restore_backup(other, tmp_path / "backup", keeps_access=True)
    application = open_application(other, serves=False)
    account = application.account.id
    with application.store.transaction() as tx:  # the sequence goes on behind what was restored
        application.queue.enqueue(tx, account, "test", {})
    assert application.secrets.reveal("account.pw", application.scope) == SecretValue("s3cret value")
    application.close()


def test_a_restored_place_lets_nobody_in_but_with_the_new_key(settings: Settings, tmp_path: Path) -> None:
    key = SecretValue((settings.data / "admin-key").read_text().strip())
    create_backup(settings, tmp_path / "backup")
    other = _elsewhere(settings, tmp_path)
    restored = restore_backup(other, tmp_path / "backup", keeps_access=False)
    application = open_application(other, serves=False)
    with pytest.raises(InvalidTokenError):
        application.access.authenticate(key.reveal())
    assert restored.key is not None
    assert application.access.authenticate(restored.key.reveal()).account == application.account.id
    assert (other.data / "admin-key").read_text().strip() == restored.key.reveal()
    application.close()


def test_no_lease_of_the_life_before_is_good_any_more(settings: Settings, tmp_path: Path) -> None:
    application = open_application(settings, serves=False)
    lease = application.queue.lease("somebody", ["test"])
    assert lease is not None
    application.close()
    create_backup(settings, tmp_path / "backup")
    other = _elsewhere(settings, tmp_path)
    restore_backup(other, tmp_path / "backup", keeps_access=True)
    after = open_application(other, serves=False)
    again = after.queue.lease("another", ["test"])
    assert again is not None
    assert again.task.id == lease.task.id
    assert again.fence > lease.fence + 1000
    after.close()


def test_nothing_is_ever_restored_over_something(settings: Settings, tmp_path: Path) -> None:
    create_backup(settings, tmp_path / "backup")
    with pytest.raises(StoreNotEmptyError):
        restore_backup(settings, tmp_path / "backup", keeps_access=True)


def test_a_place_with_a_broken_trail_is_restored_and_used_and_stays_known_as_broken(
    settings: Settings, tmp_path: Path
) -> None:
    application = open_application(settings, serves=False)
    with application.store.writing() as connection:
        connection.execute(sa.text("DELETE FROM audit_records WHERE sequence > 3"))
        connection.execute(sa.text("UPDATE audit_tails SET sequence = 3"))
    with pytest.raises(AuditBrokenError):
        application.secrets.delete(application.scope, "pw", force=True)
    application.close()
    create_backup(settings, tmp_path / "backup")
    other = _elsewhere(settings, tmp_path)
    restored = restore_backup(other, tmp_path / "backup", keeps_access=False)
    assert "ends elsewhere" in restored.fault
    after = open_application(other, serves=False)
    after.secrets.create(SecretDraft(application.scope, "more", "more", SecretValue("x")))
    with pytest.raises(AuditTamperedError, match="the record is missing at record 4"):
        after.audit.verify(after.account.id)
    after.close()


def test_no_backup_is_overwritten(settings: Settings, tmp_path: Path) -> None:
    create_backup(settings, tmp_path / "backup")
    with pytest.raises(BackupExistsError):
        create_backup(settings, tmp_path / "backup")
    assert [path.name for path in tmp_path.glob("*.draft")] == []


def test_a_backup_is_made_while_a_server_holds_the_directory(settings: Settings, tmp_path: Path) -> None:
    application = open_application(settings, serves=False)
    with application.store.transaction() as tx:
        application.queue.enqueue(tx, application.account.id, "test", {})
        assert create_backup(settings, tmp_path / "backup") > 0
    application.close()


def test_restoring_wants_the_key_that_the_backup_was_made_with(settings: Settings, tmp_path: Path) -> None:
    create_backup(settings, tmp_path / "backup")
    bare = replace(settings, data=tmp_path / "bare")
    with pytest.raises(KeyNotThereError):
        restore_backup(bare, tmp_path / "backup", keeps_access=True)
    assert not bare.data.exists()
    stranger = Settings(data=tmp_path / "stranger")
    open_application(stranger, serves=False).close()
    (stranger.data / "pierhead.db").unlink()
    with pytest.raises(BackupDamagedError) as refusal:
        restore_backup(stranger, tmp_path / "backup", keeps_access=True)
    assert "encryption key" in refusal.value.hint
    assert not (stranger.data / "pierhead.db").exists()
    again = open_application(stranger, serves=False)
    assert [account.id for account in again.access.accounts()] == [again.account.id]  # nothing of it stayed
    again.close()


def test_checking_needs_the_key_and_no_database(settings: Settings, tmp_path: Path) -> None:
    rows = create_backup(settings, tmp_path / "backup")
    elsewhere = _elsewhere(settings, tmp_path)
    assert check_backup(elsewhere, tmp_path / "backup") == rows
    given = Settings(data=tmp_path / "nowhere", encryption_key_file=settings.data / "encryption-key")
    assert check_backup(given, tmp_path / "backup") == rows
    assert [path.name for path in elsewhere.data.iterdir()] == ["encryption-key"]
    with pytest.raises(KeyNotThereError):
        check_backup(Settings(data=tmp_path / "nowhere"), tmp_path / "backup")
    assert not given.data.exists()


def test_a_cut_backup_is_not_blamed_on_the_key(settings: Settings, tmp_path: Path) -> None:
    create_backup(settings, tmp_path / "backup")
    (tmp_path / "cut").write_bytes((tmp_path / "backup").read_bytes()[:-100])
    with pytest.raises(BackupDamagedError) as refusal:
        restore_backup(_elsewhere(settings, tmp_path), tmp_path / "cut", keeps_access=True)
    assert "key" not in refusal.value.hint
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == ["encryption-key"]


def test_whatever_is_changed_in_a_backup_is_found(settings: Settings, tmp_path: Path) -> None:
    create_backup(settings, tmp_path / "backup")
    lines = gzip.decompress((tmp_path / "backup").read_bytes()).splitlines(keepends=True)
    dice = random.Random(20261121)
    for number in range(60):
        changed = _changed(list(lines), dice)
        (tmp_path / f"changed-{number}").write_bytes(gzip.compress(b"".join(changed)))
        with pytest.raises((BackupDamagedError, BackupForeignError)):
            check_backup(settings, tmp_path / f"changed-{number}")


def _changed(lines: list[bytes], dice: random.Random) -> list[bytes]:
    """One line gone, doubled, moved or edited; or the end cut off."""
    place = dice.randrange(1, len(lines) - 1)
    match dice.randrange(5):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, lines[place])
        case 2:
            other = 1 if place != 1 else 2
            lines[place], lines[other] = lines[other], lines[place]
        case 3:
            lines[place] = lines[place].replace(b"a", b"b", 1)
        case _:
            lines = lines[:place]
    return lines


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", *map(gzip.compress, (b"", b"[]\n", b"{" * 9))],
    ids=["empty", "text", "nothing", "list", "broken"],
)
def test_a_file_that_is_no_backup_is_said_to_be_none(settings: Settings, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BackupForeignError):
        check_backup(settings, tmp_path / "file")


def test_twenty_thousand_rows_come_back(settings: Settings, tmp_path: Path) -> None:
    application = open_application(settings, serves=False)
    at = (application.clock.now() - timedelta(days=1)).replace(tzinfo=None)
    with application.store.writing() as connection:
        rows = [
            {"task_id": "t", "at": at, "conclusion": "INFO", "text": str(n), "delegate": "d", "delegate_id": "d"}
            for n in range(20_000)
        ]
        table = sa.MetaData()
        table.reflect(connection, only=["selection_log"])
        connection.execute(
            table.tables["selection_log"].insert(), [{**row, "at": row["at"].replace(tzinfo=None)} for row in rows]
        )
    application.close()
    assert create_backup(settings, tmp_path / "backup") > 20_000
    other = _elsewhere(settings, tmp_path)
    assert restore_backup(other, tmp_path / "backup", keeps_access=True).rows > 20_000


def test_secrets_are_not_in_it_in_the_clear(settings: Settings, tmp_path: Path) -> None:
    create_backup(settings, tmp_path / "backup")
    text = gzip.decompress((tmp_path / "backup").read_bytes())
    assert b"s3cret value" not in text
    assert (settings.data / "admin-key").read_bytes().strip().rpartition(b".")[2] not in text
    head = json.loads(text.partition(b"\n")[0])
    assert head["pierhead"] == "backup"
