"""Slack's limits, kept before Slack has to enforce them."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in so many seconds."""

    most: int
    seconds: float


class Pace:
    """When something may be sent again for a key. Thread safe."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._guard = threading.Lock()
        self._sent: defaultdict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=limit.most))
        self._held_until: dict[str | None, datetime] = {}

    def free_at(self, key: str) -> datetime:
        """The moment from which one more is allowed; it may lie in the past."""
        with self._guard:
            sent = self._sent[key]
            full = len(sent) == self._limit.most
            free = sent[0] + timedelta(seconds=self._limit.seconds) if full else _ALWAYS
            return max(free, *(self._held_until.get(held, _ALWAYS) for held in (key, None)))

    def took(self, key: str, now: datetime) -> None:
        with self._guard:
            self._sent[key].append(now)

    def hold(self, until: datetime, key: str | None = None) -> None:
        """Slack asked for a pause, for this key or for every one."""
        with self._guard:
            self._held_until[key] = max(self._held_until.get(key, _ALWAYS), until)

    def forget(self, key: str) -> None:
        with self._guard:
            self._sent.pop(key, None)
