"""Delegates enrol, start, are heard of and leave; every refusal first."""

from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from pierhead.control.delegates import (
    DelegateIdentityError,
    DelegateRevokedError,
    DelegateState,
    DelegateTokenRevokedError,
    DelegateUnknownError,
    EnrolmentDraft,
    InvalidDelegateError,
    InvalidDelegateTokenError,
    NonceUsedError,
    SessionDraft,
    SessionSupersededError,
    TokenText,
    TooManyDelegatesError,
    agents,
    fingerprint_of,
)
from pierhead.control.scopes import Scope
from pierhead.kit.redact import SecretValue
from pierhead.kit.signals import Topic
from pierhead.protocol.signatures import fingerprint

from .conftest import PEPPER

ACCOUNT, ORG = Scope("acct"), Scope("acct", "o")


# --- enrolment


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Upper"},
        {"name": "-a"},
        {"name": "a" * 64},
        {"name": "a\n"},
        {"name": ""},
        {"tags": tuple(f"t{n}" for n in range(65))},
        {"tags": ("x" * 129,)},
        {"tags": ("bell\a",)},
        {"tags": (" ",)},
        {"host_name": "h" * 254},
        {"host_name": "line\nend"},
        {"description": "d" * 1025},
        {"version": "v" * 65},
        {"kinds": ("pull; rm",)},
        {"kinds": tuple(f"k{n}" for n in range(33))},
        {"capacity": 0},
        {"capacity": 1001},
        {"signing_key": b"short"},
        {"sealing_key": b"x" * 33},
    ],
)
def test_what_has_not_the_right_form_is_refused(yard: Any, change: dict[str, object]) -> None:
    with pytest.raises(InvalidDelegateError):
        replace(yard.draft(), **change)


def test_no_text_but_that_of_a_token_of_ours_lets_anybody_in(yard: Any) -> None:
    token, text = yard.token()
    right = TokenText.parse(text.reveal())
    wrong = [
        "",
        "something",
        TokenText(token.id, SecretValue("x" * 43), right.server).render().reveal(),
        TokenText("f" * 32, right.secret, right.server).render().reveal(),
    ]
    for shown in wrong:
        with pytest.raises(InvalidDelegateTokenError, match=r"^this is no delegate token of this server$"):
            yard.agents.enrol(replace(yard.draft(), token=shown))
    yard.tokens.revoke(ACCOUNT, "tok")
    with pytest.raises(DelegateTokenRevokedError, match="tok is revoked"):
        yard.agents.enrol(yard.draft(token=text.reveal()))


def test_a_request_counts_once(yard: Any) -> None:
    draft = yard.draft()
    delegate = yard.agents.enrol(draft)
    with pytest.raises(NonceUsedError):
        yard.agents.enrol(draft)
    session = SessionDraft("s" * 16, "h", "1", ("pull",), 1)
    yard.agents.open_session(delegate.id, session, "once")
    with pytest.raises(NonceUsedError):
        yard.agents.open_session(delegate.id, session, "once")


def test_a_refused_request_leaves_nothing_behind(yard: Any) -> None:
    draft = yard.draft()
    with pytest.raises(InvalidDelegateTokenError):
        yard.agents.enrol(replace(draft, token="no"))
    yard.agents.enrol(draft)


def test_a_new_delegate_waits_for_approval_unless_the_setting_says_otherwise(yard: Any, strict_yard: Any) -> None:
    assert yard.enrol().state is DelegateState.ENABLED
    assert strict_yard.enrol().state is DelegateState.WAITING_FOR_APPROVAL


def test_its_name_is_the_fingerprint_of_its_key_on_both_sides(yard: Any) -> None:
    draft = yard.draft()
    delegate = yard.agents.enrol(draft)
    assert delegate.id == fingerprint_of(draft.signing_key) == fingerprint(draft.signing_key)


def test_replicas_of_one_name_and_owner_are_one_group(yard: Any) -> None:
    one = yard.enrol("gpu", host="h1", description="in the cellar")
    two = yard.enrol("gpu", host="h2")
    other = yard.enrol("gpu", host="h3", scope=ORG)
    assert one.group_id == two.group_id != other.group_id
    assert (one.scope, other.scope) == (ACCOUNT, ORG)
    assert yard.delegates.get_group(ACCOUNT, "gpu").group.description == "in the cellar"


