"""When a recording shall end: the moment that somebody means, where that somebody is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from handlers.commands.end_times import Ends, For, Until
from handlers.commands.usage import UsageError
from handlers.directory import TimeZones
from tests.fakes.rows import FunctionClock

MADRID, NEW_YORK = ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York")
REFUSED = SlackApiError("refused", {"error": "missing_scope"})  # type: ignore[no-untyped-call]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def end(now: str, asked: For | Until, zone: tzinfo | None = MADRID) -> datetime:
    return Ends(FunctionClock(lambda: utc(now)), lambda user: zone)(asked, "U1")


def refusal(now: str, asked: Until, zone: tzinfo | None = MADRID) -> str:
    with pytest.raises(UsageError) as refused:
        end(now, asked, zone)
    assert refused.value.example.startswith("/record start daily ")
    return str(refused.value)


def test_for_counts_from_now_and_needs_no_zone() -> None:
    assert end("2026-06-17 11:42", For(2700), None) == utc("2026-06-17 12:27")


@pytest.mark.parametrize(
    ("now", "asked", "zone", "moment"),
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
def test_until_is_the_next_time_that_the_persons_clock_shows_it(
    now: str, asked: Until, zone: tzinfo, moment: str | None
) -> None:
    if moment is None:
        assert "passed" in refusal(now, asked, zone)
    else:
        assert end(now, asked, zone) == utc(moment)


def test_a_time_that_has_passed_means_tomorrow_only_within_twelve_hours() -> None:
    assert end("2026-06-17 20:01", Until(10, 0)) == utc("2026-06-18 08:00")
    said = refusal("2026-06-17 19:59", Until(10, 0))
    assert "It is 21:59 where you are, so 10:00 has passed today." in said


def test_a_time_that_comes_within_a_minute_or_after_23_hours_is_refused() -> None:
    assert "at least a minute" in refusal("2026-06-17 11:42:30", Until(13, 43))
    assert "23 h at most" in refusal("2026-06-17 22:10", Until(23, 50))


def test_when_clocks_are_set_back_the_next_of_both_times_counts() -> None:
    assert end("2026-10-25 00:15", Until(2, 30)) == utc("2026-10-25 00:30")
    assert end("2026-10-25 00:45", Until(2, 30)) == utc("2026-10-25 01:30")


def test_a_time_that_clocks_leave_out_is_still_a_moment() -> None:
    assert end("2026-03-29 00:30", Until(2, 30)) == utc("2026-03-29 01:30")


def test_where_the_zone_is_not_known_another_way_is_proposed() -> None:
    assert "time zone" in refusal("2026-06-17 11:42", Until(15, 30), None)


class FakeSlack(WebClient):
    """Knows one person."""

    def __init__(self, answer: object) -> None:
        super().__init__(token="xoxb-test")
        self.answer = answer

    def users_info(self, *, user: str, **_: object) -> object:  # type: ignore[override]
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"user": self.answer}


@pytest.mark.parametrize(
    ("person", "zone"),
    [
        ({"tz": "Europe/Madrid", "tz_offset": 3600}, MADRID),
        ({"tz": "Mars/Olympus", "tz_offset": 5400}, timezone(timedelta(minutes=90))),
        ({"tz": "../etc/passwd", "tz_offset": -18_000}, timezone(timedelta(hours=-5))),
        ({"tz": "Mars/Olympus"}, None),
        ({"tz": None}, None),
        ({"tz": ""}, None),
        ({}, None),
        (REFUSED, None),
        (SlackRequestError("no answer"), None),
        (TimeoutError(), None),
    ],
)
def test_slack_tells_where_a_person_is_or_it_is_not_known(person: object, zone: tzinfo | None) -> None:
    assert TimeZones(FakeSlack(person))("U1") == zone
