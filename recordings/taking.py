"""Who looks after an alert: the first who says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recordings.model import Act, Alert, AlertKind, Deed, Source
from recordings.ports import Clock
from recordings.service import NothingHere, Place


@dataclass(frozen=True, slots=True)
class AlertName:
    """What tells an alert from every other; as text it is a button's value."""

    recording_id: str
    kind: AlertKind
    cause: str

    def __str__(self) -> str:
        return f"{self.recording_id}|{self.kind}|{self.cause}"

    @classmethod
    def of(cls, alert: Alert) -> AlertName:
        return cls(alert.recording.id, alert.kind, alert.cause)

    @classmethod
    def read(cls, text: str) -> AlertName:
        """What `str` gave. Raises `ValueError` where this is nothing of the kind."""
        recording_id, kind, cause = text.split("|", 2)
        return cls(recording_id, AlertKind(kind), cause)


@dataclass(frozen=True, slots=True)
class Taken:
    """Who is on it, and since when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TakenAlert:
    """An alert that somebody is on."""

    alert: Alert
    taken: Taken


class TakeableAlerts(Protocol):
    """Where alerts are written down. Raises `StorageUnavailable`."""

    def take(self, name: AlertName, slack_channel: str, taken: Taken, act: Act | None = None) -> TakenAlert | None:
        """Writes down who is on it, and the act, unless somebody is; the alert as it then is. None: this Slack channel
        has no such alert."""


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
