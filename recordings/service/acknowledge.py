"""Who looks after an alert: the first who says so."""

from __future__ import annotations

from dataclasses import dataclass

from recordings.model.alerts import AlertName, Taken, TakenAlert
from recordings.model.audit import Act, Deed, Source
from recordings.ports import Clock
from recordings.repositories import TakeableAlerts
from recordings.service.start_stop import NothingHere, Place


@dataclass(frozen=True, slots=True)
class TakingService:
    """Lets people take alerts."""

    alerts: TakeableAlerts
    clock: Clock

    def take(self, value: str, place: Place, by: str) -> TakenAlert:
        """The alert with whoever was first, which may be somebody else. Raises `NothingHere`, `StorageUnavailable`."""
        try:
            name = AlertName.read(value)
        except ValueError:
            raise NothingHere(value) from None
        taken = Taken(by, self.clock())
        act = Act(
            at=taken.at,
            who=by,
            what=Deed.TOOK_ALERT,
            source=Source.BUTTON,
            recording_id=name.recording_id,
            slack_channel=place.channel,
            detail=f"{name.kind} {name.cause}",
        )
        found = self.alerts.take(name, place.channel, taken, act)
        if found is None:
            raise NothingHere(value)
        return found
