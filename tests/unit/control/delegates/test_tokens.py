"""Delegate tokens: made, shown again to those who may, revoked with all they let in, forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pierhead.control.delegates import (
    DEFAULT_TOKEN,
    DelegateTokenRevokedError,
    TokenAlreadyRevokedError,
    TokenExistsError,
    TokenMissingError,
    TokenStatus,
    TokenStillActiveError,
    TokenText,
    TooManyTokensError,
    tokens,
)
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretDamagedError
from pierhead.kit.errors import InvalidInputError

ACCOUNT, ORG = Scope("acct"), Scope("acct", "o")


def test_names_are_unique_in_their_scope_and_checked(yard: Any) -> None:
    yard.tokens.create(ACCOUNT, "tok", "ann")
    yard.tokens.create(ORG, "tok", "ann")
    with pytest.raises(TokenExistsError, match=r"^Token with given name tok already exists for given account\.$"):
        yard.tokens.create(ACCOUNT, "tok", "ann")
    with pytest.raises(InvalidInputError):
        yard.tokens.create(ACCOUNT, "no;semicolons", "ann")
    with pytest.raises(InvalidInputError, match="not in the future"):
        yard.tokens.create(ACCOUNT, "late", "ann", yard.clock.now())


def test_what_is_not_there_is_said_in_the_words_that_clients_know(yard: Any) -> None:
    with pytest.raises(TokenMissingError, match=r"^Specified token does not exist\.$"):
        yard.tokens.revoke(ACCOUNT, "tok")
    with pytest.raises(TokenMissingError, match=r"^No such delegate token exists\.$"):
        yard.tokens.delete(ACCOUNT, "tok")
    yard.tokens.create(ORG, "tok", "ann")
    with pytest.raises(TokenMissingError):
        yard.tokens.revoke(ACCOUNT, "tok")


def test_a_token_is_revoked_once(yard: Any) -> None:
    yard.tokens.create(ACCOUNT, "tok", "ann")
    revoked = yard.tokens.revoke(ACCOUNT, "tok")
    assert (revoked.status, revoked.revoked_at) == (TokenStatus.REVOKED, yard.clock.now())
    with pytest.raises(TokenAlreadyRevokedError, match=r"^Specified token is already revoked\.$"):
        yard.tokens.revoke(ACCOUNT, "tok")


def test_only_a_revoked_token_is_deleted_and_then_its_name_is_free(yard: Any) -> None:
    yard.tokens.create(ACCOUNT, "tok", "ann")
    with pytest.raises(TokenStillActiveError):
        yard.tokens.delete(ACCOUNT, "tok")
    yard.tokens.revoke(ACCOUNT, "tok")
    with pytest.raises(TokenExistsError):
        yard.tokens.create(ACCOUNT, "tok", "ann")
    yard.tokens.delete(ACCOUNT, "tok")
    yard.tokens.create(ACCOUNT, "tok", "ann")


def test_its_text_names_the_server_and_can_be_shown_again(yard: Any) -> None:
    token, text = yard.tokens.create(ACCOUNT, "tok", "ann")
    read = TokenText.parse(text.reveal())
    assert read is not None
    assert (read.id, read.server) == (token.id, "0123456789abcdef" * 2)
    assert len(read.secret.reveal()) >= 43, "256 random bits"
    assert yard.tokens.reveal(yard.tokens.get(ACCOUNT, "tok")) == text
    assert read.secret.reveal().encode() not in token.sealed + token.secret_hash


def test_a_seal_that_was_moved_or_changed_does_not_open(yard: Any) -> None:
    one, _ = yard.tokens.create(ACCOUNT, "one", "ann")
    two, _ = yard.tokens.create(ACCOUNT, "two", "ann")
    for moved in (
        replace(two, sealed=one.sealed),
        replace(one, scope=ORG),
        replace(one, sealed=one.sealed[:-1] + bytes([one.sealed[-1] ^ 1])),
    ):
        with pytest.raises(SecretDamagedError):
            yard.tokens.reveal(moved)


def test_lists_show_what_counts_at_this_moment(yard: Any) -> None:
    yard.tokens.create(ACCOUNT, "old", "ann", yard.clock.now() + timedelta(hours=1))
    yard.clock.advance(1)
    yard.tokens.create(ACCOUNT, "new", "ann")
    yard.tokens.create(ORG, "elsewhere", "ann")
    assert [token.name for token in yard.tokens.list(ACCOUNT)] == ["new", "old"]
    yard.clock.advance(3600)
    assert [token.name for token in yard.tokens.list(ACCOUNT, status=TokenStatus.REVOKED)] == ["old"]
    assert [token.name for token in yard.tokens.list(ACCOUNT, status=TokenStatus.ACTIVE)] == ["new"]
    assert [token.name for token in yard.tokens.list(ACCOUNT, "new")] == ["new"]
    with pytest.raises(TokenAlreadyRevokedError):
        yard.tokens.revoke(ACCOUNT, "old")


def test_a_token_lets_nobody_in_from_its_last_moment_on_whether_swept_or_not(yard: Any) -> None:
    _, text = yard.tokens.create(ACCOUNT, "brief", "ann", yard.clock.now() + timedelta(hours=1))
    delegate = yard.start(yard.agents.enrol(yard.draft(token=text.reveal())))
    assert yard.agents.key_of(delegate.id).token_is_live
    yard.clock.advance(3600)
    with pytest.raises(DelegateTokenRevokedError):
        yard.agents.enrol(yard.draft("other", token=text.reveal()))
    assert not yard.agents.key_of(delegate.id).token_is_live


def test_the_sweep_writes_down_what_is_over_and_forgets_after_thirty_days(yard: Any) -> None:
    yard.tokens.create(ACCOUNT, "brief", "ann", yard.clock.now() + timedelta(hours=1))
    yard.clock.advance(3601)
    yard.tokens.sweep()
    with yard.store.snapshot() as tx:
        assert tx.delegate_tokens.find(ACCOUNT, "brief").status is TokenStatus.REVOKED
    yard.clock.advance(timedelta(days=30).total_seconds())
    yard.tokens.sweep()
    assert yard.tokens.get(ACCOUNT, "brief")
    yard.clock.advance(1)
    yard.tokens.sweep()
    assert yard.tokens.list(ACCOUNT) == ()


def test_the_default_token_is_made_once_and_a_revoked_one_is_not_made_anew(yard: Any) -> None:
    made = yard.tokens.ensure_default("acct")
    assert (made.name, made.scope) == (DEFAULT_TOKEN, ACCOUNT)
    assert yard.tokens.ensure_default("acct").id == made.id
    yard.tokens.revoke(ACCOUNT, DEFAULT_TOKEN)
    assert yard.tokens.ensure_default("acct").status is TokenStatus.REVOKED


def test_which_groups_a_token_let_in(yard: Any) -> None:
    yard.enrol("b")
    yard.enrol("a")
    yard.enrol("a", host="h2")
    yard.enrol("c", scope=ORG)
    assert [group.name for group in yard.tokens.groups_using(ACCOUNT, "tok")] == ["a", "b"]
    with pytest.raises(TokenMissingError):
        yard.tokens.groups_using(ACCOUNT, "nope")


def test_a_scope_has_only_so_many(yard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    for name in ("one", "two"):
        yard.tokens.create(ACCOUNT, name, "ann")
    with pytest.raises(TooManyTokensError):
        yard.tokens.create(ACCOUNT, "three", "ann")


def test_revoking_sends_away_those_it_let_in_and_their_tasks_go_to_others(yard: Any) -> None:
    leaving = yard.running("leaving")
    task = yard.leased(leaving, "leaving").lease
    other = yard.start(yard.agents.enrol(yard.draft("other", token=yard.token(name="second")[1].reveal())))
    yard.delegates.add_tags(ACCOUNT, "other", ("leaving",))
    yard.tokens.revoke(ACCOUNT, "tok")
    assert not yard.agents.key_of(leaving.id).token_is_live, "at once in this process"
    assert not yard.delegate(leaving).is_connected
    yard.taken_offers()
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [other.id]
    assert yard.queue.get("acct", task.id).owner is None
