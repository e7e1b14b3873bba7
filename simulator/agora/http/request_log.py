"""The log of requests, and the rate that Agora allows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator.agora.http.answers import Answer
from simulator.agora.http.routes import Call

PENDING = "pending"


@dataclass
class LoggedRequest:
    """One request."""

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
    """`pending`, `answered`, `request lost`, `answer lost` (the request was carried out)."""
    status: int | None = None
    """HTTP status of the answer; None without an answer."""
    answer: object = None
    fault: int | None = None
    ended_at: float | None = None


class RequestLog:
    """The requests, in order of arrival."""

    def __init__(self) -> None:
        self._requests: list[LoggedRequest] = []

    def arrived(self, call: Call, at: float, wall: float, *, channel: str | None, uid: str | None) -> LoggedRequest:
        """Add a request."""
        request = LoggedRequest(
            len(self._requests) + 1,
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
        self._requests.append(request)
        return request

    def ended(self, request: LoggedRequest, at: float, answer: Answer | None, *, carried_out: bool) -> None:
        """Add the result."""
        lost = "answer lost" if carried_out else "request lost"
        request.outcome, request.ended_at = "answered" if answer else lost, at
        if answer:
            request.status, request.answer = answer.status, answer.body

    def requests(self, operation: str | None, channel: str | None, sid: str | None) -> list[LoggedRequest]:
        """Copies of the requests that match."""
        return [
            replace(each)
            for each in self._requests
            if operation in (None, each.operation) and channel in (None, each.channel) and sid in (None, each.sid)
        ]

    def busiest_second(self, operation: str | None = None) -> int:
        """The largest number of requests that arrived in any second."""
        window: deque[float] = deque()
        most = 0
        for request in self._requests:
            if operation in (None, request.operation):
                _slide(window, request.at)
                window.append(request.at)
                most = max(most, len(window))
        return most

    def clear(self) -> None:
        """Forget all requests."""
        self._requests.clear()


class Rate:
    """Sliding window of one second; refused requests don't count."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._taken: deque[float] = deque()

    def admits(self, now: float) -> bool:
        """Whether one more request is allowed; it is counted then."""
        _slide(self._taken, now)
        if len(self._taken) >= self._per_second:
            return False
        self._taken.append(now)
        return True


def _slide(window: deque[float], now: float) -> None:
    while window and window[0] <= now - 1.0:
        window.popleft()
