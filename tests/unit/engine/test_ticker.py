"""The tick renews the lease, wakes the engine, and does the rounds; whatever happens it ticks again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from engine.ticker import TICK_SECONDS, Ticker, scheduler_for
from recordings.errors import StorageUnavailable
from recordings.lifecycle.policy import Policy
from recordings.model.alerts import AlertKind
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.fakes.agora_notifications import new_notification
from tests.fakes.outboxes import MemoryIncidents, MemoryNotifications, MemoryOutbox
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecordings
from tests.fakes.rows import FakeClock, FunctionClock, a_recording, at, changed, up


class Desk:
    def __init__(self, *, pause_seconds: float = float("inf")) -> None:
        self.memory = Memory()
        self.clock = FakeClock()
        self.monotonic = 0.0
        self.store = MemoryRecordings(self.memory)
        self.outbox = MemoryOutbox(self.memory)
        self.leadership = Leadership(
            MemoryLease(self.memory, "me"),
            15,
            self.clock.now,
            FunctionClock(of_spans=lambda: self.monotonic),
            pause_seconds,
        )
        self.ticker = Ticker(
            self.leadership,
            Dispatcher([], self.leadership.epoch, self.clock),
            self.store,
            MemoryIncidents(self.memory),
            MemoryNotifications(self.memory, self.clock),
            Policy(),
            self.clock,
        )

    def has(self, recording: Recording, response_url: str | None = None) -> None:
        assert self.store.add_recording(recording, response_url) is None

    def tick(self, after: float = 0.0) -> None:
        """A tick that does the rounds."""
        self.clock.passes(after)
        self.monotonic += after
        self.ticker._round_at = float("-inf")
        self.ticker.tick()

    def alerts_raised(self) -> list[tuple[AlertKind, Reason | None]]:
        return [(entry.alert.kind, entry.alert.reason) for entry in self.memory.outbox]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_before_the_first_tick_it_is_not_well() -> None:
    assert Desk().ticker.problem


def test_a_tick_takes_the_lease(desk: Desk) -> None:
    desk.tick()

    assert desk.leadership.epoch() == 1
    assert desk.ticker.problem == ""


@pytest.mark.parametrize(
    ("error", "said"), [(StorageUnavailable("database is locked"), "database is locked"), (KeyError("x"), "KeyError")]
)
def test_a_tick_that_fails_says_why_and_the_next_one_is_well(desk: Desk, error: Exception, said: str) -> None:
    class Breaks(MemoryRecordings):
        broken = True

        def forget_response_urls(self, now: datetime) -> None:
            if self.broken:
                raise error

    desk.ticker.steps = steps = Breaks(desk.memory)
    desk.tick()
    assert desk.ticker.problem == said

    steps.broken = False
    desk.tick()
    assert desk.ticker.problem == ""


def test_silence_is_told_once_and_its_end_once(desk: Desk) -> None:
    desk.has(up(unanswered_since=at(0), unanswered_reason=Reason.AGORA_UNREACHABLE))
    row = desk.memory.rows["rec1"]
    for _ in range(60):
        row.recording = changed(row.recording, queried_at=desk.clock.now() + timedelta(seconds=10))
        desk.tick(10)
    assert desk.alerts_raised() == [(AlertKind.WARNING, Reason.AGORA_UNREACHABLE)]

    row.recording = changed(row.recording, unanswered_since=None)
    for _ in range(5):
        desk.tick(10)

    assert desk.alerts_raised()[1:] == [(AlertKind.RECOVERED, Reason.AGORA_UNREACHABLE)]
    assert desk.memory.outbox[0].alert.raised_at == at(300)


def test_one_that_follows_does_no_rounds(desk: Desk) -> None:
    MemoryLease(desk.memory, "other").hold(desk.clock.now(), 1e9)
    desk.has(up(unanswered_since=at(-900)))
    desk.tick()

    assert desk.alerts_raised() == []


def test_ways_to_answer_are_forgotten_after_half_an_hour(desk: Desk) -> None:
    desk.has(a_recording(state=State.FAILED, reason=Reason.UNDELIVERABLE), "https://hooks.example/secret")
    desk.tick(1799)
    assert desk.store.reply("rec1") is not None

    desk.tick(2)
    assert desk.memory.rows["rec1"].response_url is None


def test_requests_are_forgotten_after_a_day(desk: Desk) -> None:
    assert desk.store.add_recording(a_recording(), None, "trigger 1") is None
    desk.tick(86_401)

    assert desk.store.recording_of_request("trigger 1") is None


def test_notices_are_forgotten_after_a_month(desk: Desk) -> None:
    desk.ticker.notifications.keep(new_notification())
    desk.tick(30 * 86_400)
    assert desk.memory.notifications

    desk.tick(1)
    assert not desk.memory.notifications


def test_a_pause_in_which_nobody_led_is_told_once() -> None:
    desk = Desk(pause_seconds=60)
    MemoryLease(desk.memory, "before").hold(desk.clock.now(), 15)
    desk.has(up())
    desk.tick(300)
    desk.tick(1)

    assert desk.alerts_raised() == [(AlertKind.WARNING, Reason.UNWATCHED)]
    assert desk.memory.rows["rec1"].recording.unwatched_to == at(300)


def test_a_pause_that_could_not_be_written_down_is_told_later() -> None:
    desk = Desk(pause_seconds=60)
    MemoryLease(desk.memory, "before").hold(desk.clock.now(), 15)
    desk.has(up())

    class Breaks(MemoryIncidents):
        def save_downtime(self, *_: object) -> None:
            raise StorageUnavailable("locked")

    well, desk.ticker.incidents = desk.ticker.incidents, Breaks(desk.memory)
    desk.tick(300)
    assert desk.alerts_raised() == []

    desk.ticker.incidents = well
    desk.tick(1)
    assert desk.alerts_raised() == [(AlertKind.WARNING, Reason.UNWATCHED)]


# the scheduler


def scheduled(tick: Callable[[], None]) -> dict[str, object]:
    scheduler = scheduler_for(tick)
    scheduler.start(paused=True)
    (job,) = scheduler.get_jobs()
    facts = {name: getattr(job, name) for name in ("coalesce", "max_instances", "misfire_grace_time")}
    facts["interval"] = job.trigger.interval.total_seconds()
    scheduler.shutdown()
    return facts


def test_it_ticks_every_half_second_never_two_at_once_and_late_ones_count_once() -> None:
    assert scheduled(lambda: None) == {
        "coalesce": True,
        "max_instances": 1,
        "misfire_grace_time": None,
        "interval": TICK_SECONDS,
    }


def test_it_ticks_at_once() -> None:
    ticked = threading.Event()
    scheduler = scheduler_for(ticked.set)
    scheduler.start()

    assert ticked.wait(10)
    scheduler.shutdown()
