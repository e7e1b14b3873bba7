"""The end that somebody typed, as a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from handlers.commands.end_times import EndTimes, For, Until
from handlers.commands.usage import UsageError
from tests.fakes.rows import FunctionClock

MADRID, NEW_YORK = ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def end(now: str, typed: For | Until, zone: tzinfo | None = MADRID) -> datetime:
    return EndTimes(FunctionClock(lambda: utc(now)), lambda user: zone).resolve(typed, "U1")


def refusal(now: str, typed: Until, zone: tzinfo | None = MADRID) -> str:
    with pytest.raises(UsageError) as refused:
        end(now, typed, zone)
    assert refused.value.words == "for 45m", "right at any time of day"
    return str(refused.value)


def test_a_length_counts_from_now_and_needs_no_time_zone() -> None:
    assert end("2026-06-17 11:42", For(2700), None) == utc("2026-06-17 12:27")


@pytest.mark.parametrize(
    ("now", "typed", "zone", "moment"),
    [
        ("2026-06-17 11:42", Until(15, 30), MADRID, "2026-06-17 13:30"),
        ("2026-06-17 11:42", Until(15, 30), NEW_YORK, "2026-06-17 19:30"),
        ("2026-01-17 11:42", Until(15, 30), MADRID, "2026-01-17 14:30"),
        ("2026-06-17 21:30", Until(1, 0), MADRID, "2026-06-17 23:00"),
        ("2026-06-17 21:30", Until(0, 0), MADRID, "2026-06-17 22:00"),
        ("2026-06-17 23:30", Until(15, 30), MADRID, "2026-06-18 13:30"),
        ("2026-06-17 11:42", Until(13, 43), MADRID, "2026-06-17 11:43"),
        ("2026-06-17 11:42", Until(15, 30), timezone(timedelta(hours=5, minutes=45)), None),
    ],
)
def test_a_time_of_day_is_the_next_moment_when_the_persons_clock_shows_it(
    now: str, typed: Until, zone: tzinfo, moment: str | None
) -> None:
    if moment is None:
        assert "It's already" in refusal(now, typed, zone)
    else:
        assert end(now, typed, zone) == utc(moment)


def test_a_time_that_has_passed_today_means_tomorrow_only_within_twelve_hours() -> None:
    assert end("2026-06-17 20:01", Until(10, 0)) == utc("2026-06-18 08:00")
    reply = refusal("2026-06-17 19:59", Until(10, 0))
    assert "It's already 21:59 where you are. Pick a later time" in reply


def test_a_time_within_a_minute_or_after_more_than_23_hours_is_refused() -> None:
    assert "at least a minute" in refusal("2026-06-17 11:42:30", Until(13, 43))
    assert "23 hours at most" in refusal("2026-06-17 22:10", Until(23, 50))


def test_when_clocks_are_set_back_the_next_of_the_two_moments_counts() -> None:
    assert end("2026-10-25 00:15", Until(2, 30)) == utc("2026-10-25 00:30")
    assert end("2026-10-25 00:45", Until(2, 30)) == utc("2026-10-25 01:30")


def test_a_time_that_clocks_skip_is_still_a_moment() -> None:
    assert end("2026-03-29 00:30", Until(2, 30)) == utc("2026-03-29 01:30")


def test_an_unknown_time_zone_is_refused_with_a_length_as_the_example() -> None:
    assert "time zone" in refusal("2026-06-17 11:42", Until(15, 30), None)
