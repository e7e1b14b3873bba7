"""APScheduler's part: a tick that renews the lease, wakes the dispatcher and does the rounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from recordings.errors import SystemFailure
from recordings.lifecycle.incidents import downtime_alerts, review
from recordings.lifecycle.policy import Policy, Turn
from recordings.ports import Clock
from recordings.repositories import IncidentRepository, NotificationRepository, RecordingRepository

TICK_SECONDS = 0.5
_ROUND_SECONDS = 1.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Ticker:
    """What happens at every tick."""

    leadership: Leadership
    dispatcher: Dispatcher
    steps: RecordingRepository
    incidents: IncidentRepository
    notifications: NotificationRepository
    policy: Policy
    clock: Clock
    problem: str = "not ticked yet"
    """Why the last tick was no success; empty where it was one."""
    ticked_at: float = field(init=False)
    _round_at: float = float("-inf")

    def __post_init__(self) -> None:
        self.ticked_at = self.clock.monotonic()

    def tick(self) -> None:
        try:
            self._tick()
            self.problem = ""
        except SystemFailure as error:
            self.problem = str(error)
            _log.error("tick_failed", error=self.problem)
        except Exception as error:  # noqa: BLE001 - one of the four edges: the tick
            self.problem = type(error).__name__
            _log.exception("tick_failed")
        self.ticked_at = self.clock.monotonic()

    def _tick(self) -> None:
        self.leadership.renew()
        epoch = self.leadership.epoch()
        if epoch is not None:
            self._tell_pause(epoch)
        self.dispatcher.wake()
        if epoch is not None and self.clock.monotonic() >= self._round_at + _ROUND_SECONDS:
            self._round_at = self.clock.monotonic()
            self._round(epoch)

    def _tell_pause(self, epoch: int) -> None:
        pause = self.leadership.paused()
        if pause is None:
            return
        turn = Turn(now=self.clock.now(), policy=self.policy)
        affected, alerts = downtime_alerts(self.steps.active(), pause, turn)
        if affected:
            _log.warning("unwatched", begun_at=str(pause.begun_at), recordings=len(affected))
            self.incidents.save_downtime(pause, affected, alerts, epoch)
        self.leadership.pause_told()

    def _round(self, epoch: int) -> None:
        turn = Turn(now=self.clock.now(), policy=self.policy)
        self.steps.forget_response_urls(turn.now)
        self.steps.forget_requests(turn.now)
        self.notifications.forget(turn.now)
        known = self.incidents.open()
        silent_since = turn.now - timedelta(seconds=self.policy.unreachable_alert)
        if not known and not self.steps.any_without_answer(silent_since):
            return
        found = review(self.steps.active(), known, turn)
        if not found.incidents:
            return
        written = self.incidents.save(found, epoch)
        for alert in written.alerts:
            _log.warning("alert_raised", kind=str(alert.kind), reason=str(alert.reason), recording=alert.recording.id)
        if written.incidents:
            self.dispatcher.wake()


def scheduler_for(tick: Callable[[], None]) -> BackgroundScheduler:
    """A scheduler of this process that ticks every half second once it is started, never two ticks at once."""
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        tick,
        "interval",
        seconds=TICK_SECONDS,
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    return scheduler
