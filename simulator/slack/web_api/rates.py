"""Slack's rate limits: one post a second in a channel (with short bursts), and calls a minute for other methods."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping

# Calls a minute by method; methods without a limit that matters here are missing.
PER_MINUTE: Mapping[str, int] = {
    "chat.update": 50,
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "conversations.info": 50,
    "conversations.open": 50,
    "conversations.members": 100,
    "users.info": 100,
    "bots.info": 50,
    "views.open": 100,
    "views.push": 100,
    "views.update": 100,
    "views.publish": 100,
}


class Rates:
    """Token buckets. `enabled` can be switched off at any time, `per_minute` and `post_*` changed."""

    def __init__(
        self,
        *,
        enabled: bool = True,
        posts_per_second: float = 1.0,
        post_burst: int = 3,
        monotonic: Callable[[], float],
    ) -> None:
        self.enabled = enabled
        self.posts_per_second = posts_per_second
        self.post_burst = post_burst
        self.per_minute = dict(PER_MINUTE)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_needed(self, method: str, channel: str) -> int:
        """0 if the call is allowed (it is counted then), else Slack's `Retry-After` in whole seconds."""
        if not self.enabled:
            return 0
        if method == "chat.postMessage":
            return self._take(f"{method} {channel}", self.posts_per_second, self.post_burst)
        limit = self.per_minute.get(method)
        return self._take(method, limit / 60, limit) if limit else 0

    def _take(self, bucket: str, rate: float, size: int) -> int:
        with self._lock:
            now = self._monotonic()
            tokens, then = self._buckets.get(bucket, (float(size), now))
            tokens = min(float(size), tokens + (now - then) * rate)
            if tokens < 1:
                self._buckets[bucket] = (tokens, now)
                return max(1, math.ceil((1 - tokens) / rate))
            self._buckets[bucket] = (tokens - 1, now)
            return 0
