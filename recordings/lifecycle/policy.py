"""The durations that decisions depend on, and the moment at which one is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recordings.model.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The durations that decisions depend on, in seconds, and how many REST bases there are."""

    query_interval: float = 30
    start_timeout: float = 90
    failover_grace: float = 120
    retry_backoff: tuple[float, ...] = (1, 3, 6)
    bases: int = 2
    nothing_stored: float = 120
    unreachable_alert: float = 300
    max_duration: float = 14_400
    ending_soon: tuple[float, ...] = (600, 60)
    """How long before its end people are warned."""
    extension: float = 1_800
    """By how much one press puts the end off."""
    recorder_life: float = 86_400
    """How long a recorder can be in a channel at most: the life of its token, or of its resource."""
    resource_life: float = 240
    """A resource older than that is not started any more (Agora: good for 5 minutes)."""
    silence_alert: float = 120
    notified: bool = False
    """Whether Agora's notifications are expected."""
    delivery_timeout: float = 900
    bucket_is_agoras: bool = True
    """Whether a key that the storage does not take is the one that Agora has to use as well."""
    not_found_backoff: tuple[float, ...] = (5, 10, 15)
    first_query: float = 5
    max_resumes: int = 3
    """How many times a recording that is lost while people are there is recorded on."""

    def left(self, recording: Recording, now: datetime) -> float:
        """Seconds until a recording has to be up; half a second at least."""
        return max(0.5, (recording.begun_at - now).total_seconds() + self.start_timeout)

    @property
    def soon(self) -> float:
        """Between two looks at a recording that is on its way up or down."""
        return min(self.first_query, self.query_interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a decision is made, by which policy, and a random number in [0, 1) for its jitter."""

    now: datetime
    policy: Policy
    jitter: float = 0.0
    asked_at: datetime | None = None
    """When the call was sent whose outcome is judged; a slow answer tells how it was then."""

    @property
    def asked(self) -> datetime:
        return self.asked_at or self.now

    def asked_past(self, moment: datetime | None, seconds: float) -> bool:
        """Like `past`, at the moment when the call was sent."""
        return moment is not None and self.asked >= moment + timedelta(seconds=seconds)

    def past(self, moment: datetime | None, seconds: float = 0) -> bool:
        """Whether `moment` lies at least `seconds` back; never where there is no such moment."""
        return moment is not None and self.now >= moment + timedelta(seconds=seconds)

    def later(self, seconds: float) -> datetime:
        return self.now + timedelta(seconds=seconds)

    def by(self, at: datetime, moment: datetime, seconds: float) -> datetime:
        """`at`, but not after the deadline `seconds` after `moment`, where that still lies ahead."""
        deadline = moment + timedelta(seconds=seconds)
        return min(at, deadline) if deadline > self.now else at

    def at_interval(self) -> datetime:
        """The next regular query: up to a tenth early, so that many recordings don't stay in step, never late."""
        return self.later(self.policy.query_interval * (1 - self.jitter / 10))

    def retry_at(self, tries: int, *, retry_after: float | None = None, patient: bool = False) -> datetime:
        """When to repeat a request after its try number `tries` (from 1) failed.

        The waits of the policy, up to a fifth longer, one round after the other; `patient`: at the query
        interval once they are used up. Never before `retry_after` seconds.
        """
        is_pending = self.policy.retry_backoff
        if patient and tries > len(is_pending):
            wait = self.policy.query_interval
        else:
            wait = is_pending[(tries - 1) % len(is_pending)] * (1 + self.jitter / 5)
        return self.later(max(wait, retry_after or 0))

    def not_found_at(self, count: int) -> datetime:
        """When to ask again after `count` (from 1) answers "not found" in a row."""
        is_pending = self.policy.not_found_backoff
        return self.later(min(is_pending[min(count, len(is_pending)) - 1], self.policy.query_interval))