def test_enrolling_again_renews_what_it_says_of_itself_and_nothing_that_was_decided(strict_yard: Any) -> None:
    yard = strict_yard
    first = yard.start(yard.enrol(tags=("eu", "linux")))
    yard.delegates.approve("acct", first.id)
    yard.clock.advance(60)
    second = yard.enrol(tags=("eu",), version="2.0", capacity=7, sealing_key=b"n" * 32)
    assert (second.tags, second.version, second.capacity, second.sealing_key) == (("eu",), "2.0", 7, b"n" * 32)
    assert (second.id, second.state, second.enrolled_at, second.session) == (
        first.id,
        DelegateState.ENABLED,
        first.enrolled_at,
        first.session,
    )


def test_a_key_stays_with_the_name_and_the_owner_it_enrolled_with(yard: Any) -> None:
    draft = yard.draft()
    yard.agents.enrol(draft)
    with pytest.raises(DelegateIdentityError, match="another name"):
        yard.agents.enrol(replace(draft, name="other", nonce="n1"))
    with pytest.raises(DelegateIdentityError, match="another owner"):
        yard.agents.enrol(replace(draft, token=yard.token(ORG)[1].reveal(), nonce="n2"))
    assert [view.group.name for view in yard.delegates.groups(ACCOUNT)] == ["gpu"], "no group was left behind"


def test_another_live_token_of_the_same_owner_takes_it_back_in(yard: Any) -> None:
    delegate = yard.enrol()
    yard.tokens.revoke(ACCOUNT, "tok")
    with pytest.raises(DelegateRevokedError):
        yard.agents.key_of(delegate.id).check()
    yard.agents.enrol(yard.draft(token=yard.token(name="next")[1].reveal()))
    yard.agents.key_of(delegate.id).check()


@pytest.mark.parametrize("ending", ["disable", "delete"])
def test_one_that_was_sent_away_stays_away(yard: Any, ending: str) -> None:
    delegate = yard.running()
    getattr(yard.delegates, ending)("acct", delegate.id)
    with pytest.raises(DelegateRevokedError, match=f"is {ending}d"):
        yard.agents.enrol(yard.draft())
    with pytest.raises(DelegateRevokedError):
        yard.start(delegate)
    with pytest.raises(DelegateRevokedError):
        yard.agents.key_of(delegate.id).check()


def test_two_replicas_that_make_their_group_in_the_same_moment_both_get_in(yard: Any) -> None:
    yard.enrol("gpu", host="h1")
    missed = iter([True])

    class Blind:
        """A store that does not see the group that another server makes at this moment."""

        def __init__(self, rows: Any) -> None:
            self._rows = rows

        def find(self, *place: object) -> object:
            return None if next(missed, False) else self._rows.find(*place)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._rows, name)

    real = yard.store.transaction

    @contextmanager
    def transaction() -> Any:
        with real() as tx:
            tx.delegate_groups = Blind(tx.delegate_groups)
            yield tx

    yard.store.transaction = transaction
    yard.enrol("gpu", host="h2")
    assert len(yard.delegates.get_group(ACCOUNT, "gpu").delegates) == 2


def test_an_account_has_only_so_many_and_those_that_are_in_stay_in(yard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "MAX_DELEGATES", 2)
    for host in ("h1", "h2"):
        yard.enrol(host=host)
    with pytest.raises(TooManyDelegatesError):
        yard.enrol("other")
    assert [view.group.name for view in yard.delegates.groups(ACCOUNT)] == ["gpu"]
    yard.enrol(host="h1")


def test_a_draft_does_not_show_its_token(yard: Any) -> None:
    draft = yard.draft()
    assert isinstance(draft, EnrolmentDraft)
    assert draft.token not in repr(draft)


def test_tags_are_trimmed_and_kept_once(yard: Any) -> None:
    assert yard.enrol(tags=(" EU ", "eu", "Big")).tags == ("EU", "Big")


# --- sessions


def test_nobody_starts_who_is_not_enrolled(yard: Any) -> None:
    with pytest.raises(DelegateUnknownError):
        yard.agents.open_session("f" * 32, SessionDraft("s" * 16, "h", "1", (), 1), "n")
    with pytest.raises(DelegateUnknownError):
        yard.agents.key_of("f" * 32)
    delegate = yard.enrol()
    yard.tokens.revoke(ACCOUNT, "tok")
    with pytest.raises(DelegateRevokedError, match="token that is revoked"):
        yard.start(delegate)


