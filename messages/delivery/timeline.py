"""Delivers timeline entries to the thread of their card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from messages.delivery.limits import SlackPace
from messages.delivery.slack import Slack
from messages.timeline import line_message
from recordings.errors import SlackBusy, SlackRefused
from recordings.ports import Clock
from recordings.repositories import LineJob, Story

_FIRST_WAIT, _LONGEST_WAIT = 2.0, 60.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoryWork:
    """Work: lines that Slack does not have yet, in order for each Slack channel, and after its alerts."""

    story: Story
    slack: Slack
    pace: SlackPace
    clock: Clock
    name: str = "line"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return [(str(job.id), self._at(job)) for job in self.story.waiting()]

    def _at(self, job: LineJob) -> datetime:
        return max(job.due_at, self.pace.posts.free_at(job.line.slack_channel))

    def run(self, key: str, epoch: int) -> None:
        job = next((job for job in self.story.waiting() if str(job.id) == key), None)
        if job is None or self._at(job) > self.clock():
            return
        try:
            self._send(job)
        except SlackBusy as error:
            self.pace.heed(job.line.slack_channel, error, self.clock())
            wait = max(min(_FIRST_WAIT * 2.0**job.tries, _LONGEST_WAIT), error.retry_after or 0)
            self.story.deferred(job.id, self.clock() + timedelta(seconds=wait), epoch)
        except SlackRefused as error:
            _log.info("line_refused", recording=job.line.recording_id, error=str(error))
            self.story.told(job.id, self.clock(), epoch)
        else:
            self.story.told(job.id, self.clock(), epoch)

    def _send(self, job: LineJob) -> None:
        if job.card_ts is None:
            return  # no card, no thread
        self.pace.posts.took(job.line.slack_channel, self.clock())
        self.slack.post(job.line.slack_channel, line_message(job.line), thread_ts=job.card_ts)
