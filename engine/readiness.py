"""The state of each part of this replica, as `/readyz` shows it: `ok`, or in a few words what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.dispatcher import Dispatcher
from engine.ticker import Ticker
from recordings.ports import Clock

_PATIENCE_INTERVALS = 3
"""Query intervals without a tick or a finished step after which the monitor is not ready."""
_SHORTEST_PATIENCE = 5.0
_LAG_WORTH_SHOWING = 0.2
"""As a share of the query interval."""


class Identity(Protocol):
    problem: str


class Connection(Protocol):
    @property
    def connected(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Readiness:
    """Answers `/readyz` without I/O. `connection` is None if Slack comes over HTTP."""

    identity: Identity
    connection: Connection | None
    ticker: Ticker
    dispatcher: Dispatcher
    query_interval: float
    clock: Clock

    def __call__(self) -> dict[str, str]:
        parts = {"slack": self._slack(), "database": self.ticker.problem or "ok", "monitor": self._monitor()}
        lagging = self.dispatcher.poll_lag > self.query_interval * _LAG_WORTH_SHOWING
        return parts | ({"queries": self._lag()} if lagging else {})

    def _lag(self) -> str:
        interval = self.query_interval + self.dispatcher.poll_lag
        return f"about every {interval:.0f} s: there are more recordings than AGORA_QPS lets ask for"

    def _slack(self) -> str:
        if self.identity.problem:
            return self.identity.problem
        return "ok" if self.connection is None or self.connection.connected else "not connected"

    def _monitor(self) -> str:
        now = self.clock.monotonic()
        patience = max(_PATIENCE_INTERVALS * self.query_interval, _SHORTEST_PATIENCE)
        if now - self.ticker.last_tick_at > patience:
            return "does not tick"
        if now - self.dispatcher.last_progress_at < patience:
            return "ok"
        return "rows are due, but no step was done lately"
