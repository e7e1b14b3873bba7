"""Answers the person whose recording has no card because the bot can't post in their channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from messages.config import DEFAULT_CONTACT
from messages.delivery.deliverer import Backoff
from messages.delivery.slack import Slack
from messages.replies import cannot_post
from recordings.errors import SlackBusy, SlackError, SlackRefused
from recordings.model.recording import Recording
from recordings.ports import Clock
from recordings.repositories import RecordingRepository, Reply

_BATCH = 200
_BACKOFF = Backoff(first=1, longest=30)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReplyDelivery:
    """Replies through the command's response_url; if that fails, a direct message."""

    recordings: RecordingRepository
    slack: Slack
    bot_name: Callable[[], str]
    clock: Clock
    contact: str = DEFAULT_CONTACT
    name: str = "reply"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.recordings.due_replies(_BATCH)

    def get(self, key: str) -> Reply | None:
        return self.recordings.reply(key)

    def send(self, job: Reply) -> str:
        self.slack.answer(job.response_url, cannot_post(job.recording, self.bot_name(), self.contact))
        return ""

    def wait(self, _job: Reply, error: SlackBusy) -> timedelta:
        # Tries are not counted. A response_url works for 30 minutes only, so the wait stays short.
        return _BACKOFF.wait(1, error)

    def mark_delivered(self, job: Reply, _ts: str, epoch: int) -> None:
        self.recordings.mark_replied(job.recording.id, epoch)

    def defer(self, job: Reply, wait: timedelta, error: SlackBusy, epoch: int) -> None:
        _log.warning("reply_deferred", recording=job.recording.id, error=str(error))
        self.recordings.defer_reply(job.recording.id, self.clock.now() + wait, epoch)

    def refused(self, job: Reply, error: SlackRefused, epoch: int) -> None:
        _log.warning("reply_refused", recording=job.recording.id, error=str(error))
        self._send_directly(job.recording)
        self.recordings.mark_replied(job.recording.id, epoch)

    def _send_directly(self, recording: Recording) -> None:
        try:
            channel = self.slack.direct_channel(recording.started_by)
            self.slack.post(channel, cannot_post(recording, self.bot_name(), self.contact))
        except SlackError as error:
            _log.error("reply_undeliverable", recording=recording.id, error=str(error))
