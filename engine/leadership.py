"""Whether this replica leads. The lease is a row; how long it may be trusted is measured here, by a clock that
nobody can set back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from recordings.lifecycle.incidents import Pause
from recordings.ports import Clock
from recordings.repositories import LeaseRow

_log = structlog.get_logger(__name__)


class Leadership:
    """Holds the lease, or waits for it. `renew` is called by the tick, `epoch` by whoever wants to work."""

    def __init__(
        self,
        lease: LeaseRow,
        seconds: float,
        clock: Clock,
        monotonic: Callable[[], float],
        pause_seconds: float = float("inf"),
    ) -> None:
        """`seconds`: how long the lease lasts; `pause_seconds`: nobody led for longer than that is worth telling."""
        self._lease = lease
        self._seconds = seconds
        self._clock = clock
        self._monotonic = monotonic
        self._pause_seconds = pause_seconds
        self._paused: Pause | None = None
        self._guard = threading.Lock()
        self._epoch: int | None = None
        self._resigned = False
        self._until = float("-inf")
        self._renewed = float("-inf")

    def renew(self) -> None:
        """Takes or renews the lease, well before it ends and well before its silence would be a pause.

        Raises `StorageUnavailable`.
        """
        asked_at = self._monotonic()
        with self._guard:
            if self._resigned:
                return
            if self._epoch is not None and asked_at < self._renewed + min(self._seconds, self._pause_seconds) / 3:
                return
        renewed_at = self._lease.renewed_at()
        now = self._clock()
        epoch = self._lease.hold(now, self._seconds)
        with self._guard:
            if (
                epoch is not None
                and renewed_at is not None
                and (now - renewed_at).total_seconds() > self._pause_seconds
            ):
                self._paused = Pause(renewed_at, now)
            if epoch != self._epoch:
                _log.info("leading" if epoch is not None else "following", epoch=epoch)
            self._epoch, self._renewed = epoch, asked_at
            self._until = asked_at + self._seconds

    def paused(self) -> Pause | None:
        """A span in which nobody led and that has to be told, until `pause_told`."""
        with self._guard:
            return self._paused

    def pause_told(self) -> None:
        with self._guard:
            self._paused = None

    def epoch(self) -> int | None:
        """The epoch in which this replica leads just now; None where it does not."""
        with self._guard:
            return self._epoch if self._monotonic() < self._until else None

    def resign(self) -> None:
        """Hands the lease over at once, for good. Raises `StorageUnavailable`."""
        with self._guard:
            leading, self._epoch = self._epoch is not None, None
            self._resigned = True
        if leading:
            self._lease.release(self._clock())
