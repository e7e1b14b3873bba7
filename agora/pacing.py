"""Keeps the requests of one App ID below the rate that Agora allows (doc page best-practices: QPS)."""

from __future__ import annotations

from enum import IntEnum

from agora.transport import Call
from rate_limits import Condition, Spacing
from recordings.ports import Clock

SHARE = 0.9
"""The share of the allowed rate that is used. Agora counts requests on arrival, and some travel longer than others."""


class Priority(IntEnum):
    """Calls that a person waits for go before polling."""

    INTERACTIVE = 0
    POLLING = 1


_INTERACTIVE = frozenset({"acquire", "start", "stop", "throw_out"})


class RequestPacing:
    """Spaces the requests to Agora. Thread safe."""

    def __init__(self, qps: float, clock: Clock, condition: Condition | None = None) -> None:
        """`qps`: the requests a second that Agora allows."""
        if qps <= 0:
            raise ValueError("the rate of requests must be above 0")
        self.qps = qps
        self._spacing = Spacing(1 / (SHARE * qps), clock, priorities=len(Priority), condition=condition)

    @property
    def gap(self) -> float:
        """Seconds between two requests."""
        return self._spacing.gap

    @property
    def queued(self) -> int:
        """How many requests wait for their turn."""
        return self._spacing.queued

    def room(self, seconds: float = 1.0) -> int:
        """How many more polls can queue without waiting much longer than `seconds`."""
        return self._spacing.room(Priority.POLLING, seconds)

    def wait(self, call: Call) -> None:
        """Blocks until this call may be sent."""
        self._spacing.wait(priority_of(call))


def priority_of(call: Call) -> Priority:
    return Priority.INTERACTIVE if call.operation in _INTERACTIVE else Priority.POLLING
