"""Delivers timeline entries to the thread of their card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from messages.delivery.limits import SlackLimits
from messages.delivery.slack import Slack
from messages.timeline import line_message
from recordings.errors import SlackBusy, SlackRefused
from recordings.ports import Clock
from recordings.repositories import TimelineJob, TimelineRepository

_FIRST_WAIT, _LONGEST_WAIT = 2.0, 60.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TimelineDelivery:
    """Work: lines that Slack does not have yet, in order for each Slack channel, and after its alerts."""

    timeline: TimelineRepository
    slack: Slack
    pace: SlackLimits
    clock: Clock
    name: str = "line"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return [(str(job.id), self._at(job)) for job in self.timeline.due()]

    def _at(self, job: TimelineJob) -> datetime:
        return max(job.due_at, self.pace.posts.free_at(job.entry.slack_channel))

    def run(self, key: str, epoch: int) -> None:
        job = next((job for job in self.timeline.due() if str(job.id) == key), None)
        if job is None or self._at(job) > self.clock.now():
            return
        try:
            self._send(job)
        except SlackBusy as error:
            self.pace.heed(job.entry.slack_channel, error, self.clock.now())
            wait = max(min(_FIRST_WAIT * 2.0**job.tries, _LONGEST_WAIT), error.retry_after or 0)
            self.timeline.defer(job.id, self.clock.now() + timedelta(seconds=wait), epoch)
        except SlackRefused as error:
            _log.info("line_refused", recording=job.entry.recording_id, error=str(error))
            self.timeline.mark_delivered(job.id, self.clock.now(), epoch)
        else:
            self.timeline.mark_delivered(job.id, self.clock.now(), epoch)

    def _send(self, job: TimelineJob) -> None:
        if job.card_ts is None:
            return  # no card, no thread
        self.pace.posts.took(job.entry.slack_channel, self.clock.now())
        self.slack.post(job.entry.slack_channel, line_message(job.entry), thread_ts=job.card_ts)
