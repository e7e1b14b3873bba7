"""The rate limiters and the circuit breaker, on a clock that moves only when a test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from types import TracebackType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composition.clock import SystemClock
from rate_limits import CircuitBreaker, Limit, SlidingWindow, Spacing, TokenBucket
from tests.fakes.rows import NOW, FakeClock, at

# SlidingWindow


def a_window(count: int, seconds: float) -> tuple[SlidingWindow, FakeClock]:
    clock = FakeClock()
    return SlidingWindow(Limit(count, seconds), clock), clock


def test_a_new_window_is_free() -> None:
    window, _ = a_window(1, 1.0)

    assert window.free_at("C1") <= NOW


def test_a_full_window_is_free_once_its_oldest_event_leaves_it() -> None:
    window, clock = a_window(2, 10)
    window.record("C1")
    assert window.free_at("C1") <= at(0)
    clock.passes(4)
    window.record("C1")
    assert window.free_at("C1") == at(10)
    clock.passes(6)
    window.record("C1")
    assert window.free_at("C1") == at(14)


def test_every_key_has_a_window_of_its_own() -> None:
    window, _ = a_window(1, 10)
    window.record("C1")

    assert window.free_at("C2") <= NOW


def test_a_pause_without_a_key_applies_to_all_keys() -> None:
    window, _ = a_window(1, 10)
    window.pause(timedelta(seconds=30))

    assert window.free_at("C1") == window.free_at("C2") == at(30)


def test_a_pause_of_one_key_does_not_apply_to_others() -> None:
    window, _ = a_window(1, 10)
    window.pause(timedelta(seconds=30), "C1")

    assert window.free_at("C1") == at(30)
    assert window.free_at("C2") <= NOW


def test_a_shorter_pause_does_not_shorten_a_longer_one() -> None:
    window, _ = a_window(1, 10)
    window.pause(timedelta(seconds=30))
    window.pause(timedelta(seconds=5))

    assert window.free_at("C1") == at(30)


def test_a_forgotten_key_is_free() -> None:
    window, _ = a_window(1, 10)
    window.record("C1")
    window.forget("C1")

    assert window.free_at("C1") <= NOW


@given(
    st.integers(1, 5), st.integers(1, 60), st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20)), max_size=60)
)
def test_no_span_has_more_events_than_the_limit(count: int, seconds: int, uses: list[tuple[str, int]]) -> None:
    window, clock = a_window(count, seconds)
    events: list[tuple[str, float]] = []
    for key, pause in uses:
        free_at = (window.free_at(key) - NOW).total_seconds()
        clock.seconds = max(clock.seconds + pause, free_at)
        window.record(key)
        events.append((key, clock.seconds))

    for key, begun in events:
        in_span = [moment for other, moment in events if other == key and 0 <= moment - begun < seconds]
        assert len(in_span) <= count


# Spacing


class FakeCondition:
    """A condition for one thread. To wait moves the clock, or runs what other threads do `meanwhile`."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.meanwhile: list[Callable[[], None]] = []
        self.waits: list[float | None] = []

    def __enter__(self) -> bool:
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None, /
    ) -> None:
        return None

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if self.meanwhile:
            self.meanwhile.pop(0)()
            return True
        assert timeout is not None, "waits for ever"
        # A little more: a rest from rounding could be too small to change the sum.
        self.clock.passes(timeout + 1e-9)
        return False

    def notify_all(self) -> None:
        return None


URGENT, NORMAL = 0, 1


def a_spacing(gap: float) -> tuple[Spacing, FakeClock, FakeCondition]:
    clock = FakeClock()
    condition = FakeCondition(clock)
    return Spacing(gap, clock, priorities=2, condition=condition), clock, condition


def test_the_first_turn_comes_at_once() -> None:
    spacing, clock, _ = a_spacing(0.1)
    spacing.wait(NORMAL)

    assert clock.seconds == 0


@given(st.floats(0.01, 2), st.lists(st.floats(0, 3), min_size=2, max_size=60))
def test_turns_are_never_closer_than_the_gap(gap: float, pauses: list[float]) -> None:
    spacing, clock, _ = a_spacing(gap)
    turns = []
    for pause in pauses:
        clock.passes(pause)
        spacing.wait(URGENT)
        turns.append(clock.seconds)

    assert all(later - earlier >= gap - 1e-9 for earlier, later in pairwise(turns))


