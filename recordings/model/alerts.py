"""Alerts, the incidents behind some of them, who acknowledged an alert, and when it was resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recordings.model.reason import Reason
from recordings.model.recording import Recording


class AlertKind(StrEnum):
    """The `event_type` of a message about a recording that is not its card."""

    FAILED = "recording_failed"
    WARNING = "recording_warning"
    RECOVERED = "recording_recovered"
    ENDED = "recording_ended"
    FILES = "recording_files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A problem of many recordings in one Slack channel. One alert reports its start, another one its end."""

    id: str
    slack_channel: str
    reason: Reason
    recording_id: str
    """The recording in whose thread the alerts are posted."""
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A message that Slack has to get exactly once: a row of the outbox.

    `cause` distinguishes two alerts of the same kind about the same recording. `recording` is a snapshot from the
    moment when the alert was raised, so that a late delivery still reports what happened then.
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
        """An alert raised now. `of` distinguishes it from others with the same reason: the moment since when something
        is wrong, the number of a segment, or another text."""
        name = str(reason or "files")
        suffix = timestamp(of) if isinstance(of, datetime) else str(of)
        cause = name if of is None else f"{name}-{suffix}"
        return cls(kind=kind, reason=reason, cause=cause, recording=recording, raised_at=at)

    @classmethod
    def of_incident(cls, incident: Incident, kind: AlertKind, recording: Recording, at: datetime) -> Alert:
        """An alert raised now about an incident."""
        return cls(kind=kind, reason=incident.reason, cause=incident.id, recording=recording, raised_at=at)


OF_INCIDENTS = frozenset({Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED})
"""Reasons that concern a whole Slack channel: the incident that follows another one may be reported in the thread of
another recording, and the recovery from it resolves the warnings of both."""
_SAME_MATTER = (frozenset({Reason.NOT_DELIVERED, Reason.IN_BACKUP}), OF_INCIDENTS)
"""Reasons of warnings that follow each other. The recovery from one of them resolves the others too."""


def resolved_reasons(alert: Alert) -> frozenset[Reason]:
    """The reasons of the warnings that this alert resolves: none, unless it is a recovery. They are about the same
    recording, or, if `OF_INCIDENTS`, in the same Slack channel.

    Causes don't tell: that of a warning has a moment or a segment in it, which may have changed by the recovery.
    """
    if alert.kind is not AlertKind.RECOVERED or alert.reason is None:
        return frozenset()
    return next((matter for matter in _SAME_MATTER if alert.reason in matter), frozenset({alert.reason}))


def timestamp(moment: datetime) -> str:
    """A moment as causes contain it. They are stored and compared: the format can't change."""
    return f"{moment:%Y%m%d%H%M%S%f}"


@dataclass(frozen=True, slots=True)
class AlertKey:
    """Identifies an alert. As text it is a button's value."""

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
        """The inverse of `str`. Raises `ValueError` if the text is not a key."""
        recording_id, kind, cause = text.split("|", 2)
        return cls(recording_id, AlertKind(kind), cause)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The person who takes care of an alert, and when they said so."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AcknowledgedAlert:
    """An alert with its first acknowledgement."""

    alert: Alert
    acknowledgement: Acknowledgement
    resolved_at: datetime | None = None
    """When what it warns of was over; None: it is not."""
