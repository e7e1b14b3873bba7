"""The tick renews the lease, wakes the dispatcher and starts the rounds; after any failure it ticks again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from engine.rounds import Rounds
from engine.ticker import TICK_SECONDS, Ticker, scheduler_for
from recordings.errors import StorageUnavailable
from recordings.lifecycle.policy import Policy
from recordings.model.alerts import AlertKind
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.fakes.agora_notifications import new_notification
from tests.fakes.outboxes import MemoryIncidents, repositories_of
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecordings
from tests.fakes.rows import FakeClock, a_recording, at, changed, up


class Bench:
    """A ticker on repositories in memory and a clock that tests move."""

    def __init__(self, *, pause_seconds: float = float("inf")) -> None:
        self.memory = Memory()
        self.clock = FakeClock()
        self.repositories = repositories_of(self.memory, self.clock)
        lease = MemoryLease(self.memory, "me")
        self.leadership = Leadership(lease, 15, self.clock.now, self.clock, pause_seconds)
        self.dispatcher = Dispatcher([], self.leadership.epoch, self.clock)
        self.rounds = Rounds(self.repositories, Policy(), self.clock)
        self.ticker = Ticker(self.leadership, self.dispatcher, self.rounds, self.clock)

    def has(self, recording: Recording, response_url: str | None = None) -> None:
        assert self.repositories.recordings.add_recording(recording, response_url) is None

    def tick(self, after: float = 1.0) -> None:
        """A tick after this many seconds; a second is enough for the next round."""
        self.clock.passes(after)
        self.ticker.tick()

    def alerts_raised(self) -> list[tuple[AlertKind, Reason | None]]:
        return [(entry.alert.kind, entry.alert.reason) for entry in self.memory.outbox]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_before_the_first_tick_there_is_a_problem() -> None:
    assert Bench().ticker.problem


def test_a_tick_takes_the_lease(bench: Bench) -> None:
    bench.tick()

    assert bench.leadership.epoch() == 1
    assert bench.ticker.problem == ""


@pytest.mark.parametrize(
    ("error", "problem"),
    [(StorageUnavailable("database is locked"), "database is locked"), (KeyError("x"), "KeyError")],
)
def test_a_failed_tick_shows_its_problem_until_the_next_one_succeeds(
    bench: Bench, error: Exception, problem: str
) -> None:
    class BrokenRecordings(MemoryRecordings):
        broken = True

        def forget_response_urls(self, now: datetime) -> None:
            if self.broken:
                raise error

    recordings = BrokenRecordings(bench.memory)
    bench.rounds.repositories = replace(bench.repositories, recordings=recordings)
    bench.tick()
    assert bench.ticker.problem == problem

    recordings.broken = False
    bench.tick()
    assert bench.ticker.problem == ""


def test_there_is_one_round_a_second(bench: Bench) -> None:
    rounds = 0

    class CountingRecordings(MemoryRecordings):
        def forget_requests(self, now: datetime) -> None:
            nonlocal rounds
            rounds += 1

    bench.rounds.repositories = replace(bench.repositories, recordings=CountingRecordings(bench.memory))
    for _ in range(9):
        bench.tick(0.5)

    assert rounds == 5


def test_agoras_silence_is_reported_once_and_so_is_its_end(bench: Bench) -> None:
    bench.has(up(unanswered_since=at(0), unanswered_reason=Reason.AGORA_UNREACHABLE))
    row = bench.memory.rows["rec1"]
    for _ in range(60):
        row.recording = changed(row.recording, queried_at=bench.clock.now() + timedelta(seconds=10))
        bench.tick(10)
    assert bench.alerts_raised() == [(AlertKind.WARNING, Reason.AGORA_UNREACHABLE)]

    row.recording = changed(row.recording, unanswered_since=None)
    for _ in range(5):
        bench.tick(10)

    assert bench.alerts_raised()[1:] == [(AlertKind.RECOVERED, Reason.AGORA_UNREACHABLE)]
    assert bench.memory.outbox[0].alert.raised_at == at(300)


def test_an_incident_wakes_the_dispatcher_a_second_time(bench: Bench) -> None:
    woken = 0

    def wake() -> None:
        nonlocal woken
        woken += 1

    bench.dispatcher.wake = wake  # type: ignore[method-assign]
    bench.tick()
    assert woken == 1

    silent = {"unanswered_since": at(-900), "unanswered_reason": Reason.AGORA_UNREACHABLE}
    bench.has(up(queried_at=at(0), **silent))
    bench.tick()
    assert woken == 3


def test_a_follower_does_no_rounds(bench: Bench) -> None:
    MemoryLease(bench.memory, "other").hold(bench.clock.now(), 1e9)
    bench.has(up(unanswered_since=at(-900)))
    bench.tick()

    assert bench.alerts_raised() == []


def test_response_urls_are_forgotten_after_half_an_hour(bench: Bench) -> None:
    bench.has(a_recording(state=State.FAILED, reason=Reason.UNDELIVERABLE), "https://hooks.example/secret")
    bench.tick(1799)
    assert bench.repositories.recordings.reply("rec1") is not None

    bench.tick(2)
    assert bench.memory.rows["rec1"].response_url is None


def test_requests_are_forgotten_after_a_day(bench: Bench) -> None:
    assert bench.repositories.recordings.add_recording(a_recording(), None, "trigger 1") is None
    bench.tick(86_401)

    assert bench.repositories.recordings.recording_of_request("trigger 1") is None


def test_notifications_are_forgotten_after_a_month(bench: Bench) -> None:
    bench.repositories.notifications.keep(new_notification())
    bench.tick(30 * 86_400)
    assert bench.memory.notifications

    bench.tick(1)
    assert not bench.memory.notifications


def test_a_pause_without_a_leader_is_reported_once() -> None:
    bench = Bench(pause_seconds=60)
    MemoryLease(bench.memory, "before").hold(bench.clock.now(), 15)
    bench.has(up())
    bench.tick(300)
    bench.tick(1)

    assert bench.alerts_raised() == [(AlertKind.WARNING, Reason.UNWATCHED)]
    assert bench.memory.rows["rec1"].recording.unwatched_to == at(300)


def test_a_pause_that_could_not_be_saved_is_reported_later() -> None:
    bench = Bench(pause_seconds=60)
    MemoryLease(bench.memory, "before").hold(bench.clock.now(), 15)
    bench.has(up())

    class BrokenIncidents(MemoryIncidents):
        def save_downtime(self, *_: object) -> None:
            raise StorageUnavailable("locked")

    bench.rounds.repositories = replace(bench.repositories, incidents=BrokenIncidents(bench.memory))
    bench.tick(300)
    assert bench.alerts_raised() == []

    bench.rounds.repositories = bench.repositories
    bench.tick(1)
    assert bench.alerts_raised() == [(AlertKind.WARNING, Reason.UNWATCHED)]


# the scheduler


def scheduled(tick: Callable[[], None]) -> dict[str, object]:
    scheduler = scheduler_for(tick)
    scheduler.start(paused=True)
    (job,) = scheduler.get_jobs()
    facts = {name: getattr(job, name) for name in ("coalesce", "max_instances", "misfire_grace_time")}
    facts["interval"] = job.trigger.interval.total_seconds()
    scheduler.shutdown()
    return facts


def test_it_ticks_every_half_second_never_twice_at_once_and_late_ticks_count_once() -> None:
    assert scheduled(lambda: None) == {
        "coalesce": True,
        "max_instances": 1,
        "misfire_grace_time": None,
        "interval": TICK_SECONDS,
    }


def test_the_first_tick_comes_at_once() -> None:
    ticked = threading.Event()
    scheduler = scheduler_for(ticked.set)
    scheduler.start()

    assert ticked.wait(60)
    scheduler.shutdown()
