"""One thread that takes the rows that are due and hands each to a pool, never the same row twice at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from recordings.errors import LeaseLost, StorageUnavailable
from recordings.ports import Clock, Meter, NoMeter

_LONGEST_WAIT = 0.4
"""Seconds until rows are looked at again though nothing woke the thread: a wish of another replica is seen then."""
_BURST = 0.03
"""Seconds in which wake-ups become one look: with one for each of fifty wishes, their answers would be late."""
_AFTER_A_FAULT = timedelta(seconds=2)
_log = structlog.get_logger(__name__)

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Worker:
    """A kind of work with its threads; `room`: how many more rows may be taken just now, where there is a limit."""

    work: Work
    pool: ThreadPoolExecutor
    room: Callable[[], int] | None = None


class Dispatcher:
    """Runs work while this replica leads. `wake` may be called from any thread."""

    def __init__(
        self, lanes: Sequence[Worker], epoch: Callable[[], int | None], clock: Clock, meter: Meter | None = None
    ) -> None:
        self._lanes = lanes
        self._epoch = epoch
        self._clock = clock
        self._meter = meter or NoMeter()
        self._event = threading.Event()
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._running: dict[_Key, Future[None]] = {}
        self._not_before: dict[_Key, datetime] = {}
        self._thread = threading.Thread(target=self._loop, name="dispatcher", daemon=True)
        self.progressed_at = self._clock.monotonic()
        """When a step was last done, or there was none to do."""
        self.behind = 0.0
        """Seconds by which rows come too late for want of room."""

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._event.set()

    def drain(self, seconds: float) -> None:
        """Takes nothing new and waits for what is in hand, so long at most."""
        self._stopping.set()
        self._event.set()
        deadline = self._clock.monotonic() + seconds
        if self._thread.is_alive():
            self._thread.join(seconds)
        with self._guard:
            in_hand = list(self._running.values())
        left = wait(in_hand, timeout=max(0.0, deadline - self._clock.monotonic())).not_done
        _log.info("drained", left=len(left))

    def _loop(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            self._event.wait(pause)
            self._stopping.wait(_BURST)
            self._event.clear()
            pause = self._look()

    def _look(self) -> float:
        """Hands out what is due; the seconds until something is due next, or until the next look."""
        epoch = self._epoch()
        try:
            pauses = [self._take_or_skip(lane, epoch) for lane in self._lanes] if epoch is not None else []
        except StorageUnavailable as error:
            _log.error("database_unavailable", error=str(error))
            return _LONGEST_WAIT
        with self._guard:
            if not self._running:
                self.progressed_at = self._clock.monotonic()
        return min(pauses, default=_LONGEST_WAIT)

    def _take_or_skip(self, lane: Worker, epoch: int) -> float:
        try:
            return self._take(lane, epoch)
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 - an edge like the tick: without this thread nothing is watched any more
            _log.exception("rows_unreadable", work=lane.work.name)
            return _LONGEST_WAIT

    def _take(self, lane: Worker, epoch: int) -> float:
        due = lane.work.due()
        now = self._clock.now()
        pause = _LONGEST_WAIT
        room = None if lane.room is None else lane.room()
        behind = 0.0
        for row, at in due:
            key = (lane.work.name, row)
            at = max(at, self._not_before.get(key, at))
            if at > now:
                pause = min(pause, (at - now).total_seconds())
            elif room is None:
                self._submit(lane, key, epoch)
            elif room > 0:
                room -= self._submit(lane, key, epoch)
            else:
                behind = max(behind, (now - at).total_seconds())
        if room is not None:
            self.behind = behind
        return pause

    def _submit(self, lane: Worker, key: _Key, epoch: int) -> bool:
        with self._guard:
            if key in self._running or self._stopping.is_set():
                return False
            begun = self._clock.monotonic()
            future = lane.pool.submit(lane.work.run, key[1], epoch)
            self._running[key] = future
        future.add_done_callback(lambda done: self._done(key, done, begun))
        return True

    def _done(self, key: _Key, future: Future[None], begun: float) -> None:
        error = future.exception()
        self._meter.step(key[0], self._clock.monotonic() - begun, type(error).__name__ if error else "done")
        with self._guard:
            self._running.pop(key, None)
            self._not_before.pop(key, None)
            if error is None:
                self.progressed_at = self._clock.monotonic()
            else:
                self._not_before[key] = self._clock.now() + _AFTER_A_FAULT
        if isinstance(error, LeaseLost | StorageUnavailable):
            _log.warning("step_not_written", work=key[0], row=key[1], error=str(error))
        elif error is not None:
            _log.error("step_failed", work=key[0], row=key[1], exc_info=error)
        self._event.set()


class Work(Protocol):
    """One kind of work."""

    @property
    def name(self) -> str:
        """Tells this kind's rows from those of other kinds."""

    def due(self) -> Sequence[tuple[str, datetime]]:
        """Keys of rows with the time when each is due (it may lie ahead), the most urgent first."""

    def run(self, key: str, epoch: int) -> None:
        """One step for one row, as the leader of this epoch. Raises `SystemFailure` where it could not be written."""
