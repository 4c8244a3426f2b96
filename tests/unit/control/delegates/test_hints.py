"""What a dispatcher keeps in mind: hints that are bounded, and forgotten when they are of no use any more."""

from datetime import UTC, datetime, timedelta

from pierhead.control.delegates import hints
from pierhead.control.delegates.hints import Backlog, News, OpenOffers

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def test_open_offers_are_counted_until_they_are_answered_or_over() -> None:
    out = OpenOffers()
    out.add("t1", ["a", "b"], NOW + timedelta(seconds=5))
    out.add("t2", ["a"], NOW + timedelta(seconds=9))
    assert out.counts(NOW) == {"a": 2, "b": 1}
    out.forget("t2")
    out.forget("unknown")
    assert out.counts(NOW) == {"a": 1, "b": 1}
    assert out.counts(NOW + timedelta(seconds=5)) == {}


def test_the_backlog_gives_of_each_demand_as_many_as_there_was_room_made_for() -> None:
    backlog = Backlog()
    assert not backlog.note_freed(), "nobody waits"
    for demand in ("x", "y"):
        for n in range(3):
            backlog.add(demand, f"{demand}{n}")
    assert backlog.take(100) == []
    assert backlog.note_freed()
    assert backlog.note_freed()
    backlog.discard("x", "x0")
    backlog.discard("z", "z0")
    assert backlog.take(100) == ["x1", "x2", "y0", "y1"]
    assert backlog.take(100) == []
    backlog.note_freed()
    assert backlog.take(100) == ["y2"]
    assert not backlog.note_freed()


def test_news_are_delegates_or_when_they_are_many_all_accounts_that_are_known() -> None:
    news = News()
    news.note_account("acct")
    news.note_delegate("b")
    news.note_delegate("a")
    assert news.are_there
    assert news.take() == (("a", "b"), ())
    assert not news.are_there
    for n in range(hints._MOST_FOUND + 1):
        news.note_delegate(str(n))
    assert news.take() == ((), ("acct",))
    news.note_delegate("")
    assert news.take() == ((), ("acct",))
