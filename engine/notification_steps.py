"""The engine's step for Agora's notifications: adds them to the recording, and makes a query due if they matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from recordings.lifecycle import notifications as rules
from recordings.lifecycle.policy import Policy, Turn
from recordings.model.notifications import Notification, NotificationEvent
from recordings.model.recording import Recording
from recordings.ports import Clock
from recordings.repositories import NotificationRepository, RecordingRepository

_BATCH = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NotificationSteps:
    """Work: recordings with notifications that are not processed yet.

    It has the name of `RecordingSteps`, so that the dispatcher never runs both for one recording at once.
    """

    notifications: NotificationRepository
    recordings: RecordingRepository
    policy: Policy
    clock: Clock
    name: str = "recording"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.notifications.due(_BATCH)

    def run(self, key: str, epoch: int) -> None:
        notifications, job = self.notifications.unprocessed(key), self.recordings.job(key)
        if not notifications or job is None:
            return
        now = self.clock.now()
        change = rules.apply(job.recording, job.recorder, notifications, Turn(now=now, policy=self.policy))
        self.recordings.save(job.recording, change, epoch, now)
        changed = _facts(change.recording) != _facts(job.recording) or bool(change.recorders)
        for notification in notifications:
            _log_applied(key, notification, changed)
        for alert in change.alerts:
            _log.warning("alert_raised", recording=key, kind=str(alert.kind), reason=str(alert.reason))


def _facts(recording: Recording) -> Recording:
    """The recording without what changes with each notification, even if it reports nothing new."""
    reported = replace(recording.reported, notifications=0)
    return replace(recording, reported=reported, next_step_at=recording.requested_at)


def _log_applied(recording_id: str, notification: Notification, changed: bool) -> None:
    """A notification that repeats what is known, as that of the progress does each minute, counts as debugging."""
    level = _log.info if changed else _log.debug
    if notification.event in (NotificationEvent.ERROR, NotificationEvent.WARNING):
        level = _log.warning
    level(
        "notification_applied",
        recording=recording_id,
        notification=notification.event.name.lower(),
        code=notification.code,
        module=notification.module,
        words=rules.describe_error(notification),
    )
