"""Acknowledge an alert: the first person who does it is the one everybody sees."""

from __future__ import annotations

from dataclasses import dataclass

from recordings.model.alerts import AcknowledgedAlert, Acknowledgement, AlertKey
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.requester import Requester
from recordings.ports import Clock
from recordings.repositories import AlertRepository
from recordings.service.lookup import NothingHere


@dataclass(frozen=True, slots=True)
class AcknowledgeService:
    """Saves who looks after an alert."""

    alerts: AlertRepository
    clock: Clock

    def acknowledge(self, alert_key: str, requester: Requester) -> AcknowledgedAlert:
        """The alert with its first acknowledgement, which may be another person's.

        `alert_key` is an `AlertKey` as text. Raises `NothingHere`, `StorageUnavailable`.
        """
        try:
            key = AlertKey.read(alert_key)
        except ValueError:
            raise NothingHere(alert_key) from None
        acknowledgement = Acknowledgement(requester.id, self.clock.now())
        slack_channel = requester.slack_channel.channel
        audit_event = AuditEvent(
            at=acknowledgement.at,
            who=requester.id,
            what=AuditAction.ACKNOWLEDGED_ALERT,
            source=Source.BUTTON,
            recording_id=key.recording_id,
            slack_channel=slack_channel,
            detail=f"{key.kind} {key.cause}",
        )
        acknowledged = self.alerts.acknowledge(key, slack_channel, acknowledgement, audit_event)
        if acknowledged is None:
            raise NothingHere(alert_key)
        return acknowledged
