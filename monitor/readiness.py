"""What `/readyz` tells: each part, `ok` or in a few words what is wrong with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from monitor.dispatcher import Dispatcher
from monitor.ticker import TICK_SECONDS, Ticker

_STALE_SECONDS = 20 * TICK_SECONDS


class Identity(Protocol):
    trouble: str


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

    def __call__(self) -> dict[str, str]:
        return {"slack": self._slack(), "database": self.ticker.trouble or "ok", "monitor": self._monitor()}

    def _slack(self) -> str:
        if self.identity.trouble:
            return self.identity.trouble
        return "ok" if self.connection is None or self.connection.connected else "not connected"

    def _monitor(self) -> str:
        now = time.monotonic()
        if now - self.ticker.ticked_at > _STALE_SECONDS:
            return "does not tick"
        return "ok" if now - self.dispatcher.looked_at < _STALE_SECONDS else "takes no steps"
