"""The tick, which APScheduler runs: it renews the lease, wakes the dispatcher and starts the rounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from engine.rounds import Rounds
from recordings.errors import SystemFailure
from recordings.ports import Clock

TICK_SECONDS = 0.5
_ROUND_SECONDS = 1.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Ticker:
    """Runs one tick, and remembers how the last one went."""

    leadership: Leadership
    dispatcher: Dispatcher
    rounds: Rounds
    clock: Clock
    problem: str = "not ticked yet"
    """Why the last tick failed; empty if it succeeded. `/readyz` shows it."""
    last_tick_at: float = field(init=False)
    _next_round_at: float = float("-inf")

    def __post_init__(self) -> None:
        self.last_tick_at = self.clock.monotonic()

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
        self.last_tick_at = self.clock.monotonic()

    def _tick(self) -> None:
        self.leadership.renew()
        epoch = self.leadership.epoch()
        if epoch is not None:
            self._report_pause(epoch)
        self.dispatcher.wake()
        if epoch is not None and self.clock.monotonic() >= self._next_round_at:
            self._next_round_at = self.clock.monotonic() + _ROUND_SECONDS
            if self.rounds.run(epoch):
                self.dispatcher.wake()

    def _report_pause(self, epoch: int) -> None:
        pause = self.leadership.unreported_pause()
        if pause is not None:
            self.rounds.report_pause(pause, epoch)
            self.leadership.mark_pause_reported()


def scheduler_for(tick: Callable[[], None]) -> BackgroundScheduler:
    """A scheduler that, once started, ticks every half second in this process, never two ticks at once."""
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
