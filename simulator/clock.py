"""Clocks of the simulators: the machine's own, and one that a test moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Where a simulator reads the time."""

    def monotonic(self) -> float:
        """Seconds from any start, never backwards."""
        ...

    def wall(self) -> float:
        """Unix time."""
        ...

    def sleep(self, seconds: float | None, over: Callable[[], bool], changed: threading.Condition) -> None:
        """Let that much time pass (None: no limit), or less if `over` becomes true; `changed` is notified then."""
        ...


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Seconds since the machine started."""
        return time.monotonic()

    def wall(self) -> float:
        """Unix time."""
        return time.time()

    def sleep(self, seconds: float | None, over: Callable[[], bool], changed: threading.Condition) -> None:
        """Block the calling thread."""
        with changed:
            changed.wait_for(over, seconds)


@dataclass
class ManualClock:
    """A clock that moves only when it is advanced; a sleep advances it and returns at once."""

    now: float = 0.0
    wall_start: float = field(default_factory=time.time)

    def monotonic(self) -> float:
        """Seconds moved so far."""
        return self.now

    def wall(self) -> float:
        """Unix time at creation, plus the seconds moved so far."""
        return self.wall_start + self.now

    def advance(self, seconds: float) -> None:
        """Let that much time pass."""
        self.now += seconds

    def sleep(self, seconds: float | None, over: Callable[[], bool], changed: threading.Condition) -> None:
        """Advance by that much; a sleep without limit returns without moving the clock."""
        del changed
        if seconds and not over():
            self.advance(seconds)
