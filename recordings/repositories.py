"""What services, engine and delivery need of the storage, as Protocols.

Every method raises `StorageUnavailable` where the database can't be used; those that take an `epoch` raise
`LeaseLost`, and write nothing, where another replica leads meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from recordings.lifecycle.actions import Change
from recordings.lifecycle.incidents import Downtime, Review
from recordings.lifecycle.intents import IntentChange
from recordings.model.alerts import AcknowledgedAlert, Acknowledgement, Alert, AlertKey, Incident
from recordings.model.audit import AuditEvent
from recordings.model.listing import Cursor
from recordings.model.notifications import Notification
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.model.timeline import TimelineEntry


@dataclass(frozen=True, slots=True)
class Job:
    """A recording that is due, with the recorder that it wants."""

    recording: Recording
    recorder: Recorder | None


@dataclass(frozen=True, slots=True)
class CardJob:
    """A recording that is newer than its card; `version` is what the card shows once it is drawn."""

    recording: Recording
    version: int
    tries: int


@dataclass(frozen=True, slots=True)
class AlertJob:
    """An alert that Slack does not have yet."""

    id: int
    alert: Alert
    card_ts: str | None
    due_at: datetime
    tries: int
    direct: bool = False
    """The channel refused it for good: it goes to the person who started the recording."""


@dataclass(frozen=True, slots=True)
class TimelineJob:
    """A timeline entry that Slack does not have yet."""

    id: int
    entry: TimelineEntry
    card_ts: str | None
    due_at: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A failure to be reported through the command's response_url, which is as good as a password for 30 minutes."""

    recording: Recording
    response_url: str = field(repr=False)


class Queue(Enum):
    """Recordings that are not complete, by what they wait for."""

    INTERACTIVE = "interactive"
    """Somebody waits: the recording starts or stops."""
    POLL = "poll"
    """It is time for the next query."""
    DELIVERY = "delivery"
    """Its files are looked for."""


