"""Who looks after an alert: the first who says so."""

from __future__ import annotations

from dataclasses import dataclass

from recordings.model.alerts import AcknowledgedAlert, Acknowledgement, AlertKey
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.ports import Clock
from recordings.repositories import AlertRepository
from recordings.service.start_stop import NothingHere, SlackChannelRef


@dataclass(frozen=True, slots=True)
class AcknowledgeService:
    """Lets people take alerts."""

    alerts: AlertRepository
    clock: Clock

    def acknowledge(self, value: str, place: SlackChannelRef, by: str) -> AcknowledgedAlert:
        """The alert with whoever was first, which may be somebody else. Raises `NothingHere`, `StorageUnavailable`."""
        try:
            name = AlertKey.read(value)
        except ValueError:
            raise NothingHere(value) from None
        acknowledgement = Acknowledgement(by, self.clock.now())
        audit_event = AuditEvent(
            at=acknowledgement.at,
            who=by,
            what=AuditAction.ACKNOWLEDGED_ALERT,
            source=Source.BUTTON,
            recording_id=name.recording_id,
            slack_channel=place.channel,
            detail=f"{name.kind} {name.cause}",
        )
        found = self.alerts.acknowledge(name, place.channel, acknowledgement, audit_event)
        if found is None:
            raise NothingHere(value)
        return found
