"""Never more than Slack allows."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from messages.delivery.limits import Limit, SlidingWindow
from tests.fakes.rows import NOW, at


def test_what_was_never_used_is_free() -> None:
    assert SlidingWindow(Limit(1, 1.0)).free_at("C1") <= NOW


def test_after_as_many_as_allowed_the_next_waits_for_the_oldest() -> None:
    pace = SlidingWindow(Limit(2, 10))
    pace.took("C1", at(0))
    assert pace.free_at("C1") <= at(0)
    pace.took("C1", at(4))
    assert pace.free_at("C1") == at(10)
    pace.took("C1", at(10))
    assert pace.free_at("C1") == at(14)


def test_keys_have_a_limit_each() -> None:
    pace = SlidingWindow(Limit(1, 10))
    pace.took("C1", at(0))

    assert pace.free_at("C2") <= NOW


def test_a_pause_that_slack_asked_for_holds_every_key() -> None:
    pace = SlidingWindow(Limit(1, 10))
    pace.hold(at(30))

    assert pace.free_at("C1") == pace.free_at("C2") == at(30)


def test_a_shorter_pause_does_not_shorten_a_longer_one() -> None:
    pace = SlidingWindow(Limit(1, 10))
    pace.hold(at(30))
    pace.hold(at(5))

    assert pace.free_at("C1") == at(30)


def test_what_is_forgotten_starts_afresh() -> None:
    pace = SlidingWindow(Limit(1, 10))
    pace.took("C1", at(0))
    pace.forget("C1")

    assert pace.free_at("C1") <= NOW


@given(
    st.integers(1, 5), st.integers(1, 60), st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20)), max_size=60)
)
def test_in_no_span_are_there_more_than_the_limit(most: int, seconds: int, uses: list[tuple[str, int]]) -> None:
    pace = SlidingWindow(Limit(most, seconds))
    now, sent = NOW, list[tuple[str, datetime]]()
    for key, wait in uses:
        now = max(now + timedelta(seconds=wait), pace.free_at(key))
        pace.took(key, now)
        sent.append((key, now))

    for key, begun in sent:
        within = [moment for other, moment in sent if other == key and 0 <= (moment - begun).total_seconds() < seconds]
        assert len(within) <= most
