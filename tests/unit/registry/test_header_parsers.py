"""Link, Retry-After, Content-Range, rate limits, warnings: any text gives a value or nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.registry.blobs import ContentRange
from pierhead.registry.journal import RateLimit, parse_rate_limit, parse_warnings
from pierhead.registry.links import next_link
from pierhead.registry.retry_after import parse_http_date, parse_retry_after
from pierhead.registry.wire.head import Headers

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        (["0"], 0),
        (["120"], 120),
        ([" 120 "], 120),
        (["1.5"], 1.5),
        (["-1"], 0),
        (["+7"], 7),
        (["10", "5"], 10),
        (["soon", "5"], 5),
        (["Mon, 05 Jan 2026 12:01:00 GMT"], 60),
        (["Mon, 05 Jan 2026 11:59:00 GMT"], 0),
        (["Monday, 05-Jan-26 12:01:00 GMT"], 60),
        (["Mon Jan  5 12:01:00 2026"], 60),
        (["Mon, 05 Jan 2026 13:01:00 +0100"], 60),
        ([str(int(NOW.timestamp()) + 60)], 60),
        ([str(int(NOW.timestamp()) * 1000 + 60_000)], 60),
        (["1" + "0" * 20], 1e20),
        (["1" + "0" * 40], None),
        (["nan"], None),
        (["inf"], None),
        (["1e3"], None),
        (["\u0661"], None),
        (["Mon, 99 Jan 2026 12:00:00 GMT"], None),
        (["Mon, 05 Foo 2026 12:00:00 GMT"], None),
        (["Mon, 05 Jan 0000 12:00:00 GMT"], None),
    ],
)
def test_retry_after_is_seconds_from_now_or_nothing(values: list[str], expected: float | None) -> None:
    assert parse_retry_after(values, NOW) == expected


@settings(deadline=None)
@given(st.lists(st.text(), max_size=3))
def test_any_retry_after_is_a_wait_or_nothing(values: list[str]) -> None:
    wait = parse_retry_after(values, NOW)
    assert wait is None or wait >= 0


@settings(deadline=None)
@given(st.integers(0, 30_000_000_000))
def test_every_http_date_is_read_back(epoch_s: int) -> None:
    moment = datetime.fromtimestamp(epoch_s, UTC)
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    text = f"Mon, {moment.day:02} {names[moment.month - 1]} {moment.year:04} {moment:%H:%M:%S} GMT"
    assert parse_http_date(text) == moment
    assert parse_retry_after([text], moment - timedelta(seconds=9)) == 9


@settings(deadline=None)
@given(st.text(), st.integers(0, 10**18), st.integers(0, 10**18), st.integers(0, 10**18))
def test_any_content_range_is_a_range_or_nothing(text: str, first: int, last: int, total: int) -> None:
    for written in (text, f"bytes {first}-{last}/{total}", f"bytes {first}-{last}/{text}"):
        found = ContentRange.parse(written)
        assert found is None or 0 <= found.first <= found.last


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes 0-0/1", ContentRange(0, 0, 1)),
        ("Bytes  5-9/* ", ContentRange(5, 9, None)),
        ("bytes 9-5/10", None),
        ("bytes 5/10", None),
        ("bytes=5-9/10", None),
        ("bytes 5-9", None),
        ("bytes -9/10", None),
        ("bytes 0x0-9/10", None),
    ],
)
def test_content_ranges_are_read_strictly(text: str, expected: ContentRange | None) -> None:
    assert ContentRange.parse(text) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (['</x>; rel="next"'], "/x"),
        (["</x>;rel=next"], "/x"),
        (["</x> ; REL = next"], "/x"),
        (['</x>; rel="prev next"'], "/x"),
        (['</a>; rel="prev", </x>; rel="next"'], "/x"),
        (['</a>; rel="prev"', '</x>; rel="next"'], "/x"),
        (['< /x >; rel="next"'], "/x"),
        (['</x?a,b;c>; rel="next"'], "/x?a,b;c"),
        (['</x>; title="rel=next"; rel="prev"'], None),
        (['</x>; rel="nextone"'], None),
        (["</x>"], None),
        (["<"], None),
        (["rel=next"], None),
        ([], None),
    ],
)
def test_the_next_link_is_found(values: list[str], expected: str | None) -> None:
    assert next_link(values) == expected


@settings(deadline=None)
@given(st.lists(st.text() | st.text(alphabet='<>;,="rel next', max_size=50), max_size=4))
def test_any_link_header_is_a_target_or_nothing(values: list[str]) -> None:
    found = next_link(values)
    assert found is None or "<" not in found


def limits(**fields: str) -> RateLimit | None:
    return parse_rate_limit(Headers((name.replace("_", "-"), value) for name, value in fields.items()))


def test_rate_limits_come_in_two_spellings() -> None:
    assert limits(ratelimit_limit="100;w=21600", ratelimit_remaining="76;w=21600") == RateLimit(100, 76, 21600)
    assert limits(x_ratelimit_limit="60", x_ratelimit_remaining="59") == RateLimit(60, 59)
    assert limits(ratelimit_remaining="5;w=60") == RateLimit(None, 5, 60)
    assert limits(ratelimit_limit="many") is None
    assert limits() is None


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_rate_limit_is_numbers_or_nothing(limit: str, remaining: str) -> None:
    found = limits(ratelimit_limit=limit, ratelimit_remaining=remaining)
    assert found is None or (found.limit or 0) >= 0


@settings(deadline=None)
@given(st.lists(st.text(), max_size=3))
def test_any_warning_is_printable_text_or_nothing(values: list[str]) -> None:
    for text in parse_warnings([*values, *(f'299 - "{value}"' for value in values)]):
        assert text.isprintable()
        assert len(text) <= 512


@pytest.mark.parametrize("piece", ["<", "<x>", "<x>;", ';rel="', '<>;rel="x",', "; rel = "])
def test_a_hostile_link_header_takes_no_time(piece: str) -> None:
    next_link([piece * (32_000 // len(piece))])
