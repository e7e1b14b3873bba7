"""Leadership: one replica holds the lease, and trusts it by the monotonic clock."""

from __future__ import annotations

from datetime import datetime

import pytest

from engine.leadership import Leadership
from recordings.errors import StorageUnavailable
from recordings.lifecycle.incidents import Downtime
from tests.fakes.repositories import Memory, MemoryLease
from tests.fakes.rows import NOW, FakeClock, FunctionClock, at


class SlowLease(MemoryLease):
    """A lease whose database may be slow, or away."""

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


def test_the_first_replica_leads() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    second.leadership.renew()

    assert (first.leadership.epoch(), second.leadership.epoch()) == (1, None)


def test_no_replica_leads_before_its_first_renewal() -> None:
    assert Replica().leadership.epoch() is None


def test_the_lease_is_renewed_when_a_third_of_its_time_has_passed() -> None:
    replica = Replica()
    replica.leadership.renew()
    replica.passes(4.9)
    replica.leadership.renew()
    assert replica.lease.asked == 1

    replica.passes(0.1)
    replica.leadership.renew()
    assert replica.lease.asked == 2


def test_a_follower_asks_for_the_lease_at_every_tick() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    for _ in range(3):
        second.leadership.renew()

    assert second.lease.asked == 3


def test_a_leader_that_can_not_renew_stops_leading_when_the_lease_ends() -> None:
    replica = Replica()
    replica.leadership.renew()
    replica.lease.away = True
    replica.passes(14.9)
    with pytest.raises(StorageUnavailable):
        replica.leadership.renew()
    assert replica.leadership.epoch() == 1

    replica.passes(0.1)
    assert replica.leadership.epoch() is None


def test_a_wall_clock_that_is_set_back_does_not_prolong_the_lease() -> None:
    replica = Replica()
    replica.leadership.renew()
    replica.wall.passes(-3600)
    replica.monotonic.seconds += 15

    assert replica.leadership.epoch() is None


def test_the_lease_counts_from_before_the_database_was_asked() -> None:
    replica = Replica()
    replica.lease.takes = 10
    replica.leadership.renew()
    assert replica.leadership.epoch() == 1

    replica.monotonic.seconds += 5
    assert replica.leadership.epoch() is None


def test_a_succeeded_leader_follows() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    second.passes(15)
    second.leadership.renew()
    first.passes(15.1)
    first.leadership.renew()

    assert (first.leadership.epoch(), second.leadership.epoch()) == (None, 2)


def test_after_a_resignation_another_replica_leads_at_once() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    first.leadership.resign()
    second.leadership.renew()

    assert (first.leadership.epoch(), second.leadership.epoch()) == (None, 2)


def test_a_follower_that_resigns_leaves_the_lease_alone() -> None:
    first = Replica()
    second = Replica(first.memory)
    first.leadership.renew()
    second.leadership.renew()
    second.leadership.resign()

    assert first.memory.expires_at == at(15)


# a pause in which nobody led


def test_a_long_pause_is_unreported_until_it_is_marked_as_reported() -> None:
    first = Replica()
    first.leadership.renew()
    second = Replica(first.memory, pause_seconds=60)
    second.passes(61)
    second.leadership.renew()

    assert second.leadership.unreported_pause() == Downtime(NOW, at(61))
    assert second.leadership.unreported_pause() is not None, "it stays until it is marked"
    second.leadership.mark_pause_reported()
    assert second.leadership.unreported_pause() is None


def test_a_short_pause_is_not_reported() -> None:
    first = Replica()
    first.leadership.renew()
    second = Replica(first.memory, pause_seconds=60)
    second.passes(59)
    second.leadership.renew()

    assert second.leadership.unreported_pause() is None


def test_the_very_first_leader_reports_no_pause() -> None:
    replica = Replica(pause_seconds=0)
    replica.leadership.renew()

    assert replica.leadership.unreported_pause() is None
