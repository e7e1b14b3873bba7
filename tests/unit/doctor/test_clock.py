"""The check of this machine's clock."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.unit.doctor.bench import NOW, Bench, refused


def date_header(**ahead_of_us: float) -> str:
    """A `Date` header that is ahead of this machine's clock."""
    return format_datetime(NOW + timedelta(**ahead_of_us))


def test_a_clock_that_agrees_passes(bench: Bench) -> None:
    assert bench.results()["clock"].detail == "agrees with Slack's and Agora's"


@pytest.mark.parametrize("seconds", [-30, 30])
def test_half_a_minute_is_no_failure(bench: Bench, seconds: float) -> None:
    bench.agora.date = bench.slack.headers["Date"] = date_header(seconds=seconds)

    assert bench.failures() == {}


@pytest.mark.parametrize(
    ("shift", "by"),
    [
        ({"seconds": 31}, "31 s behind"),
        ({"minutes": 2}, "2 min 0 s behind"),
        ({"hours": -1, "minutes": -5}, "1 h 5 min ahead of"),
        ({"days": -400}, "400 days ahead of"),
    ],
)
def test_a_clock_that_is_off_fails_with_the_skew_and_its_direction(
    bench: Bench, shift: dict[str, float], by: str
) -> None:
    bench.agora.date = bench.slack.headers["Date"] = date_header(**shift)

    failures = bench.failures()

    assert list(failures) == ["clock"]
    assert failures["clock"].startswith(f"is {by} Slack's and Agora's clock. ")
    assert "NTP" in failures["clock"]


def test_only_the_server_that_disagrees_is_named(bench: Bench) -> None:
    bench.agora.date = date_header(minutes=2)

    assert bench.failures()["clock"].startswith("is 2 min 0 s behind Agora's clock. ")


@pytest.mark.parametrize("date", [None, "yesterday", "", "99"])
def test_a_server_without_a_date_header_is_named(bench: Bench, date: str | None) -> None:
    bench.agora.date = date

    assert bench.results()["clock"].detail == "agrees with Slack's; not compared with Agora's: no Date header"


def test_without_any_date_header_the_skew_is_not_known(bench: Bench) -> None:
    bench.agora.date = None
    del bench.slack.headers["Date"]

    assert bench.failures() == {}
    assert bench.notes()["clock"].startswith("not known: ")


def test_the_date_of_an_error_response_counts_too(bench: Bench) -> None:
    bench.agora.date = None
    bench.slack.bot_error = refused("invalid_auth", {"date": [date_header(minutes=3)]})

    assert "behind Slack's clock" in bench.failures()["clock"]


def test_dates_of_an_earlier_run_are_forgotten(bench: Bench) -> None:
    bench.agora.date = date_header(minutes=2)
    assert "clock" in bench.failures()
    bench.agora.date = None

    assert bench.failures() == {}