class RecordingRepository(Protocol):
    """Recordings: intents of listeners, steps of the engine, cards."""

    # for the services

    def add_recording(
        self,
        recording: Recording,
        response_url: str | None,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> Recording | None:
        """Adds a recording and returns None, or returns the one that already has its Agora channel."""

    def change_intent(
        self,
        recording_id: str,
        change: IntentChange,
        at: datetime,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> tuple[Recording, Recording]:
        """Writes what `lifecycle.intents` makes of the row as it is at that moment; the row before and after.

        The same twice: there was nothing to change, or this request has been written before. The request and the
        audit event are written together with the intent, or not at all.
        """

    def recording_of_request(self, request: str | None) -> Recording | None:
        """The recording that this request led to when Slack first delivered it."""

    def recording(self, recording_id: str) -> Recording | None: ...

    def of_channel(
        self, slack_channel: str, *, agora_channel: str | None = None, before: Cursor | None = None, most: int
    ) -> Sequence[Recording]:
        """The newest recordings of this Slack channel, newest first; or those after the cursor `before`."""

    def active_in(self, slack_channel: str) -> Sequence[Recording]:
        """Those of this Slack channel that are not over, oldest first."""

    # for the engine

    def due(self, most: int, queue: Queue | None = None) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings that are not complete, with the time of their next step, the most urgent first."""

    def job(self, recording_id: str) -> Job | None: ...

    def save(self, before: Recording, change: Change, epoch: int, now: datetime) -> None:
        """Writes what a step brought. A row whose intent changed since `before` was read stays due."""

    def active(self) -> Sequence[Recording]:
        """Every recording that is not over, oldest first."""

    def by_state(self) -> dict[str, int]:
        """How many recordings are in each state; those that are over are left out."""

    def any_unanswered(self, since: datetime) -> bool:
        """Whether some recording has had no usable answer of Agora since then, or longer."""

    def forget_response_urls(self, now: datetime) -> None: ...
    def forget_requests(self, now: datetime) -> None: ...

    # for the delivery of cards and replies

    def undrawn(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings that are newer than their card, with the time to draw it, the most urgent first."""

    def card(self, recording_id: str) -> CardJob | None: ...
    def card_drawn(self, recording_id: str, version: int, ts: str | None, next_at: datetime, epoch: int) -> None: ...
    def card_deferred(self, recording_id: str, until: datetime, epoch: int) -> None: ...

    def unanswered(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of failed recordings without a card, whose requester has not been answered, with the time to do it."""

    def reply(self, recording_id: str) -> Reply | None: ...
    def replied(self, recording_id: str, epoch: int) -> None: ...
    def reply_deferred(self, recording_id: str, until: datetime, epoch: int) -> None: ...


class RecorderRepository(Protocol):
    """Recorders, wanted or not."""

    def due(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of the unwanted ones, with the time of their next step, the most urgent first."""

    def get(self, recorder_id: str) -> Recorder | None: ...
    def save(self, recorder: Recorder, epoch: int) -> None: ...

    def keep_late(self, recorder: Recorder) -> None:
        """Keeps what a replica learnt after it lost the lease, as an unwanted recorder."""

    def uids_in(self, agora_channel: str, now: datetime) -> frozenset[int]:
        """The uids that were lately allocated for this channel."""

    def channels(self, since: datetime) -> Sequence[str]:
        """The Agora channels in which a recorder was started since then."""

    def of_channel(self, agora_channel: str, since: datetime) -> Sequence[Recorder]: ...

    def of_recording(self, recording_id: str) -> Sequence[Recorder]:
        """Every recorder that was ever allocated to it, oldest first."""

    def not_gone(self) -> int:
        """How many may run at Agora: the wanted ones, and those whose end has not been seen."""


class AlertRepository(Protocol):
    """The outbox: alerts until Slack has them, and who acknowledged them."""

    def waiting(self) -> Sequence[AlertJob]:
        """The oldest alert of each Slack channel that is not delivered yet."""

    def get(self, alert_id: int) -> AlertJob | None:
        """The alert, if it is the one that its Slack channel waits for."""

    def depth(self) -> tuple[int, datetime | None]:
        """How many are not delivered yet, and when the oldest of them was raised."""

    def delivered(self, alert_id: int, ts: str, now: datetime, epoch: int) -> None: ...
    def deferred(self, alert_id: int, until: datetime, error: str, epoch: int) -> None: ...

    def redirected(self, alert_id: int, error: str, epoch: int) -> None:
        """Slack will never take it in the channel: it goes to the person who started the recording."""

    def dropped(self, alert_id: int, error: str, now: datetime, epoch: int) -> None:
        """Slack will never take it: it is in the log, and not tried again."""

    def acknowledge(
        self,
        key: AlertKey,
        slack_channel: str,
        acknowledgement: Acknowledgement,
        audit_event: AuditEvent | None = None,
    ) -> AcknowledgedAlert | None:
        """The alert with the first acknowledgement, which may be somebody else's. None: this Slack channel has no such
        alert. The audit event is written only with a first acknowledgement."""


class TimelineRepository(Protocol):
    """Timeline entries until Slack has them. The storage writes them with what makes them happen."""

    def waiting(self) -> Sequence[TimelineJob]:
        """The oldest entry of each Slack channel that is not delivered, where no alert waits for the same channel."""

    def get(self, entry_id: int) -> TimelineJob | None:
        """The entry, if it is the one that its Slack channel waits for."""

    def mark_delivered(self, entry_id: int, now: datetime, epoch: int) -> None: ...
    def deferred(self, entry_id: int, until: datetime, epoch: int) -> None: ...


class NotificationRepository(Protocol):
    """Agora's notifications, kept until the engine has applied them."""

    def keep(self, notification: Notification) -> bool:
        """Keeps a notification once; whether it was new."""

    def waiting(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings with notifications that are not processed, and when the oldest of these arrived, oldest
        first. Only recordings that are not complete, or ended within the last hour."""

    def of(self, recording_id: str) -> Sequence[Notification]:
        """Those that are not processed yet, by `Notification.order`."""

    def seen(self, recording_id: str) -> int:
        """How many ever arrived for it, processed or not."""

    def depth(self) -> tuple[int, datetime | None]:
        """How many wait to be processed, and since when the oldest does."""

    def forget(self, now: datetime) -> None: ...


class IncidentRepository(Protocol):
    """What is wrong for many recordings at once."""

    def open(self) -> Sequence[tuple[Incident, Recording]]:
        """Each open incident with the recording in whose thread it was reported."""

    def save(self, review: Review, epoch: int) -> None: ...

    def save_downtime(
        self, pause: Downtime, affected: Sequence[Recording], alerts: Sequence[Alert], epoch: int
    ) -> None:
        """Writes to the affected recordings that they were not watched, with the alerts that say so."""


class AuditRepository(Protocol):
    """Who did what."""

    def add(self, audit_event: AuditEvent) -> None: ...

    def between(self, since: datetime, until: datetime | None = None) -> Sequence[tuple[AuditEvent, str]]:
        """The events from `since` on and before `until`, oldest first, each with its recording's Agora channel."""


class LeaseRepository(Protocol):
    """Which replica leads."""

    def hold(self, now: datetime, seconds: float) -> int | None:
        """Takes or renews the lease; the epoch, or None where another replica holds it."""

    def renewed_at(self) -> datetime | None:
        """When a leader last renewed it; None where there never was one."""

    def release(self, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Repositories:
    """Every repository of one database, or of one memory."""

    recordings: RecordingRepository
    recorders: RecorderRepository
    alerts: AlertRepository
    timeline: TimelineRepository
    notifications: NotificationRepository
    incidents: IncidentRepository
    audit_log: AuditRepository
