"""Posts and edits cards until they show their row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from messages.blocks import Message
from messages.cards import CardConfig, card
from messages.delivery.limits import SlackLimits, _backoff
from messages.delivery.slack import Slack
from recordings.errors import SlackBusy, SlackPaced, SlackRefused
from recordings.model.recording import Recording
from recordings.ports import Clock
from recordings.repositories import CardJob, RecordingRepository

_MOST = 200
_NO_CARD_THERE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_CLOSED = frozenset({"is_archived", "channel_not_found", "not_in_channel"})
"""A channel that may be opened again, or the bot invited again: the card should tell the truth then."""
_UNTIL_OPEN_AGAIN, _WAITED_FOR = timedelta(minutes=10), timedelta(days=1)
_TOO_MUCH = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CardPoster:
    """Posts a recording's card before Agora is asked for anything."""

    slack: Slack
    pace: SlackLimits
    clock: Clock
    card_config: CardConfig

    def post_card(self, recording: Recording) -> str:
        now = self.clock.now()
        free = self.pace.posts.free_at(recording.slack_channel)
        if free > now:
            raise SlackPaced((free - now).total_seconds())
        self.pace.posts.took(recording.slack_channel, now)
        try:
            return _post(self.slack, recording.slack_channel, card(recording, self.card_config))
        except SlackBusy as error:
            self.pace.heed(recording.slack_channel, error, self.clock.now())
            raise


def _post(slack: Slack, channel: str, message: Message, **thread: object) -> str:
    """Posts a message; as plain text where Slack finds its blocks wrong or too long."""
    try:
        return slack.post(channel, message, **thread)  # type: ignore[arg-type]
    except SlackRefused as error:
        if error.error not in _TOO_MUCH:
            raise
        _log.error("blocks_refused", channel=channel, error=error.error)
        return slack.post(channel, replace(message, blocks=()), **thread)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class CardWork:
    """Work: cards that are older than their row."""

    cards: RecordingRepository
    slack: Slack
    pace: SlackLimits
    poster: CardPoster
    clock: Clock
    card_config: CardConfig
    name: str = "card"

    def due(self) -> Sequence[tuple[str, datetime]]:
        free = self.pace.updates.free_at("")
        return [(row, max(at, free)) for row, at in self.cards.due_cards(_MOST)]

    def run(self, key: str, epoch: int) -> None:
        job = self.cards.card(key)
        if job is None or self.pace.updates.free_at("") > self.clock.now():
            return
        try:
            ts = self._draw(job)
        except SlackBusy as error:
            self._defer(job, error, epoch)
        except SlackRefused as error:
            _log.error("card_refused", recording=key, error=str(error))
            if error.error in _CLOSED and self._worth_another_try(job.recording):
                self.cards.defer_card(key, self.clock.now() + _UNTIL_OPEN_AGAIN, epoch)
            else:
                self.cards.mark_card_drawn(key, job.version, job.recording.card_ts, self.clock.now(), epoch)
        else:
            self.cards.mark_card_drawn(key, job.version, ts, self._next(job), epoch)

    def _draw(self, job: CardJob) -> str:
        recording = job.recording
        if recording.card_ts is None:
            return self.poster.post_card(recording)
        now = self.clock.now()
        self.pace.updates.took("", now)
        self.pace.of_a_card.took(recording.id, now)
        message = card(recording, self.card_config)
        try:
            self.slack.update(recording.slack_channel, recording.card_ts, message)
        except SlackRefused as error:
            if error.error in _NO_CARD_THERE:
                return self.poster.post_card(recording)
            if error.error not in _TOO_MUCH:
                raise
            self.slack.update(recording.slack_channel, recording.card_ts, replace(message, blocks=()))
        return recording.card_ts

    def _worth_another_try(self, recording: Recording) -> bool:
        return recording.ended_at is None or self.clock.now() < recording.ended_at + _WAITED_FOR

    def _next(self, job: CardJob) -> datetime:
        if job.recording.over:
            self.pace.of_a_card.forget(job.recording.id)
            return self.clock.now()
        return self.pace.of_a_card.free_at(job.recording.id)

    def _defer(self, job: CardJob, error: SlackBusy, epoch: int) -> None:
        paced = isinstance(error, SlackPaced)
        wait = timedelta(seconds=error.retry_after or 0) if paced else _backoff(job.tries, error.retry_after)
        until = self.clock.now() + wait
        if error.retry_after and not paced:
            self.pace.updates.hold(until)
        _log.info("card_deferred", recording=job.recording.id, error=str(error), tries=job.tries)
        self.cards.defer_card(job.recording.id, until, epoch)
