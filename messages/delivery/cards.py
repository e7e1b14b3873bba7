"""Posts and edits cards until each shows the current state of its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from messages.blocks import Message
from messages.cards import card
from messages.config import MessageConfig
from messages.delivery.deliverer import Backoff
from messages.delivery.limits import SlackLimits
from messages.delivery.slack import BLOCKS_REFUSED, Slack, post_or_plain_text
from recordings.errors import SlackBusy, SlackPaced, SlackRefused, SlackUnanswered
from recordings.model.recording import Recording
from recordings.ports import Clock
from recordings.repositories import CardJob, RecordingRepository

_BATCH = 200
_BACKOFF = Backoff(first=1, longest=30)
_NO_CARD = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_CLOSED = frozenset({"is_archived", "channel_not_found", "not_in_channel"})
"""Errors of a channel that may be reopened, or to which the bot may be invited again. The card is corrected then."""
_RETRY_CLOSED, _GIVE_UP_CLOSED = timedelta(minutes=10), timedelta(days=1)
_UNANSWERED_EDIT = timedelta(seconds=10)
"""For how long Slack may still carry out an edit that it did not answer in time."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CardPoster:
    """Posts a recording's card. The engine posts it before the first call to Agora."""

    slack: Slack
    limits: SlackLimits
    clock: Clock
    config: MessageConfig

    def post_card(self, recording: Recording) -> str:
        """The `ts` of the card. Raises `SlackPaced` while the channel's rate limit allows no post."""
        channel, now = recording.slack_channel, self.clock.now()
        free_at = self.limits.posts.free_at(channel)
        if free_at > now:
            raise SlackPaced((free_at - now).total_seconds())
        with self.limits.posting_in(channel):
            return post_or_plain_text(self.slack, channel, card(recording, self.config, now))


@dataclass(frozen=True, slots=True)
class CardDelivery:
    """Cards that are older than their row."""

    recordings: RecordingRepository
    poster: CardPoster
    name: str = "card"
    _unanswered_until: dict[str, datetime] = field(default_factory=dict)
    """By recording, while an edit without an answer may overwrite a newer one."""

    def due(self) -> Sequence[tuple[str, datetime]]:
        free_at = self.poster.limits.edits.free_at()
        return [(key, max(due_at, free_at)) for key, due_at in self.recordings.due_cards(_BATCH)]

    def get(self, key: str) -> CardJob | None:
        job = self.recordings.card(key)
        return job if self.poster.limits.edits.free_at() <= self._now() else None

    def send(self, job: CardJob) -> str:
        recording = job.recording
        if recording.card_ts is None:
            return self.poster.post_card(recording)
        self.poster.limits.edits.record()
        self.poster.limits.edits_of_card.record(recording.id)
        return self._edit(recording, recording.card_ts, card(recording, self.poster.config, self._now()))

    def _edit(self, recording: Recording, ts: str, message: Message) -> str:
        """The `ts` of the message that is the card now."""
        try:
            self.poster.slack.update(recording.slack_channel, ts, message)
        except SlackRefused as error:
            if error.error in _NO_CARD:
                return self.poster.post_card(recording)
            if error.error not in BLOCKS_REFUSED:
                raise
            self.poster.slack.update(recording.slack_channel, ts, message.as_plain_text())
        return ts

    def wait(self, job: CardJob, error: SlackBusy) -> timedelta:
        if isinstance(error, SlackPaced):
            return timedelta(seconds=error.retry_after or 0)
        return _BACKOFF.wait(job.tries, error)

    def mark_delivered(self, job: CardJob, ts: str, epoch: int) -> None:
        recording = job.recording
        settled_at = self._unanswered_until.get(recording.id)
        if settled_at is not None and ts == recording.card_ts and self._now() < settled_at:
            # An earlier edit may come after this one: the card stays due, and is edited once more then.
            self.recordings.mark_card_drawn(recording.id, job.version - 1, ts, settled_at, epoch)
            return
        self._unanswered_until.pop(recording.id, None)
        self._save(job, ts, self._next_edit_at(recording), epoch)

    def _next_edit_at(self, recording: Recording) -> datetime:
        if recording.is_over:
            self.poster.limits.edits_of_card.forget(recording.id)
            return self._now()
        return self.poster.limits.edits_of_card.free_at(recording.id)

    def defer(self, job: CardJob, wait: timedelta, error: SlackBusy, epoch: int) -> None:
        if error.retry_after and not isinstance(error, SlackPaced):
            self.poster.limits.edits.pause(wait)
        if isinstance(error, SlackUnanswered) and job.recording.card_ts is not None:
            self._unanswered_until[job.recording.id] = self._now() + _UNANSWERED_EDIT
        _log.info("card_deferred", recording=job.recording.id, error=str(error), tries=job.tries)
        self.recordings.defer_card(job.recording.id, self._now() + wait, epoch)

    def refused(self, job: CardJob, error: SlackRefused, epoch: int) -> None:
        """Leaves the card as it is, until its row changes or its channel is open again."""
        recording = job.recording
        self._unanswered_until.pop(recording.id, None)
        _log.error("card_refused", recording=recording.id, error=str(error))
        if error.error in _CLOSED and self._may_reopen(recording):
            self.recordings.defer_card(recording.id, self._now() + _RETRY_CLOSED, epoch)
        else:
            self._save(job, recording.card_ts, self._now(), epoch)

    def _may_reopen(self, recording: Recording) -> bool:
        return recording.ended_at is None or self._now() < recording.ended_at + _GIVE_UP_CLOSED

    def _now(self) -> datetime:
        return self.poster.clock.now()

    def _save(self, job: CardJob, ts: str | None, next_at: datetime, epoch: int) -> None:
        self.recordings.mark_card_drawn(job.recording.id, job.version, ts, next_at, epoch)