def test_a_session_has_a_form(yard: Any) -> None:
    for session in ("short", "s" * 65, "s" * 15 + "\n", "s p a c e s p a c e"):
        with pytest.raises(InvalidDelegateError):
            SessionDraft(session, "h", "1", (), 1)


def test_starting_says_anew_what_it_is_and_makes_it_active(yard: Any) -> None:
    delegate = yard.enrol()
    assert not delegate.is_active(yard.clock.now())
    draft = SessionDraft("s" * 16, "new-host", "2.0", ("copy",), 5, ("eu",))
    started = yard.agents.open_session(delegate.id, draft, "n")
    assert (started.host_name, started.version, started.kinds, started.capacity, started.tags) == (
        "new-host",
        "2.0",
        ("copy",),
        5,
        ("eu",),
    )
    assert started.is_active(yard.clock.now())
    assert yard.delegate(delegate) == started


def test_a_second_process_with_the_same_key_makes_the_first_one_worthless(yard: Any) -> None:
    delegate = yard.running()
    first = yard.agents.key_of(delegate.id).session
    yard.start(delegate)
    with pytest.raises(SessionSupersededError):
        yard.agents.key_of(delegate.id).check(first)
    yard.agents.key_of(delegate.id).check(yard.delegate(delegate).session)


def test_what_the_earlier_process_held_goes_on_at_once(yard: Any) -> None:
    delegate = yard.running()
    lease = yard.leased(delegate).lease
    yard.start(delegate)
    yard.taken_offers()
    yard.dispatcher.dispatch()
    assert yard.queue.get("acct", lease.id).owner is None
    assert yard.taken_offers() == [delegate.id], "the same one, which has just started"


def test_the_same_session_told_twice_takes_nothing_away(yard: Any) -> None:
    delegate = yard.start(yard.enrol(), "session-of-one-start")
    lease = yard.leased(delegate).lease
    yard.start(delegate, "session-of-one-start")
    yard.dispatcher.dispatch()
    assert yard.queue.get("acct", lease.id).owner == delegate.id


def test_who_it_is_is_remembered_for_three_seconds_and_dropped_by_a_signal(yard: Any) -> None:
    delegate = yard.running()
    reads = []
    real = yard.store.snapshot
    yard.store.snapshot = lambda: (reads.append(1), real())[1]
    for _ in range(5):
        yard.agents.key_of(delegate.id)
    assert len(reads) <= 1
    reads.clear()
    yard.clock.advance(3)
    yard.agents.key_of(delegate.id)
    assert len(reads) == 1
    yard.delegates.disable("acct", delegate.id)
    assert yard.agents.key_of(delegate.id).state is DelegateState.DISABLED


def test_what_was_read_before_a_change_is_not_remembered_after_it(yard: Any) -> None:
    delegate = yard.running()
    yard.clock.advance(10)
    real = yard.store.snapshot

    @contextmanager
    def overtaken() -> Any:
        with real() as tx:
            yield tx
        yard.store.snapshot = real
        yard.delegates.disable("acct", delegate.id)

    yard.store.snapshot = overtaken
    yard.agents.key_of(delegate.id)
    assert yard.agents.key_of(delegate.id).state is DelegateState.DISABLED


def test_heartbeats_of_those_that_are_here_are_news_to_nobody_and_a_return_is(yard: Any) -> None:
    delegate = yard.running()
    told: list[str] = []
    yard.store.signals.on(Topic.DELEGATE, told.append)
    yard.clock.advance(60)
    yard.beat(delegate)
    assert told == []
    assert yard.delegate(delegate).last_heartbeat_at == yard.clock.now()
    yard.agents.gone([delegate.id])
    assert not yard.delegate(delegate).is_connected
    assert told == []
    yard.beat(delegate)
    assert told == [delegate.id]
    assert yard.delegate(delegate).is_connected


def test_whoever_has_only_moved_to_another_server_has_not_gone(yard: Any) -> None:
    delegate = yard.running()
    other = agents.AgentService(store=yard.store, clock=yard.clock, pepper=bytes(32), approval=False)
    yard.clock.advance(1)
    other.seen([delegate.id])
    yard.clock.advance(5)
    yard.agents.gone([delegate.id])
    assert yard.delegate(delegate).is_connected
    other.gone([delegate.id])
    assert not yard.delegate(delegate).is_connected


