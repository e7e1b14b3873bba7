"""Rate limiters and a circuit breaker. All are thread safe and use an injected clock.

SlidingWindow    at most N events in any span, for each key
Spacing          turns at even gaps, by priority
TokenBucket      a mean rate with bursts
CircuitBreaker   after a failure, one trial call at a time
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Protocol

from recordings.ports import Clock

_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` events in any `seconds`."""

    count: int
    seconds: float


class SlidingWindow:
    """Limits the events of each key. It never blocks: callers plan an event with `free_at`, and `record` it."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._events: defaultdict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=limit.count))
        self._paused_until: dict[str | None, datetime] = {}

    def free_at(self, key: str = "") -> datetime:
        """The time from which one more event is allowed; it may lie in the past."""
        with self._lock:
            events = self._events[key]
            full = len(events) == self._limit.count
            free = events[0] + timedelta(seconds=self._limit.seconds) if full else _ALWAYS
            return max(free, *(self._paused_until.get(paused, _ALWAYS) for paused in (key, None)))

    def record(self, key: str = "") -> None:
        """Counts an event that happens now."""
        with self._lock:
            self._events[key].append(self._clock.now())

    def pause(self, span: timedelta, key: str | None = None) -> None:
        """Allows no event for this long: for one key, or for all of them. A longer pause stays."""
        with self._lock:
            until = self._clock.now() + span
            self._paused_until[key] = max(self._paused_until.get(key, _ALWAYS), until)

    def forget(self, key: str) -> None:
        """Frees the memory of a key that is not used any more."""
        with self._lock:
            self._events.pop(key, None)


class Condition(Protocol):
    """The part of `threading.Condition` that `Spacing` needs."""

    def __enter__(self) -> bool: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None, /
    ) -> None: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def notify_all(self) -> None: ...


class Spacing:
    """Hands out turns at even gaps: the lowest priority number first, in order of arrival within a priority.

    Why even gaps: a receiver counts in seconds of its own. Ten requests at the end of one of our seconds and ten at the
    start of the next can arrive in one of its seconds.
    """

    def __init__(self, gap: float, clock: Clock, *, priorities: int = 1, condition: Condition | None = None) -> None:
        """`gap`: seconds between two turns; `priorities`: how many there are, counted from 0."""
        self.gap = gap
        self._clock = clock
        self._condition = threading.Condition() if condition is None else condition
        self._queues: tuple[deque[object], ...] = tuple(deque() for _ in range(priorities))
        self._free_at = clock.monotonic()

    @property
    def queued(self) -> int:
        """How many callers wait for their turn."""
        with self._condition:
            return sum(len(queue) for queue in self._queues)

    def room(self, priority: int, seconds: float) -> int:
        """How many more callers of this priority can queue without waiting much longer than `seconds`."""
        with self._condition:
            return max(0, max(1, round(seconds / self.gap)) - len(self._queues[priority]))

    def wait(self, priority: int = 0) -> None:
        """Blocks until it is the caller's turn."""
        ticket = object()
        with self._condition:
            self._queues[priority].append(ticket)
            try:
                self._wait_for(ticket)
            finally:
                self._queues[priority].remove(ticket)
                self._condition.notify_all()

    def _wait_for(self, ticket: object) -> None:
        self._condition.notify_all()
        while True:
            delay = self._delay(ticket)
            if delay == 0:
                self._free_at = self._clock.monotonic() + self.gap
                return
            self._condition.wait(delay)

    def _delay(self, ticket: object) -> float | None:
        """Seconds until this ticket's turn; None while others are before it."""
        first = next(queue[0] for queue in self._queues if queue)
        return max(self._free_at - self._clock.monotonic(), 0.0) if first is ticket else None


class TokenBucket:
    """Allows `rate` events a second on average, and `burst` at once after a pause."""

    def __init__(self, rate: float, burst: float, clock: Clock) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled_at = clock.monotonic()
        self._lock = threading.Lock()

    def try_acquire(self) -> bool:
        """Takes a token; False if there is none."""
        with self._lock:
            now = self._clock.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class CircuitBreaker:
    """Refuses calls to something that failed, except one trial call every `trial_seconds` until one succeeds.

    Each call that fails can block a thread for seconds; with many of them no thread is left for other work.
    """

    def __init__(self, trial_seconds: float, clock: Clock) -> None:
        self._trial_seconds = trial_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._trial_at: float | None = None

    def try_acquire(self) -> bool:
        """Whether this call may be made. The caller reports its result."""
        with self._lock:
            now = self._clock.monotonic()
            if self._trial_at is None:
                return True
            if now < self._trial_at:
                return False
            self._trial_at = now + self._trial_seconds
            return True

    def record_success(self) -> None:
        with self._lock:
            self._trial_at = None

    def record_failure(self) -> None:
        with self._lock:
            self._trial_at = self._clock.monotonic() + self._trial_seconds
