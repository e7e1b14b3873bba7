"""What `/readyz` tells: each part, `ok` or in a few words what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.dispatcher import Dispatcher
from engine.ticker import Ticker
from recordings.ports import Clock

_INTERVALS = 3
_SHORTEST_SECONDS = 5.0
_WORTH_TELLING = 0.2


class Identity(Protocol):
    problem: str


class Connection(Protocol):
    @property
    def connected(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Readiness:
    """Asked by `/readyz`; no I/O."""

    identity: Identity
    connection: Connection | None
    ticker: Ticker
    dispatcher: Dispatcher
    query_interval: float
    clock: Clock

    def __call__(self) -> dict[str, str]:
        parts = {"slack": self._slack(), "database": self.ticker.problem or "ok", "monitor": self._monitor()}
        stretched = self.dispatcher.behind > self.query_interval * _WORTH_TELLING
        return parts | ({"queries": self._stretched()} if stretched else {})

    def _stretched(self) -> str:
        now_every = self.query_interval + self.dispatcher.behind
        return f"about every {now_every:.0f} s: there are more recordings than AGORA_QPS lets ask for"

    def _slack(self) -> str:
        if self.identity.problem:
            return self.identity.problem
        return "ok" if self.connection is None or self.connection.connected else "not connected"

    def _monitor(self) -> str:
        now = self.clock.monotonic()
        patience = max(_INTERVALS * self.query_interval, _SHORTEST_SECONDS)
        if now - self.ticker.ticked_at > patience:
            return "does not tick"
        return "ok" if now - self.dispatcher.progressed_at < patience else "rows are due, but no step was done lately"
