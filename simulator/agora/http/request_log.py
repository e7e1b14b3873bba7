"""Every request that arrived, and the rate that Agora allows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator.agora.http.answers import Answer
from simulator.agora.http.routes import Call

PENDING = "pending"


@dataclass
class Seen:
    """One request as the simulator saw it."""

    number: int
    at: float
    """Arrival, by the simulator's monotonic clock."""
    wall: float
    base: int
    operation: str
    method: str
    path: str
    params: Mapping[str, str]
    body: object
    channel: str | None
    uid: str | None
    sid: str | None
    outcome: str = PENDING
    """`pending`, `answered`, `request lost`, `answer lost` (Agora did it)."""
    status: int | None = None
    """What was answered; None where nothing was."""
    answer: object = None
    fault: int | None = None
    ended_at: float | None = None


class Journal:
    """The requests, in order of arrival."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []

    def arrived(self, call: Call, at: float, wall: float, *, channel: str | None, uid: str | None) -> Seen:
        """Write down a request."""
        seen = Seen(
            len(self._seen) + 1,
            at,
            wall,
            call.base,
            call.operation,
            call.method,
            call.path,
            dict(call.params),
            call.body,
            channel,
            uid,
            call.params.get("sid"),
        )
        self._seen.append(seen)
        return seen

    def ended(self, seen: Seen, at: float, answer: Answer | None, *, carried_out: bool) -> None:
        """Write down what came of it."""
        lost = "answer lost" if carried_out else "request lost"
        seen.outcome, seen.ended_at = "answered" if answer else lost, at
        if answer:
            seen.status, seen.answer = answer.status, answer.body

    def requests(self, operation: str | None = None, channel: str | None = None, sid: str | None = None) -> list[Seen]:
        """Copies of those that fit."""
        return [
            replace(each)
            for each in self._seen
            if operation in (None, each.operation) and channel in (None, each.channel) and sid in (None, each.sid)
        ]

    def busiest_second(self, operation: str | None = None) -> int:
        """The largest number of requests that arrived in any second."""
        window: deque[float] = deque()
        most = 0
        for seen in self._seen:
            if operation in (None, seen.operation):
                _slide(window, seen.at)
                window.append(seen.at)
                most = max(most, len(window))
        return most

    def clear(self) -> None:
        """Forget them."""
        self._seen.clear()


class Rate:
    """How many requests Agora takes in any second; those it refuses don't count."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._taken: deque[float] = deque()

    def admits(self, now: float) -> bool:
        """Whether one more request fits in, counted if so."""
        _slide(self._taken, now)
        if len(self._taken) >= self._per_second:
            return False
        self._taken.append(now)
        return True


def _slide(window: deque[float], now: float) -> None:
    while window and window[0] <= now - 1.0:
        window.popleft()
