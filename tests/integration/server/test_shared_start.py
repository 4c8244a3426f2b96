"""Servers on one PostgreSQL database: what the first one makes, and what the others find."""

import base64
import threading
from pathlib import Path

import pytest

from pierhead.control.secrets import RootKeyChangedError
from pierhead.kit.redact import SecretValue
from pierhead.server.bootstrap import Application, open_application
from pierhead.server.settings import Settings

KEY = SecretValue(base64.b64encode(b"k" * 32).decode())
OTHER = SecretValue(base64.b64encode(b"o" * 32).decode())


def _open(data: Path, url: str, key: SecretValue = KEY) -> Application:
    settings = Settings(data=data, database_url=SecretValue(url), encryption_key=key)
    return open_application(settings, serves=False)


def test_of_servers_that_start_at_once_one_makes_the_account_and_its_key(tmp_path: Path, database: str) -> None:
    opened: list[Application] = []
    failures: list[BaseException] = []

    def start(name: str) -> None:
        try:
            opened.append(_open(tmp_path / name, database))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for application in opened:
        application.close()
    assert failures == []
    assert len({application.account.id for application in opened}) == 1
    assert len([application for application in opened if application.first_key is not None]) == 1
    assert len(list(tmp_path.glob("*/admin-key"))) == 1
    assert len({application.server_key.id for application in opened}) == 1


def test_a_wrong_key_is_refused_before_anything_was_stored_by_anybody(tmp_path: Path, database: str) -> None:
    _open(tmp_path / "a", database).close()
    with pytest.raises(RootKeyChangedError):
        _open(tmp_path / "b", database, OTHER)
    _open(tmp_path / "b", database).close()  # the directory was let go of, and nothing was left in it


def test_what_one_stores_the_other_can_reveal(tmp_path: Path, database: str) -> None:
    first, second = _open(tmp_path / "a", database), _open(tmp_path / "b", database)
    (token,) = second.delegate_tokens.list(second.scope)
    assert first.delegate_tokens.reveal(token) == second.delegate_tokens.reveal(token)
    assert first.first_key is not None
    assert second.access.authenticate(first.first_key.reveal()).account == first.account.id
    first.close()
    second.close()
