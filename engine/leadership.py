"""Whether this replica leads.

The lease is a row in the database. How long this replica may trust it is measured with the monotonic clock, which
nobody can set back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from recordings.lifecycle.incidents import Downtime
from recordings.ports import Clock
from recordings.repositories import LeaseRepository

_RENEWALS = 3
"""How often the lease is renewed before it would end, or before its silence would count as a pause."""
_log = structlog.get_logger(__name__)


class Leadership:
    """Holds the lease, or waits for it. The tick calls `renew`; everything that writes asks for the `epoch`."""

    def __init__(
        self,
        lease: LeaseRepository,
        seconds: float,
        lease_time: Callable[[], datetime],
        clock: Clock,
        pause_seconds: float = float("inf"),
    ) -> None:
        """`seconds`: how long the lease lasts; `lease_time`: the time that all replicas share, the database's;
        `pause_seconds`: a longer time without a leader is reported."""
        self._lease = lease
        self._seconds = seconds
        self._clock = clock
        self._lease_time = lease_time
        self._pause_seconds = pause_seconds
        self._renew_after = min(seconds, pause_seconds) / _RENEWALS
        self._pause: Downtime | None = None
        self._guard = threading.Lock()
        self._epoch: int | None = None
        self._resigned = False
        self._trusted_until = float("-inf")
        self._renewed_at = float("-inf")

    def renew(self) -> None:
        """Takes the lease, or renews it when a third of its time has passed. Raises `StorageUnavailable`."""
        asked_at = self._clock.monotonic()
        with self._guard:
            if self._resigned:
                return
            if self._epoch is not None and asked_at < self._renewed_at + self._renew_after:
                return
        renewed_at = self._lease.renewed_at()
        now = self._lease_time()
        epoch = self._lease.hold(now, self._seconds)
        with self._guard:
            if epoch is not None:
                self._note_pause(renewed_at, now)
            if epoch != self._epoch:
                _log.info("leading" if epoch is not None else "following", epoch=epoch)
            # Counted from before the database answered: the lease may have begun at any moment since.
            self._epoch, self._renewed_at = epoch, asked_at
            self._trusted_until = asked_at + self._seconds

    def _note_pause(self, renewed_at: datetime | None, now: datetime) -> None:
        """`renewed_at`: when any replica last renewed the lease; None before the very first leader."""
        if renewed_at is not None and (now - renewed_at).total_seconds() > self._pause_seconds:
            self._pause = Downtime(renewed_at, now)

    def unreported_pause(self) -> Downtime | None:
        """A span without a leader that was not reported yet, until `mark_pause_reported`."""
        with self._guard:
            return self._pause

    def mark_pause_reported(self) -> None:
        with self._guard:
            self._pause = None

    def epoch(self) -> int | None:
        """The epoch in which this replica leads now; None if it does not lead."""
        with self._guard:
            return self._epoch if self._clock.monotonic() < self._trusted_until else None

    def resign(self) -> None:
        """Releases the lease at once, for good. Raises `StorageUnavailable`."""
        with self._guard:
            leading, self._epoch = self._epoch is not None, None
            self._resigned = True
        if leading:
            self._lease.release(self._lease_time())
