"""Answers people whose recording has no card, since the bot can't post in their channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from messages.delivery.limits import _backoff
from messages.delivery.slack import Slack
from messages.replies import cannot_post
from recordings.errors import SlackBusy, SlackError, SlackRefused
from recordings.model.recording import Recording
from recordings.ports import Clock
from recordings.repositories import RecordingRepository

_MOST = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReplyWork:
    """Work: people who have to be told that the bot can't post where they typed."""

    cards: RecordingRepository
    slack: Slack
    bot_name: Callable[[], str]
    clock: Clock
    name: str = "reply"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.cards.due_replies(_MOST)

    def run(self, key: str, epoch: int) -> None:
        reply = self.cards.reply(key)
        if reply is None:
            return
        try:
            self.slack.answer(reply.response_url, cannot_post(reply.recording, self.bot_name()))
        except SlackBusy as error:
            _log.warning("reply_deferred", recording=key, error=str(error))
            self.cards.defer_reply(key, self.clock.now() + _backoff(1, error.retry_after), epoch)
        except SlackRefused as error:
            _log.warning("reply_refused", recording=key, error=str(error))
            self._tell_directly(reply.recording)
            self.cards.mark_replied(key, epoch)
        else:
            self.cards.mark_replied(key, epoch)

    def _tell_directly(self, recording: Recording) -> None:
        try:
            channel = self.slack.direct_channel(recording.started_by)
            self.slack.post(channel, cannot_post(recording, self.bot_name()))
        except SlackError as error:
            _log.error("reply_undeliverable", recording=recording.id, error=str(error))
