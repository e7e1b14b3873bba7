"""The times of the next steps: waits, retries and deadlines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.lifecycle.policy import Policy, Turn
from tests.fakes.rows import NOW, at, turn_at

JITTER = st.floats(0, 1, exclude_max=True)


@given(JITTER, st.floats(0.1, 600))
def test_the_regular_query_is_up_to_a_tenth_early_and_never_late(jitter: float, interval: float) -> None:
    turn = Turn(now=NOW, policy=Policy(query_interval=interval), jitter=jitter)
    wait = (turn.next_query_at() - NOW).total_seconds()

    assert 0.9 * interval - 1e-5 <= wait <= interval + 1e-5


@given(JITTER, st.integers(1, 30))
def test_a_retry_waits_as_the_policy_says_or_up_to_a_fifth_longer(jitter: float, tries: int) -> None:
    wait = (turn_at(0, jitter=jitter).retry_at(tries) - NOW).total_seconds()

    planned = (1, 3, 6)[(tries - 1) % 3]
    assert planned - 1e-5 <= wait <= 1.2 * planned + 1e-5


@pytest.mark.parametrize(("tries", "seconds"), [(1, 1), (2, 3), (3, 6), (4, 30), (40, 30)])
def test_a_patient_retry_waits_for_the_query_interval_once_the_waits_are_used_up(tries: int, seconds: float) -> None:
    assert turn_at(0).retry_at(tries, patient=True) == at(seconds)


@given(JITTER, st.integers(1, 9), st.floats(0, 4000), st.booleans())
def test_retry_after_is_honoured(jitter: float, tries: int, seconds: float, patient: bool) -> None:
    turn = turn_at(0, jitter=jitter)

    assert turn.retry_at(tries, retry_after=seconds, patient=patient) >= NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("count", "seconds"), [(1, 5), (2, 10), (3, 15), (4, 15), (99, 15)])
def test_after_not_found_the_next_query_is_after_5_10_15_seconds(count: int, seconds: float) -> None:
    assert turn_at(0).retry_not_found_at(count) == at(seconds)


@given(st.integers(1, 99), st.floats(0.1, 60))
def test_after_not_found_the_next_query_is_never_later_than_the_interval(count: int, interval: float) -> None:
    policy = Policy(query_interval=interval)

    assert turn_at(0, policy).retry_not_found_at(count) <= NOW + timedelta(seconds=interval)


@pytest.mark.parametrize(("interval", "soon"), [(30, 5), (5, 5), (0.4, 0.4)])
def test_the_first_query_is_after_5_seconds_and_never_later_than_the_interval(interval: float, soon: float) -> None:
    assert Policy(query_interval=interval).soon == soon


def test_a_time_is_capped_at_a_deadline_that_is_ahead() -> None:
    turn = turn_at(10)

    assert turn.capped(at(30), NOW, 20) == at(20)
    assert turn.capped(at(15), NOW, 20) == at(15)
    assert turn.capped(at(30), NOW, 10) == at(30), "the deadline is now"
    assert turn.capped(at(30), NOW, 5) == at(30), "the deadline has passed"


def test_none_has_not_passed() -> None:
    assert not turn_at(0).past(None, 0)
    assert turn_at(5).past(NOW, 5)
    assert not turn_at(4.999).past(NOW, 5)
