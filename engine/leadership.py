"""Whether this replica leads. The lease is a row; how long it may be trusted is measured here, by a clock that
nobody can set back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from recordings.lifecycle.incidents import Downtime
from recordings.ports import Clock
from recordings.repositories import LeaseRepository

_log = structlog.get_logger(__name__)


class Leadership:
    """Holds the lease, or waits for it. `renew` is called by the tick, `epoch` by whoever wants to work."""

    def __init__(
        self,
        lease: LeaseRepository,
        seconds: float,
        lease_time: Callable[[], datetime],
        clock: Clock,
        pause_seconds: float = float("inf"),
    ) -> None:
        """`seconds`: how long the lease lasts; `lease_time`: the time that every replica agrees on; `pause_seconds`: a
        longer time without a leader is reported."""
        self._lease = lease
        self._seconds = seconds
        self._clock = clock
        self._lease_time = lease_time
        self._pause_seconds = pause_seconds
        self._paused: Downtime | None = None
        self._guard = threading.Lock()
        self._epoch: int | None = None
        self._resigned = False
        self._until = float("-inf")
        self._renewed = float("-inf")

    def renew(self) -> None:
        """Takes or renews the lease, well before it ends and well before its silence would be a pause.

        Raises `StorageUnavailable`.
        """
        asked_at = self._clock.monotonic()
        with self._guard:
            if self._resigned:
                return
            if self._epoch is not None and asked_at < self._renewed + min(self._seconds, self._pause_seconds) / 3:
                return
        renewed_at = self._lease.renewed_at()
        now = self._lease_time()
        epoch = self._lease.hold(now, self._seconds)
        with self._guard:
            if (
                epoch is not None
                and renewed_at is not None
                and (now - renewed_at).total_seconds() > self._pause_seconds
            ):
                self._paused = Downtime(renewed_at, now)
            if epoch != self._epoch:
                _log.info("leading" if epoch is not None else "following", epoch=epoch)
            self._epoch, self._renewed = epoch, asked_at
            self._until = asked_at + self._seconds

    def paused(self) -> Downtime | None:
        """A span in which nobody led and that has to be told, until `pause_told`."""
        with self._guard:
            return self._paused

    def pause_told(self) -> None:
        with self._guard:
            self._paused = None

    def epoch(self) -> int | None:
        """The epoch in which this replica leads just now; None where it does not."""
        with self._guard:
            return self._epoch if self._clock.monotonic() < self._until else None

    def resign(self) -> None:
        """Hands the lease over at once, for good. Raises `StorageUnavailable`."""
        with self._guard:
            leading, self._epoch = self._epoch is not None, None
            self._resigned = True
        if leading:
            self._lease.release(self._lease_time())
