"""The back-off of deliveries. What the deliverer does for each kind is tested with the kinds."""

from __future__ import annotations

from datetime import timedelta

from messages.delivery.deliverer import Backoff
from recordings.errors import SlackBusy

BACKOFF = Backoff(first=2, longest=60)


def waits(*tries: int, retry_after: float | None = None) -> list[timedelta]:
    return [BACKOFF.wait(number, SlackBusy("x", retry_after=retry_after)) for number in tries]


def test_waits_double_up_to_the_longest() -> None:
    assert waits(0, 1, 4, 5, 6) == [timedelta(seconds=seconds) for seconds in (2, 4, 32, 60, 60)]


def test_a_wait_is_at_least_what_slack_asks_for() -> None:
    assert waits(0, 5, retry_after=40) == [timedelta(seconds=40), timedelta(seconds=60)]


def test_the_number_of_tries_has_no_limit() -> None:
    assert waits(1023, 1024, 10**6) == [timedelta(seconds=60)] * 3