def test_nobody_heard_of_costs_no_transaction(yard: Any) -> None:
    yard.store.transaction = None
    yard.agents.seen([])
    yard.agents.gone([])


def test_leaving_gives_back_what_it_holds(yard: Any) -> None:
    delegate = yard.running()
    lease = yard.leased(delegate).lease
    yard.agents.close_session(delegate.id)
    yard.agents.close_session("f" * 32)
    yard.dispatcher.dispatch()
    assert yard.queue.get("acct", lease.id).owner is None
    assert not yard.delegate(delegate).is_connected


def test_old_nonces_are_forgotten(yard: Any) -> None:
    yard.enrol()
    yard.clock.advance(181)
    yard.agents.sweep()
    with yard.store.transaction() as tx:
        assert tx.nonces.purge(yard.clock.now()) == 0


# --- what it claims after it was approved


def approved(yard: Any, *tags: str) -> Any:
    delegate = yard.start(yard.enrol(tags=tags))
    return yard.delegates.approve("acct", delegate.id)


@pytest.mark.parametrize("claim", [{"tags": ("linux", "vault-zone")}, {"host_name": "prod-vault-01"}])
@pytest.mark.parametrize("session", ["", "session-of-one-start"])
def test_a_session_that_claims_more_than_was_approved_waits_and_holds_nothing(
    strict_yard: Any, claim: dict[str, Any], session: str
) -> None:
    yard = strict_yard
    delegate = yard.start(approved(yard, "linux"), "session-of-one-start")
    lease = yard.leased(delegate).lease
    told: list[str] = []
    yard.store.signals.on(Topic.DELEGATE, told.append)
    started = yard.start(replace(delegate, **claim), session)
    assert started.state is DelegateState.WAITING_FOR_APPROVAL
    assert started.unapproved == tuple(set(claim.get("tags", ["prod-vault-01"])) - {"linux"})
    assert told == [delegate.id]
    assert yard.agents.key_of(delegate.id).state is DelegateState.WAITING_FOR_APPROVAL
    yard.queue.sweep()
    assert yard.queue.get("acct", lease.id).owner is None
    task = yard.task(*started.unapproved)
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [delegate.id], "that of before"
    assert any(f"it now claims {started.unapproved[0]}" in line for line in yard.log(task))
    yard.delegates.approve("acct", delegate.id)
    yard.dispatcher.dispatch()
    assert delegate.id in yard.taken_offers()
    assert yard.delegate(delegate).unapproved == ()


def test_enrolling_again_with_more_claims_waits_as_well(strict_yard: Any) -> None:
    yard = strict_yard
    delegate = yard.start(approved(yard, "linux"))
    lease = yard.leased(delegate).lease
    again = yard.enrol(tags=("linux", "vault-zone"))
    assert (again.id, again.state, again.unapproved) == (
        delegate.id,
        DelegateState.WAITING_FOR_APPROVAL,
        ("vault-zone",),
    )
    yard.queue.sweep()
    assert yard.queue.get("acct", lease.id).owner is None
    taken_back = yard.start(replace(again, tags=("linux",)))
    assert taken_back.state is DelegateState.WAITING_FOR_APPROVAL, "somebody is to look at it"


def test_fewer_claims_the_same_again_and_its_own_name_are_fine(strict_yard: Any) -> None:
    yard = strict_yard
    delegate = yard.start(approved(yard, "linux", "eu"))
    for tags in (("linux",), (), ("EU", " linux "), ("linux", "eu", delegate.name)):
        assert yard.start(replace(delegate, tags=tags)).state is DelegateState.ENABLED
        assert yard.enrol(tags=tags).state is DelegateState.ENABLED


def test_where_nobody_approves_a_delegate_may_claim_anything(yard: Any) -> None:
    delegate = yard.running(tags=("linux",))
    assert yard.start(replace(delegate, tags=("vault-zone",))).state is DelegateState.ENABLED


def test_when_approval_comes_to_be_required_what_it_claims_by_then_counts_as_approved(yard: Any) -> None:
    delegate = yard.running(tags=("linux",))
    yard.agents = agents.AgentService(store=yard.store, clock=yard.clock, pepper=PEPPER, approval=True)
    assert yard.start(delegate).state is DelegateState.ENABLED
    assert yard.start(replace(delegate, tags=("vault-zone",))).state is DelegateState.WAITING_FOR_APPROVAL
