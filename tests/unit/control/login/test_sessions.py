"""Sessions: how long they last, and what ends them."""

from dataclasses import replace

import pytest

from pierhead.control.access import (
    Account,
    CsrfError,
    InvalidSessionError,
    LoginService,
    Opened,
    SessionService,
    User,
    end_sessions,
)
from pierhead.control.audit import SYSTEM, Action
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

GOOD = SecretValue("correct horse battery")


@pytest.fixture
def opened(logins: LoginService, account: Account, ada: User) -> Opened:
    return logins.log_in(account.id, ada.email, GOOD)


def is_live(sessions: SessionService, opened: Opened) -> bool:
    try:
        sessions.authenticate(opened.text)
    except InvalidSessionError:
        return False
    return True


def test_an_idle_session_ends_after_an_hour(sessions: SessionService, opened: Opened, clock: FakeClock) -> None:
    clock.advance(3599)
    assert is_live(sessions, opened)
    clock.advance(3600)
    assert not is_live(sessions, opened)


def test_a_session_in_use_ends_after_twelve_hours(sessions: SessionService, opened: Opened, clock: FakeClock) -> None:
    for _ in range(23):
        clock.advance(1800)
        assert is_live(sessions, opened)
    clock.advance(1800)
    assert not is_live(sessions, opened)


def test_that_it_is_used_is_written_once_a_minute(
    sessions: SessionService, opened: Opened, clock: FakeClock, store: MemoryStore
) -> None:
    seen = set()
    for _ in range(120):
        clock.advance(1)
        sessions.authenticate(opened.text)
        seen.add(next(iter(store._committed.sessions.values())).last_seen_at)
    assert len(seen) == 3


def test_the_store_does_not_know_what_opens_a_session(opened: Opened, store: MemoryStore) -> None:
    assert opened.text.reveal() not in str(store._committed.sessions)
    assert len(opened.text.reveal()) == 43


@pytest.mark.parametrize("text", ["", "x", "x" * 43, "ä" * 5000])
def test_any_other_text_opens_nothing(sessions: SessionService, opened: Opened, text: str) -> None:
    with pytest.raises(InvalidSessionError):
        sessions.authenticate(SecretValue(text))


def test_logging_out_ends_it_and_is_in_the_trail(sessions: SessionService, opened: Opened, store: MemoryStore) -> None:
    assert sessions.close(opened.text, SYSTEM)
    assert not is_live(sessions, opened)
    assert not sessions.close(opened.text, SYSTEM)
    assert [r.entry.action for r in store._committed.audit_records.values()].count(Action.LOGOUT) == 1


def test_a_disabled_user_has_no_session(
    sessions: SessionService, opened: Opened, store: MemoryStore, ada: User
) -> None:
    with store.transaction() as tx:
        tx.users.replace(replace(ada, is_disabled=True))
    assert not is_live(sessions, opened)


def test_all_sessions_of_a_user_can_be_ended_at_once(
    sessions: SessionService, opened: Opened, store: MemoryStore, ada: User
) -> None:
    with store.transaction() as tx:
        assert end_sessions(tx, ada.account, ada.id) == 1
    assert not is_live(sessions, opened)


def test_the_token_for_changes_is_that_of_one_session(
    sessions: SessionService, opened: Opened, logins: LoginService, account: Account, ada: User
) -> None:
    other = logins.log_in(account.id, ada.email, GOOD)
    sessions.check_csrf(opened.text, opened.csrf)
    for wrong in (None, "", "x", other.csrf, opened.text.reveal(), opened.csrf[:-1], "ä"):
        with pytest.raises(CsrfError):
            sessions.check_csrf(opened.text, wrong)
