"""The engine's step for what Agora told by itself: add it to the recording, ask Agora at once where that matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from recordings.lifecycle import notifications as rules
from recordings.lifecycle.policy import Policy, Turn
from recordings.model.notifications import Notification, NotificationEvent
from recordings.ports import Clock
from recordings.repositories import NotificationRepository, RecordingRepository

_MOST = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NotificationSteps:
    """Work: recordings of which Agora told something that is not taken into account yet.

    It has the name of the recordings' own steps, so that a row is never in hand as both.
    """

    notifications: NotificationRepository
    steps: RecordingRepository
    policy: Policy
    clock: Clock
    name: str = "recording"

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.notifications.due(_MOST)

    def run(self, key: str, epoch: int) -> None:
        notifications, job = self.notifications.unprocessed(key), self.steps.job(key)
        if not notifications or job is None:
            return
        now = self.clock.now()
        change = rules.apply(job.recording, job.recorder, notifications, Turn(now=now, policy=self.policy))
        self.steps.save(job.recording, change, epoch, now)
        for notification in notifications:
            _report(key, notification)
        for alert in change.alerts:
            _log.warning("alert_raised", recording=key, kind=str(alert.kind), reason=str(alert.reason))


def _report(recording_id: str, notification: Notification) -> None:
    serious = notification.event in (NotificationEvent.ERROR, NotificationEvent.WARNING)
    level = _log.warning if serious else _log.info
    level(
        "agora_told",
        recording=recording_id,
        notification=notification.event.name.lower(),
        code=notification.code,
        module=notification.module,
        words=rules.describe_error(notification),
    )
