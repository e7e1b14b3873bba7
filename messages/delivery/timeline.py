"""Delivers timeline entries to the thread of their card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from messages.delivery.deliverer import Backoff
from messages.delivery.limits import SlackLimits
from messages.delivery.slack import Slack
from messages.timeline import timeline_message
from recordings.errors import SlackBusy, SlackRefused
from recordings.ports import Clock
from recordings.repositories import TimelineJob, TimelineRepository

_BACKOFF = Backoff(first=2, longest=60)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TimelineDelivery:
    """Timeline entries, in order for each Slack channel, and after its alerts."""

    timeline: TimelineRepository
    slack: Slack
    limits: SlackLimits
    clock: Clock
    name: str = "line"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return [(str(job.id), self._due_at(job)) for job in self.timeline.due()]

    def get(self, key: str) -> TimelineJob | None:
        job = self.timeline.get(int(key))
        return job if job is not None and self._due_at(job) <= self.clock.now() else None

    def _due_at(self, job: TimelineJob) -> datetime:
        return max(job.due_at, self.limits.posts.free_at(job.entry.slack_channel))

    def send(self, job: TimelineJob) -> str:
        if job.card_ts is None:
            return ""  # no card, no thread
        channel = job.entry.slack_channel
        with self.limits.posting_in(channel):
            return self.slack.post(channel, timeline_message(job.entry), thread_ts=job.card_ts)

    def wait(self, job: TimelineJob, error: SlackBusy) -> timedelta:
        return _BACKOFF.wait(job.tries, error)

    def mark_delivered(self, job: TimelineJob, _ts: str, epoch: int) -> None:
        self.timeline.mark_delivered(job.id, self.clock.now(), epoch)

    def defer(self, job: TimelineJob, wait: timedelta, _error: SlackBusy, epoch: int) -> None:
        self.timeline.defer(job.id, self.clock.now() + wait, epoch)

    def refused(self, job: TimelineJob, error: SlackRefused, epoch: int) -> None:
        _log.info("timeline_entry_rejected", recording=job.entry.recording_id, error=str(error))
        self.timeline.mark_delivered(job.id, self.clock.now(), epoch)
