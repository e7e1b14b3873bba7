"""So many a second, and a burst."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from web.allowance import TokenBucket


class Watch:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def taken(allowance: TokenBucket, tries: int) -> int:
    return sum(allowance.take() for _ in range(tries))


def test_a_burst_is_taken_and_then_what_time_gives_back() -> None:
    watch = Watch()
    allowance = TokenBucket(10, 3, watch)
    assert taken(allowance, 9) == 3

    watch.seconds += 0.25
    assert taken(allowance, 9) == 2

    watch.seconds += 0.0625
    assert taken(allowance, 9) == 1, "halves add up"


def test_a_long_pause_gives_no_more_than_a_burst() -> None:
    watch = Watch()
    allowance = TokenBucket(10, 3, watch)
    watch.seconds = 1e6

    assert taken(allowance, 9) == 3


def test_many_threads_take_no_more_than_one() -> None:
    allowance = TokenBucket(10, 100, Watch())
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: taken(allowance, 50), range(8))) == 100
