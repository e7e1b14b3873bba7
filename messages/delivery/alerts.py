"""Delivers alerts, in order for each Slack channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from messages.alerts import alert_message
from messages.delivery.cards import _post
from messages.delivery.limits import SlackLimits, _backoff
from messages.delivery.slack import Slack
from recordings.errors import SlackBusy, SlackRefused
from recordings.model.alerts import AlertKind
from recordings.model.recording import Recording
from recordings.ports import Clock, Meter, NoMeter
from recordings.repositories import AlertJob, AlertRepository

_NO_THREAD_THERE = frozenset({"thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"})
_BROADCAST = frozenset({AlertKind.FAILED, AlertKind.WARNING, AlertKind.RECOVERED, AlertKind.ENDED})
"""Nothing that the whole channel need hear."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AlertWork:
    """Work: alerts that Slack does not have yet, in order for each Slack channel."""

    outbox: AlertRepository
    slack: Slack
    pace: SlackLimits
    clock: Clock
    folder: Callable[[Recording], str]
    meter: Meter = field(default_factory=NoMeter)
    extension: float = 1_800
    name: str = "alert"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return [(str(job.id), self._at(job)) for job in self.outbox.due()]

    def _at(self, job: AlertJob) -> datetime:
        return max(job.due_at, self.pace.posts.free_at(job.alert.recording.slack_channel))

    def run(self, key: str, epoch: int) -> None:
        job = next((job for job in self.outbox.due() if str(job.id) == key), None)
        if job is None or self._at(job) > self.clock.now():
            return
        recording = job.alert.recording
        log = _log.bind(recording=recording.id, kind=str(job.alert.kind), reason=str(job.alert.reason), alert=job.id)
        self.pace.posts.took(recording.slack_channel, self.clock.now())
        try:
            ts = self._send(job)
        except SlackBusy as error:
            log.warning("alert_deferred", error=str(error), tries=job.tries)
            self.pace.heed(recording.slack_channel, error, self.clock.now())
            until = self.clock.now() + _backoff(job.tries, error.retry_after)
            self.outbox.defer(job.id, until, str(error), epoch)
        except SlackRefused as error:
            self._refused(job, error, log, epoch)
        else:
            log.info("alert_delivered", ts=ts, direct=job.direct)
            self._count(job, "delivered")
            self.outbox.mark_delivered(job.id, ts, self.clock.now(), epoch)

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
            self.outbox.drop(job.id, str(error), self.clock.now(), epoch)
        else:
            log.warning("alert_redirected", error=str(error))
            self._count(job, "redirected")
            self.outbox.redirect(job.id, str(error), epoch)

    def _count(self, job: AlertJob, outcome: str) -> None:
        self.meter.alert(str(job.alert.kind), str(job.alert.reason), outcome)
