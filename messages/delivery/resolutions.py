"""Edits the messages of warnings that do not hold any more: each shows since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from messages.alerts import alert_message
from messages.config import MessageConfig
from messages.delivery.deliverer import Backoff
from messages.delivery.limits import SlackLimits
from messages.delivery.slack import Slack, update_or_plain_text
from recordings.errors import SlackBusy, SlackRefused
from recordings.ports import Clock
from recordings.repositories import AlertRepository, ResolutionJob

_BACKOFF = Backoff(first=2, longest=60)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ResolutionDelivery:
    """Resolved warnings, each with what is stored about it: an acknowledgement may be shown at the same time."""

    alerts: AlertRepository
    slack: Slack
    limits: SlackLimits
    clock: Clock
    config: MessageConfig
    name: str = "resolution"

    def due(self) -> Sequence[tuple[str, datetime]]:
        free_at = self.limits.edits.free_at()
        return [(str(job.id), max(job.due_at, free_at)) for job in self.alerts.due_resolutions()]

    def get(self, key: str) -> ResolutionJob | None:
        job = self.alerts.resolution(int(key))
        if job is None or max(job.due_at, self.limits.edits.free_at()) > self.clock.now():
            return None
        return job

    def send(self, job: ResolutionJob) -> str:
        self.limits.edits.record()
        recording = job.alert.recording
        channel = self.slack.direct_channel(recording.started_by) if job.direct else recording.slack_channel
        message = alert_message(
            job.alert,
            self.config,
            direct=job.direct,
            acknowledgement=job.acknowledgement,
            resolved_at=job.resolved_at,
        )
        update_or_plain_text(self.slack, channel, job.ts, message)
        return job.ts

    def wait(self, job: ResolutionJob, error: SlackBusy) -> timedelta:
        return _BACKOFF.wait(job.tries, error)

    def mark_delivered(self, job: ResolutionJob, _ts: str, epoch: int) -> None:
        self.alerts.mark_resolution_shown(job.id, job.acknowledgement, epoch)

    def defer(self, job: ResolutionJob, wait: timedelta, error: SlackBusy, epoch: int) -> None:
        if error.retry_after:
            self.limits.edits.pause(wait)
        _log.info("resolution_deferred", recording=job.alert.recording.id, alert=job.id, error=str(error))
        self.alerts.defer_resolution(job.id, self.clock.now() + wait, epoch)

    def refused(self, job: ResolutionJob, error: SlackRefused, epoch: int) -> None:
        """Leaves the message as it is. The recovery is a message of its own."""
        _log.warning("resolution_refused", recording=job.alert.recording.id, alert=job.id, error=str(error))
        self.alerts.drop_resolution(job.id, epoch)
