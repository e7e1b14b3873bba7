"""One thread reads the due rows and submits each to a thread pool, never the same row twice at once."""

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

_SCAN_INTERVAL = 0.4
"""Seconds until the next scan if nothing wakes the thread. An intent that another replica wrote is noticed then."""
_WAKE_WINDOW = 0.03
"""Seconds. Coalesces wake-ups: otherwise 50 commands would trigger 50 scans."""
_RETRY_DELAY = timedelta(seconds=2)
"""A row whose step failed is not submitted again before this has passed."""
_log = structlog.get_logger(__name__)

_Key = tuple[str, str]
"""The name of the work and the key of the row."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One kind of work and the threads that do it.

    `capacity` returns how many more rows may start now; None means no limit but the pool.
    """

    work: Work
    pool: ThreadPoolExecutor
    capacity: Callable[[], int] | None = None


class Dispatcher:
    """Runs the work while this replica leads. Any thread may call `wake`."""

    def __init__(
        self, workers: Sequence[Worker], epoch: Callable[[], int | None], clock: Clock, meter: Meter | None = None
    ) -> None:
        """`epoch` returns the epoch in which this replica leads, or None."""
        self._workers = workers
        self._epoch = epoch
        self._clock = clock
        self._meter = meter or NoMeter()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._running: dict[_Key, Future[None]] = {}
        self._not_before: dict[_Key, datetime] = {}
        self._thread = threading.Thread(target=self._loop, name="dispatcher", daemon=True)
        self.last_progress_at = self._clock.monotonic()
        """When a step last succeeded, or a scan last found no step running."""
        self.poll_lag = 0.0
        """Seconds by which the most overdue row waits because its worker has no capacity left."""

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def drain(self, seconds: float) -> None:
        """Submits nothing more, and waits at most this long for the running steps."""
        self._stopping.set()
        self._wake.set()
        deadline = self._clock.monotonic() + seconds
        if self._thread.is_alive():
            self._thread.join(seconds)
        with self._guard:
            running = list(self._running.values())
        left = wait(running, timeout=max(0.0, deadline - self._clock.monotonic())).not_done
        _log.info("drained", left=len(left))

    def _loop(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            self._wake.wait(pause)
            self._stopping.wait(_WAKE_WINDOW)
            self._wake.clear()
            pause = self._scan()

    def _scan(self) -> float:
        """Submits the due rows of every worker; returns the seconds until the next scan."""
        epoch = self._epoch()
        try:
            pauses = [self._scan_worker(worker, epoch) for worker in self._workers] if epoch is not None else []
        except StorageUnavailable as error:
            _log.error("database_unavailable", error=str(error))
            return _SCAN_INTERVAL
        with self._guard:
            if not self._running:
                self.last_progress_at = self._clock.monotonic()
        return min(pauses, default=_SCAN_INTERVAL)

    def _scan_worker(self, worker: Worker, epoch: int) -> float:
        try:
            return self._submit_due(worker, epoch)
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 - an edge, like the tick: if this thread ends, no recording is polled
            _log.exception("rows_unreadable", work=worker.work.name)
            return _SCAN_INTERVAL

    def _submit_due(self, worker: Worker, epoch: int) -> float:
        """Submits what is due and fits; returns the seconds until the next row of this worker is due."""
        due = worker.work.due()
        now = self._clock.now()
        pause = _SCAN_INTERVAL
        capacity = None if worker.capacity is None else worker.capacity()
        lag = 0.0
        for row, due_at in due:
            key = (worker.work.name, row)
            due_at = max(due_at, self._not_before.get(key, due_at))
            if due_at > now:
                pause = min(pause, (due_at - now).total_seconds())
            elif capacity is None:
                self._submit(worker, key, epoch, now)
            elif capacity > 0:
                capacity -= self._submit(worker, key, epoch, now)
            else:
                lag = max(lag, (now - due_at).total_seconds())
        if capacity is not None:
            self.poll_lag = lag
        return pause

    def _submit(self, worker: Worker, key: _Key, epoch: int, now: datetime) -> bool:
        """Returns whether the row was submitted: it is not while a step for it runs, or has just failed."""
        with self._guard:
            if key in self._running or self._stopping.is_set() or self._not_before.get(key, now) > now:
                return False
            started_at = self._clock.monotonic()
            future = worker.pool.submit(worker.work.run, key[1], epoch)
            self._running[key] = future
        future.add_done_callback(lambda done: self._finish(key, done, started_at))
        return True

    def _finish(self, key: _Key, future: Future[None], started_at: float) -> None:
        error = future.exception()
        self._meter.step(key[0], self._clock.monotonic() - started_at, type(error).__name__ if error else "done")
        with self._guard:
            self._running.pop(key, None)
            self._not_before.pop(key, None)
            if error is None:
                self.last_progress_at = self._clock.monotonic()
            else:
                self._not_before[key] = self._clock.now() + _RETRY_DELAY
        if isinstance(error, LeaseLost | StorageUnavailable):
            _log.warning("step_not_written", work=key[0], row=key[1], error=str(error))
        elif error is not None:
            _log.error("step_failed", work=key[0], row=key[1], exc_info=error)
        self._wake.set()


class Work(Protocol):
    """One kind of work."""

    @property
    def name(self) -> str:
        """Two kinds of work with the same name never run the same row at once."""

    def due(self) -> Sequence[tuple[str, datetime]]:
        """Keys of rows with the time when each is due, most urgent first. The time may lie ahead."""

    def run(self, key: str, epoch: int) -> None:
        """Takes one step for one row, as the leader of this epoch. Raises `SystemFailure` if it can't be saved."""
