"""Delivers alerts, in order for each Slack channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from messages.alerts import alert_message
from messages.config import MessageConfig
from messages.delivery.deliverer import Backoff
from messages.delivery.limits import SlackLimits
from messages.delivery.slack import Slack, post_or_plain_text
from recordings.errors import SlackBusy, SlackRefused
from recordings.model.alerts import AlertKind
from recordings.ports import Clock, Meter, NoMeter
from recordings.repositories import AlertJob, AlertRepository

_BACKOFF = Backoff(first=1, longest=30)
_NO_THREAD = frozenset({"thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"})
_BROADCAST = frozenset({AlertKind.FAILED, AlertKind.WARNING, AlertKind.RECOVERED, AlertKind.ENDED})
"""Kinds that Slack also shows in the channel. The others stay in the thread."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AlertDelivery:
    """Alerts: to the card's thread and the channel, or to the person who started the recording."""

    alerts: AlertRepository
    slack: Slack
    limits: SlackLimits
    clock: Clock
    config: MessageConfig
    meter: Meter = field(default_factory=NoMeter)
    name: str = "alert"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return [(str(job.id), self._due_at(job)) for job in self.alerts.due()]

    def get(self, key: str) -> AlertJob | None:
        job = self.alerts.get(int(key))
        return job if job is not None and self._due_at(job) <= self.clock.now() else None

    def _due_at(self, job: AlertJob) -> datetime:
        return max(job.due_at, self.limits.posts.free_at(job.alert.recording.slack_channel))

    def send(self, job: AlertJob) -> str:
        with self.limits.posting_in(job.alert.recording.slack_channel):
            return self._send_directly(job) if job.direct else self._send_to_channel(job)

    def _send_directly(self, job: AlertJob) -> str:
        channel = self.slack.direct_channel(job.alert.recording.started_by)
        message = alert_message(job.alert, self.config, direct=True, resolved_at=job.resolved_at)
        return post_or_plain_text(self.slack, channel, message)

    def _send_to_channel(self, job: AlertJob) -> str:
        channel = job.alert.recording.slack_channel
        message = alert_message(job.alert, self.config, resolved_at=job.resolved_at)
        broadcast = job.card_ts is not None and job.alert.kind in _BROADCAST
        try:
            return post_or_plain_text(self.slack, channel, message, thread_ts=job.card_ts, broadcast=broadcast)
        except SlackRefused as error:
            if error.error not in _NO_THREAD or job.card_ts is None:
                raise
            # The card was deleted. The channel still has to see the alert.
            return post_or_plain_text(self.slack, channel, message)

    def wait(self, job: AlertJob, error: SlackBusy) -> timedelta:
        return _BACKOFF.wait(job.tries, error)

    def mark_delivered(self, job: AlertJob, ts: str, epoch: int) -> None:
        _log_of(job).info("alert_delivered", ts=ts, direct=job.direct)
        self._count(job, "delivered")
        if job.resolved_at is not None:
            self.alerts.drop_resolution(job.id, epoch)  # it was posted as resolved
        self.alerts.mark_delivered(job.id, ts, self.clock.now(), epoch)

    def defer(self, job: AlertJob, wait: timedelta, error: SlackBusy, epoch: int) -> None:
        _log_of(job).warning("alert_deferred", error=str(error), tries=job.tries)
        self.alerts.defer(job.id, self.clock.now() + wait, str(error), epoch)

    def refused(self, job: AlertJob, error: SlackRefused, epoch: int) -> None:
        """Sends it to the person instead; if that was refused too, drops it."""
        if job.direct:
            _log_of(job).error("alert_undeliverable", error=str(error))
            self._count(job, "undeliverable")
            self.alerts.drop(job.id, str(error), self.clock.now(), epoch)
        else:
            _log_of(job).warning("alert_redirected", error=str(error))
            self._count(job, "redirected")
            self.alerts.redirect(job.id, str(error), epoch)

    def _count(self, job: AlertJob, outcome: str) -> None:
        self.meter.alert(str(job.alert.kind), str(job.alert.reason), outcome)


def _log_of(job: AlertJob) -> structlog.stdlib.BoundLogger:
    alert = job.alert
    logger: structlog.stdlib.BoundLogger = _log.bind(
        recording=alert.recording.id, kind=str(alert.kind), reason=str(alert.reason), alert=job.id
    )
    return logger
