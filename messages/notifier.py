"""Draws cards, delivers alerts, answers people: three kinds of work for the dispatcher, each row until Slack has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from messages.alerts import alert_message
from messages.cards import Frame, card
from messages.pace import Limit, Pace
from messages.replies import cannot_post
from messages.slack import Slack
from messages.text import Message
from recordings.errors import SlackBusy, SlackError, SlackPaced, SlackRefused
from recordings.metering import Meter, NoMeter
from recordings.model import AlertKind, Recording
from recordings.ports import Clock
from recordings.stores import AlertJob, CardJob, Cards, Outbox

_MOST = 200
_NO_CARD_THERE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_CLOSED = frozenset({"is_archived", "channel_not_found", "not_in_channel"})
"""A channel that may be opened again, or the bot invited again: the card should tell the truth then."""
_UNTIL_OPEN_AGAIN, _WAITED_FOR = timedelta(minutes=10), timedelta(days=1)
_NO_THREAD_THERE = frozenset({"thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"})
_TOO_MUCH = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"})
_BROADCAST = frozenset({AlertKind.FAILED, AlertKind.WARNING, AlertKind.RECOVERED, AlertKind.ENDED})
"""Nothing that the whole channel need hear."""
_log = structlog.get_logger(__name__)


def _backoff(tries: int, retry_after: float | None) -> timedelta:
    return timedelta(seconds=max(min(2.0**tries, 30.0), retry_after or 0))


@dataclass(slots=True)
class SlackPace:
    """Slack's limits for this app (docs.slack.dev, Rate limits; chat.update is tier 3)."""

    posts: Pace = field(default_factory=lambda: Pace(Limit(1, 1.05)))
    updates: Pace = field(default_factory=lambda: Pace(Limit(45, 60)))
    of_a_card: Pace = field(default_factory=lambda: Pace(Limit(4, 10)))

    def heed(self, channel: str, error: SlackBusy, now: datetime) -> None:
        """The pause that Slack asked for holds for everything that is posted in the channel."""
        if error.retry_after:
            self.posts.hold(now + timedelta(seconds=error.retry_after), channel)


@dataclass(frozen=True, slots=True)
class CardPoster:
    """Posts a recording's card before Agora is asked for anything."""

    slack: Slack
    pace: SlackPace
    clock: Clock
    frame: Frame

    def post_card(self, recording: Recording) -> str:
        now = self.clock()
        free = self.pace.posts.free_at(recording.slack_channel)
        if free > now:
            raise SlackPaced((free - now).total_seconds())
        self.pace.posts.took(recording.slack_channel, now)
        try:
            return _post(self.slack, recording.slack_channel, card(recording, self.frame))
        except SlackBusy as error:
            self.pace.heed(recording.slack_channel, error, self.clock())
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

    cards: Cards
    slack: Slack
    pace: SlackPace
    poster: CardPoster
    clock: Clock
    frame: Frame
    name: str = "card"

    def due(self) -> Sequence[tuple[str, datetime]]:
        free = self.pace.updates.free_at("")
        return [(row, max(at, free)) for row, at in self.cards.undrawn(_MOST)]

    def run(self, key: str, epoch: int) -> None:
        job = self.cards.card(key)
        if job is None or self.pace.updates.free_at("") > self.clock():
            return
        try:
            ts = self._draw(job)
        except SlackBusy as error:
            self._defer(job, error, epoch)
        except SlackRefused as error:
            _log.error("card_refused", recording=key, error=str(error))
            if error.error in _CLOSED and self._worth_another_try(job.recording):
                self.cards.card_deferred(key, self.clock() + _UNTIL_OPEN_AGAIN, epoch)
            else:
                self.cards.card_drawn(key, job.version, job.recording.card_ts, self.clock(), epoch)
        else:
            self.cards.card_drawn(key, job.version, ts, self._next(job), epoch)

    def _draw(self, job: CardJob) -> str:
        recording = job.recording
        if recording.card_ts is None:
            return self.poster.post_card(recording)
        now = self.clock()
        self.pace.updates.took("", now)
        self.pace.of_a_card.took(recording.id, now)
        message = card(recording, self.frame)
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
        return recording.ended_at is None or self.clock() < recording.ended_at + _WAITED_FOR

    def _next(self, job: CardJob) -> datetime:
        if job.recording.over:
            self.pace.of_a_card.forget(job.recording.id)
            return self.clock()
        return self.pace.of_a_card.free_at(job.recording.id)

    def _defer(self, job: CardJob, error: SlackBusy, epoch: int) -> None:
        paced = isinstance(error, SlackPaced)
        wait = timedelta(seconds=error.retry_after or 0) if paced else _backoff(job.tries, error.retry_after)
        until = self.clock() + wait
        if error.retry_after and not paced:
            self.pace.updates.hold(until)
        _log.info("card_deferred", recording=job.recording.id, error=str(error), tries=job.tries)
        self.cards.card_deferred(job.recording.id, until, epoch)


