"""What people have to be told once: rows of the outbox, and who looks after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recordings.model.reason import Reason
from recordings.model.recording import Recording


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

    @classmethod
    def raised(
        cls, kind: AlertKind, reason: Reason | None, recording: Recording, at: datetime, *, of: object = None
    ) -> Alert:
        """An alert raised now. `of` tells it from others with the same reason: the moment since when something is
        wrong, or the number of a segment."""
        name = str(reason or "files")
        suffix = f"{of:%Y%m%d%H%M%S%f}" if isinstance(of, datetime) else str(of)
        return cls(
            kind=kind,
            reason=reason,
            cause=name if of is None else f"{name}-{suffix}",
            recording=recording,
            raised_at=at,
        )


@dataclass(frozen=True, slots=True)
class AlertKey:
    """What tells an alert from every other; as text it is a button's value."""

    recording_id: str
    kind: AlertKind
    cause: str

    def __str__(self) -> str:
        return f"{self.recording_id}|{self.kind}|{self.cause}"

    @classmethod
    def of(cls, alert: Alert) -> AlertKey:
        return cls(alert.recording.id, alert.kind, alert.cause)

    @classmethod
    def read(cls, text: str) -> AlertKey:
        """What `str` gave. Raises `ValueError` where this is nothing of the kind."""
        recording_id, kind, cause = text.split("|", 2)
        return cls(recording_id, AlertKind(kind), cause)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who is on it, and since when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AcknowledgedAlert:
    """An alert that somebody is on."""

    alert: Alert
    acknowledgement: Acknowledgement
