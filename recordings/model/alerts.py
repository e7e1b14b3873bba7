"""What people have to be told once: rows of the outbox, and who looks after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recordings.model.recording import Reason, Recording


class AlertKind(StrEnum):
    """The `event_type` of a message that needs a person's attention."""

    FAILED = "recording_failed"
    WARNING = "recording_warning"
    RECOVERED = "recording_recovered"
    ENDED = "recording_ended"
    FILES = "recording_files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that has to be told to people once: a row of the outbox.

    `cause` tells apart two alerts of one kind about one recording. `recording` is as it was when the alert
    was raised, so that a late delivery still tells what happened then.
    """

    kind: AlertKind
    reason: Reason | None
    cause: str
    recording: Recording
    raised_at: datetime


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
