"""Slack's limits, kept before Slack has to enforce them."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from recordings.errors import SlackBusy

_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in so many seconds."""

    most: int
    seconds: float


class SlidingWindow:
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


def _backoff(tries: int, retry_after: float | None) -> timedelta:
    return timedelta(seconds=max(min(2.0**tries, 30.0), retry_after or 0))


@dataclass(slots=True)
class SlackLimits:
    """Slack's limits for this app (docs.slack.dev, Rate limits; chat.update is tier 3)."""

    posts: SlidingWindow = field(default_factory=lambda: SlidingWindow(Limit(1, 1.05)))
    updates: SlidingWindow = field(default_factory=lambda: SlidingWindow(Limit(45, 60)))
    of_a_card: SlidingWindow = field(default_factory=lambda: SlidingWindow(Limit(4, 10)))

    def heed(self, channel: str, error: SlackBusy, now: datetime) -> None:
        """The pause that Slack asked for holds for everything that is posted in the channel."""
        if error.retry_after:
            self.posts.hold(now + timedelta(seconds=error.retry_after), channel)
