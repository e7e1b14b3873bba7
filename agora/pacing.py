"""Keeps below the rate of requests that Agora allows an App ID (doc page best-practices: QPS)."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Protocol

from agora.transport import Call

SHARE = 0.9
"""How much of the rate is used: requests are counted where they arrive, and some travel longer than others."""


class Priority(Enum):
    """What somebody asked for goes before what only looks."""

    INTERACTIVE = "asked"
    POLLING = "looking"


_INTERACTIVE = frozenset({"acquire", "start", "stop", "throw_out"})


class Turns(Protocol):
    """The part of `threading.Condition` that a pacer needs."""

    def __enter__(self) -> bool: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None, /
    ) -> None: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def notify_all(self) -> None: ...


class Spacing:
    """Hands out turns at even distances, first come first served within a lane. Thread safe.

    Evenly, since ten at once and nothing for the rest of a second are too many for a receiver that counts from the
    fifth of them on.
    """

    def __init__(
        self, qps: float, *, monotonic: Callable[[], float] = time.monotonic, turns: Turns | None = None
    ) -> None:
        """`qps` is what Agora allows, in requests a second."""
        if qps <= 0:
            raise ValueError("the rate of requests must be above 0")
        self.qps = qps
        self.gap = 1 / (SHARE * qps)
        self._monotonic = monotonic
        self._turns = threading.Condition() if turns is None else turns
        self._lanes: dict[Priority, deque[object]] = {lane: deque() for lane in Priority}
        self._free_at = monotonic()

    def pace(self, call: Call) -> None:
        """Returns when it is this call's turn."""
        self.wait(Priority.INTERACTIVE if call.operation in _INTERACTIVE else Priority.POLLING)

    @property
    def queued(self) -> int:
        """How many wait for their turn."""
        with self._turns:
            return sum(len(queue) for queue in self._lanes.values())

    def room(self, seconds: float = 1.0) -> int:
        """How many more may look without any of them waiting much longer than so many seconds for its turn."""
        with self._turns:
            return max(0, max(1, round(seconds / self.gap)) - len(self._lanes[Priority.POLLING]))

    def wait(self, lane: Priority) -> None:
        """Returns when it is the caller's turn."""
        ticket = object()
        with self._turns:
            self._lanes[lane].append(ticket)
            try:
                self._wait_for(ticket)
            finally:
                self._lanes[lane].remove(ticket)
                self._turns.notify_all()

    def _wait_for(self, ticket: object) -> None:
        self._turns.notify_all()
        while True:
            delay = self._delay(ticket)
            if delay == 0:
                self._free_at = self._monotonic() + self.gap
                return
            self._turns.wait(delay)

    def _delay(self, ticket: object) -> float | None:
        first = next(queue[0] for queue in self._lanes.values() if queue)
        return max(self._free_at - self._monotonic(), 0.0) if first is ticket else None