@dataclass(frozen=True, slots=True)
class AlertWork:
    """Work: alerts that Slack does not have yet, in order for each Slack channel."""

    outbox: Outbox
    slack: Slack
    pace: SlackPace
    clock: Clock
    folder: Callable[[Recording], str]
    meter: Meter = field(default_factory=NoMeter)
    extension: float = 1_800
    name: str = "alert"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return [(str(job.id), self._at(job)) for job in self.outbox.waiting()]

    def _at(self, job: AlertJob) -> datetime:
        return max(job.due_at, self.pace.posts.free_at(job.alert.recording.slack_channel))

    def run(self, key: str, epoch: int) -> None:
        job = next((job for job in self.outbox.waiting() if str(job.id) == key), None)
        if job is None or self._at(job) > self.clock():
            return
        recording = job.alert.recording
        log = _log.bind(recording=recording.id, kind=str(job.alert.kind), reason=str(job.alert.reason), alert=job.id)
        self.pace.posts.took(recording.slack_channel, self.clock())
        try:
            ts = self._send(job)
        except SlackBusy as error:
            log.warning("alert_deferred", error=str(error), tries=job.tries)
            self.pace.heed(recording.slack_channel, error, self.clock())
            until = self.clock() + _backoff(job.tries, error.retry_after)
            self.outbox.deferred(job.id, until, str(error), epoch)
        except SlackRefused as error:
            self._refused(job, error, log, epoch)
        else:
            log.info("alert_delivered", ts=ts, direct=job.direct)
            self._count(job, "delivered")
            self.outbox.delivered(job.id, ts, self.clock(), epoch)

    def _send(self, job: AlertJob) -> str:
        recording = job.alert.recording
        if job.direct:
            channel = self.slack.direct_channel(recording.started_by)
            return _post(self.slack, channel, alert_message(job.alert, self.folder(recording), direct=True))
        broadcast = job.card_ts is not None and job.alert.kind in _BROADCAST
        message = alert_message(job.alert, self.folder(recording), extension=self.extension)
        try:
            return _post(self.slack, recording.slack_channel, message, thread_ts=job.card_ts, broadcast=broadcast)
        except SlackRefused as error:
            if error.error not in _NO_THREAD_THERE or job.card_ts is None:
                raise
            # Somebody deleted the card: that is no reason not to tell the channel.
            return _post(self.slack, recording.slack_channel, message)

    def _refused(self, job: AlertJob, error: SlackRefused, log: structlog.stdlib.BoundLogger, epoch: int) -> None:
        if job.direct:
            log.error("alert_undeliverable", error=str(error))
            self._count(job, "undeliverable")
            self.outbox.dropped(job.id, str(error), self.clock(), epoch)
        else:
            log.warning("alert_redirected", error=str(error))
            self._count(job, "redirected")
            self.outbox.redirected(job.id, str(error), epoch)

    def _count(self, job: AlertJob, outcome: str) -> None:
        self.meter.alert(str(job.alert.kind), str(job.alert.reason), outcome)


@dataclass(frozen=True, slots=True)
class ReplyWork:
    """Work: people who have to be told that the bot can't post where they typed."""

    cards: Cards
    slack: Slack
    bot_name: Callable[[], str]
    clock: Clock
    name: str = "reply"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.cards.unanswered(_MOST)

    def run(self, key: str, epoch: int) -> None:
        reply = self.cards.reply(key)
        if reply is None:
            return
        try:
            self.slack.answer(reply.response_url, cannot_post(reply.recording, self.bot_name()))
        except SlackBusy as error:
            _log.warning("reply_deferred", recording=key, error=str(error))
            self.cards.reply_deferred(key, self.clock() + _backoff(1, error.retry_after), epoch)
        except SlackRefused as error:
            _log.warning("reply_refused", recording=key, error=str(error))
            self._tell_directly(reply.recording)
            self.cards.replied(key, epoch)
        else:
            self.cards.replied(key, epoch)

    def _tell_directly(self, recording: Recording) -> None:
        try:
            channel = self.slack.direct_channel(recording.started_by)
            self.slack.post(channel, cannot_post(recording, self.bot_name()))
        except SlackError as error:
            _log.error("reply_undeliverable", recording=recording.id, error=str(error))
