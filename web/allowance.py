"""How much is taken at most: so many a second, and a burst."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class TokenBucket:
    """A token bucket. May be used from any thread."""

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._left = burst
        self._counted_at = monotonic()
        self._guard = threading.Lock()

    def take(self) -> bool:
        """Takes one, where there is one."""
        with self._guard:
            now = self._monotonic()
            self._left = min(self._burst, self._left + (now - self._counted_at) * self._rate)
            self._counted_at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