def test_a_more_urgent_caller_goes_before_one_that_came_first() -> None:
    spacing, _, condition = a_spacing(0.1)
    served = []

    def take_turn(name: str, priority: int) -> None:
        spacing.wait(priority)
        served.append(name)

    spacing.wait(NORMAL)
    condition.meanwhile = [lambda: take_turn("urgent", URGENT)]
    take_turn("normal", NORMAL)

    assert served == ["urgent", "normal"]


def test_a_caller_that_gives_up_does_not_block_the_others() -> None:
    spacing, clock, condition = a_spacing(0.1)

    def give_up() -> None:
        raise KeyboardInterrupt

    spacing.wait(URGENT)
    condition.meanwhile = [give_up]
    with pytest.raises(KeyboardInterrupt):
        spacing.wait(URGENT)
    spacing.wait(NORMAL)

    assert clock.seconds == pytest.approx(spacing.gap)


def test_callers_of_one_priority_are_served_in_order_of_arrival() -> None:
    spacing, _, condition = a_spacing(0.1)

    class Stop(Exception):
        pass

    def give_up() -> None:
        raise Stop

    def second_comes() -> None:
        condition.meanwhile = [give_up]
        with pytest.raises(Stop):
            spacing.wait(URGENT)

    spacing.wait(URGENT)
    condition.meanwhile = [second_comes]
    spacing.wait(URGENT)
    first, second, first_again = condition.waits

    assert first == first_again == pytest.approx(spacing.gap)
    assert second is None, "the second waits until it is notified"


def test_the_room_of_a_priority_shrinks_with_its_queue() -> None:
    spacing, _, condition = a_spacing(0.25)
    rooms, queues = [], []

    def look() -> None:
        rooms.append((spacing.room(URGENT, 1.0), spacing.room(NORMAL, 1.0)))
        queues.append(spacing.queued)

    look()
    spacing.wait(NORMAL)
    condition.meanwhile = [look]
    spacing.wait(NORMAL)

    assert rooms == [(4, 4), (4, 3)]
    assert queues == [0, 1]
    assert Spacing(60, FakeClock()).room(0, 1.0) == 1, "one can always wait"


def test_every_thread_gets_a_turn() -> None:
    spacing = Spacing(1 / 2000, SystemClock(), priorities=2)
    served: list[int] = []

    def take_turn(priority: int) -> None:
        spacing.wait(priority)
        served.append(priority)

    threads = [threading.Thread(target=take_turn, args=(number % 2,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(served) == [0] * 32 + [1] * 32


# TokenBucket


def acquired(bucket: TokenBucket, tries: int) -> int:
    return sum(bucket.try_acquire() for _ in range(tries))


def test_a_bucket_allows_a_burst_and_then_its_rate() -> None:
    clock = FakeClock()
    bucket = TokenBucket(10, 3, clock)
    assert acquired(bucket, 9) == 3

    clock.passes(0.25)
    assert acquired(bucket, 9) == 2

    clock.passes(0.0625)
    assert acquired(bucket, 9) == 1, "halves add up"


def test_a_bucket_never_holds_more_than_a_burst() -> None:
    clock = FakeClock()
    bucket = TokenBucket(10, 3, clock)
    clock.passes(1e6)

    assert acquired(bucket, 9) == 3


def test_many_threads_acquire_no_more_than_one() -> None:
    bucket = TokenBucket(10, 100, FakeClock())
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: acquired(bucket, 50), range(8))) == 100


# CircuitBreaker


def test_a_closed_breaker_allows_every_call() -> None:
    breaker = CircuitBreaker(1, FakeClock())

    assert all(breaker.try_acquire() for _ in range(5))


def test_after_a_failure_one_call_per_interval_is_a_trial() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(1, clock)
    breaker.record_failure()

    assert not breaker.try_acquire()
    for _ in range(3):
        clock.passes(1)
        assert [breaker.try_acquire() for _ in range(3)] == [True, False, False]


def test_a_trial_that_succeeds_closes_the_breaker() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(1, clock)
    breaker.record_failure()
    clock.passes(1)
    assert breaker.try_acquire()
    breaker.record_success()

    assert all(breaker.try_acquire() for _ in range(5))
