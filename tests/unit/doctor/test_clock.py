"""The line about this machine's clock."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.unit.doctor.desk import NOW, Desk, refused


def theirs(**ahead_of_us: float) -> str:
    """A Date header; ahead of this machine's clock by that much."""
    return format_datetime(NOW + timedelta(**ahead_of_us))


def test_a_clock_that_agrees_is_right(desk: Desk) -> None:
    assert desk.lines()["clock"].detail == "agrees with Slack's and Agora's"


@pytest.mark.parametrize("seconds", [-30, 30])
def test_half_a_minute_is_no_fault(desk: Desk, seconds: float) -> None:
    desk.agora.date = desk.slack.headers["Date"] = theirs(seconds=seconds)

    assert desk.wrong() == {}


@pytest.mark.parametrize(
    ("shift", "by"),
    [
        ({"seconds": 31}, "31 s behind"),
        ({"minutes": 2}, "2 min 0 s behind"),
        ({"hours": -1, "minutes": -5}, "1 h 5 min ahead of"),
        ({"days": -400}, "400 days ahead of"),
    ],
)
def test_a_clock_that_is_off_says_by_how_much_and_in_which_direction(
    desk: Desk, shift: dict[str, float], by: str
) -> None:
    desk.agora.date = desk.slack.headers["Date"] = theirs(**shift)

    found = desk.wrong()

    assert list(found) == ["clock"]
    assert found["clock"].startswith(f"is {by} Slack's and Agora's clock. ")
    assert "NTP" in found["clock"]


def test_where_only_one_of_them_disagrees_it_is_named(desk: Desk) -> None:
    desk.agora.date = theirs(minutes=2)

    assert desk.wrong()["clock"].startswith("is 2 min 0 s behind Agora's clock. ")


@pytest.mark.parametrize("date", [None, "yesterday", "", "99"])
def test_without_a_date_header_it_is_told_whom_it_was_not_compared_with(desk: Desk, date: str | None) -> None:
    desk.agora.date = date

    assert desk.lines()["clock"].detail == "agrees with Slack's; not compared with Agora's: no Date header"


def test_where_nobody_tells_the_time_it_is_not_known(desk: Desk) -> None:
    desk.agora.date = None
    del desk.slack.headers["Date"]

    assert desk.wrong() == {}
    assert desk.notes()["clock"].startswith("not known: ")


def test_a_refusal_tells_the_time_as_well(desk: Desk) -> None:
    desk.agora.date = None
    desk.slack.bot_error = refused("invalid_auth", {"date": [theirs(minutes=3)]})

    assert "behind Slack's clock" in desk.wrong()["clock"]


def test_what_was_heard_in_an_earlier_look_is_forgotten(desk: Desk) -> None:
    desk.agora.date = theirs(minutes=2)
    assert "clock" in desk.wrong()
    desk.agora.date = None

    assert desk.wrong() == {}
