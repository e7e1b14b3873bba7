"""The durations that decisions depend on, and the context of one decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recordings.model.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Durations in seconds, and the other settings that decisions depend on."""

    query_interval: float = 30
    start_timeout: float = 90
    failover_grace: float = 120
    retry_backoff: tuple[float, ...] = (1, 3, 6)
    endpoint_count: int = 2
    """How many base URLs of Agora's REST API there are."""
    nothing_stored: float = 120
    """Warn if people are in the channel for this long and no file is stored."""
    unreachable_alert: float = 300
    max_duration: float = 14_400
    ending_soon: tuple[float, ...] = (600, 60)
    """How long before the end the channel is warned."""
    extension: float = 1_800
    """By how much one press of the button extends a recording."""
    recorder_life: float = 86_400
    """The longest time that a recorder can be in a channel: the life of its token, or of its resource."""
    resource_life: float = 240
    """An older resource is not started any more. Agora: it is valid for 5 minutes."""
    silence_alert: float = 120
    expects_notifications: bool = False
    """Whether Agora is set up to send notifications to the bot."""
    delivery_timeout: float = 900
    bucket_is_agoras: bool = True
    """Whether the bot reads the bucket with the key with which Agora writes to it. If the storage rejects that key,
    Agora can't store anything either."""
    not_found_backoff: tuple[float, ...] = (5, 10, 15)
    first_query: float = 5
    max_resumes: int = 3
    """How many lost recorders of one recording are replaced."""

    def seconds_to_start(self, recording: Recording, now: datetime) -> float:
        """Seconds left until the start timeout; half a second at least."""
        return max(0.5, (recording.attempt_since - now).total_seconds() + self.start_timeout)

    @property
    def soon(self) -> float:
        """The interval of queries while a recorder comes up or goes away."""
        return min(self.first_query, self.query_interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The context of one decision: the time, the policy, and a random number in [0, 1) for jitter."""

    now: datetime
    policy: Policy
    jitter: float = 0.0
    sent_at: datetime | None = None
    """When the call was sent whose outcome is evaluated. A slow answer describes the situation at that time."""

    @property
    def as_of(self) -> datetime:
        """The time that the outcome describes."""
        return self.sent_at or self.now

    def past_as_of(self, moment: datetime | None, seconds: float) -> bool:
        """Like `past`, at the time that the outcome describes."""
        return moment is not None and self.as_of >= moment + timedelta(seconds=seconds)

    def past(self, moment: datetime | None, seconds: float = 0) -> bool:
        """Whether `moment` is at least `seconds` ago; False for None."""
        return moment is not None and self.now >= moment + timedelta(seconds=seconds)

    def later(self, seconds: float) -> datetime:
        return self.now + timedelta(seconds=seconds)

    def capped(self, at: datetime, start: datetime, seconds: float) -> datetime:
        """`at`, but no later than the deadline `seconds` after `start`, if that is still ahead."""
        deadline = start + timedelta(seconds=seconds)
        return min(at, deadline) if deadline > self.now else at

    def next_query_at(self) -> datetime:
        """The next regular query: up to a tenth early, so that recordings don't stay in step, and never late."""
        return self.later(self.policy.query_interval * (1 - self.jitter / 10))

    def retry_at(self, tries: int, *, retry_after: float | None = None, patient: bool = False) -> datetime:
        """When to repeat a request after its try number `tries` (from 1) failed.

        The policy's waits, up to a fifth longer, round after round. `patient`: at the query interval once each wait was
        used. Never before `retry_after` seconds.
        """
        waits = self.policy.retry_backoff
        if patient and tries > len(waits):
            wait = self.policy.query_interval
        else:
            wait = waits[(tries - 1) % len(waits)] * (1 + self.jitter / 5)
        return self.later(max(wait, retry_after or 0))

    def retry_not_found_at(self, count: int) -> datetime:
        """When to query again after `count` (from 1) consecutive answers "not found"."""
        waits = self.policy.not_found_backoff
        return self.later(min(waits[min(count, len(waits)) - 1], self.policy.query_interval))
