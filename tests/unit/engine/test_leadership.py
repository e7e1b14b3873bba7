"""How long a lease may be trusted is measured by a clock that nobody can set back."""

from __future__ import annotations

from datetime import datetime

import pytest

from engine.leadership import Leadership
from recordings.errors import StorageUnavailable
from recordings.lifecycle.incidents import Downtime
from tests.fakes.repositories import Memory, MemoryLease
from tests.fakes.rows import NOW, FakeClock, FunctionClock, at


class SlowLease(MemoryLease):
    """Takes its time, or is away."""

    def __init__(self, memory: Memory, holder: str, monotonic: FakeMonotonic) -> None:
        super().__init__(memory, holder)
        self.monotonic = monotonic
        self.takes = 0.0
        self.away = False
        self.asked = 0

    def hold(self, now: datetime, seconds: float) -> int | None:
        self.asked += 1
        self.monotonic.seconds += self.takes
        if self.away:
            raise StorageUnavailable("locked")
        return super().hold(now, seconds)


class FakeMonotonic:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Replica:
    def __init__(self, memory: Memory | None = None, pause_seconds: float = float("inf")) -> None:
        self.memory = memory or Memory()
        self.wall = FakeClock()
        self.monotonic = FakeMonotonic()
        self.lease = SlowLease(self.memory, f"replica {id(self)}", self.monotonic)
        self.leadership = Leadership(
            self.lease, 15, self.wall.now, FunctionClock(of_spans=self.monotonic), pause_seconds
        )

    def passes(self, seconds: float) -> None:
        self.wall.passes(seconds)
        self.monotonic.seconds += seconds


def test_whoever_comes_first_leads() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    second.leadership.renew()

    assert (first.leadership.epoch(), second.leadership.epoch()) == (1, None)


def test_nobody_leads_before_it_was_asked() -> None:
    assert Replica().leadership.epoch() is None


def test_the_lease_is_renewed_when_a_third_of_it_has_passed() -> None:
    replica = Replica()
    replica.leadership.renew()
    replica.passes(4.9)
    replica.leadership.renew()
    assert replica.lease.asked == 1

    replica.passes(0.1)
    replica.leadership.renew()
    assert replica.lease.asked == 2


def test_a_follower_asks_at_every_tick() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    for _ in range(3):
        second.leadership.renew()

    assert second.lease.asked == 3


def test_a_leader_that_could_not_renew_stops_leading_when_its_time_is_up() -> None:
    replica = Replica()
    replica.leadership.renew()
    replica.lease.away = True
    replica.passes(14.9)
    with pytest.raises(StorageUnavailable):
        replica.leadership.renew()
    assert replica.leadership.epoch() == 1

    replica.passes(0.1)
    assert replica.leadership.epoch() is None


def test_a_wall_clock_that_is_set_back_prolongs_nothing() -> None:
    replica = Replica()
    replica.leadership.renew()
    replica.wall.passes(-3600)
    replica.monotonic.seconds += 15

    assert replica.leadership.epoch() is None


def test_the_time_counts_from_before_the_database_was_asked() -> None:
    replica = Replica()
    replica.lease.takes = 10
    replica.leadership.renew()
    assert replica.leadership.epoch() == 1

    replica.monotonic.seconds += 5
    assert replica.leadership.epoch() is None


def test_a_leader_that_was_succeeded_follows() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    second.passes(15)
    second.leadership.renew()
    first.passes(15.1)
    first.leadership.renew()

    assert (first.leadership.epoch(), second.leadership.epoch()) == (None, 2)


def test_one_that_resigns_makes_way_at_once() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    first.leadership.resign()
    second.leadership.renew()

    assert (first.leadership.epoch(), second.leadership.epoch()) == (None, 2)


def test_one_that_does_not_lead_has_nothing_to_hand_over() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    second.leadership.renew()
    second.leadership.resign()

    assert first.memory.expires_at == at(15)


# a pause in which nobody led


def test_a_pause_that_is_long_enough_has_to_be_told_until_it_was() -> None:
    first = Replica()
    first.leadership.renew()
    second = Replica(first.memory, pause_seconds=60)
    second.passes(61)
    second.leadership.renew()

    assert second.leadership.paused() == Downtime(NOW, at(61))
    assert second.leadership.paused() is not None, "not told yet"
    second.leadership.pause_told()
    assert second.leadership.paused() is None


def test_a_short_pause_is_not_worth_telling() -> None:
    first = Replica()
    first.leadership.renew()
    second = Replica(first.memory, pause_seconds=60)
    second.passes(59)
    second.leadership.renew()

    assert second.leadership.paused() is None


def test_the_very_first_leader_missed_nothing() -> None:
    replica = Replica(pause_seconds=0)
    replica.leadership.renew()

    assert replica.leadership.paused() is None
