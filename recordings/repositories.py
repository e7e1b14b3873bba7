"""The ports to the database: what services, engine and delivery read and write.

Every method raises `StorageUnavailable` if the database can't be read or written. A method that takes an `epoch`
belongs to the leader: once another replica leads it raises `LeaseLost` and writes nothing.

A newer release may have written a row that this one can't read. Lists and due queries leave such a row out, a method
that reads a single row returns None, and the storage logs and counts it.
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
from recordings.model.recording import Recording, State
from recordings.model.timeline import TimelineEntry


@dataclass(frozen=True, slots=True)
class Job:
    """A recording to step, with the recorder that it wants."""

    recording: Recording
    recorder: Recorder | None


@dataclass(frozen=True, slots=True)
class CardJob:
    """A recording that changed after its card was drawn. `version`: of the row; the card shows it once it is drawn."""

    recording: Recording
    version: int
    tries: int


@dataclass(frozen=True, slots=True)
class AlertJob:
    """An alert to deliver to Slack."""

    id: int
    alert: Alert
    card_ts: str | None
    due_at: datetime
    tries: int
    direct: bool = False
    """Slack refused it in the channel for good, so the person who started the recording gets it."""
    resolved_at: datetime | None = None
    """When what it warns of was over, if that was before its delivery."""


@dataclass(frozen=True, slots=True)
class ResolutionJob:
    """A delivered warning that does not hold any more: its message has to say since when."""

    id: int
    alert: Alert
    ts: str
    resolved_at: datetime
    acknowledgement: Acknowledgement | None
    due_at: datetime
    tries: int
    direct: bool = False
    """The message is a direct one to the person who started the recording."""


@dataclass(frozen=True, slots=True)
class TimelineJob:
    """A timeline entry to deliver to Slack."""

    id: int
    entry: TimelineEntry
    card_ts: str | None
    due_at: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A failure to report through the command's response_url. For 30 minutes that URL is a secret like a password."""

    recording: Recording
    response_url: str = field(repr=False)


class Queue(Enum):
    """The kinds of steps that a recording can wait for. Each has its own worker, so that none waits for another."""

    INTERACTIVE = "interactive"
    """Somebody waits: the recording starts or stops."""
    POLL = "poll"
    """Nobody waits: the next query to Agora."""
    DELIVERY = "delivery"
    """The next look into the bucket for its files."""


def queue_of(recording: Recording) -> Queue | None:
    """The queue that a recording belongs to; None once it is complete."""
    if recording.is_complete:
        return None
    if recording.files_awaited:
        return Queue.DELIVERY
    # A lost recorder without a successor is as urgent as a first start.
    to_be_resumed = recording.state is State.INTERRUPTED and recording.sid is None
    to_be_stopped = recording.intent.stop_at is not None and recording.state is not State.UPLOADING
    interactive = recording.state in (State.STARTING, State.STOPPING) or to_be_resumed or to_be_stopped
    return Queue.INTERACTIVE if interactive else Queue.POLL


class RecordingRepository(Protocol):
    """Recordings: intents of listeners, steps of the engine, cards and replies."""

    # for the services

    def add_recording(
        self,
        recording: Recording,
        response_url: str | None,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> Recording | None:
        """Adds a recording and returns None. Adds nothing, and returns the other recording, if one has its Agora
        channel already or if the request led to one before.

        Raises `StorageUnavailable` if that other recording can't be read: a replica of the release that wrote it can
        answer, so the person should try again.
        """

    def change_intent(
        self,
        recording_id: str,
        change: IntentChange,
        at: datetime,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> tuple[Recording, Recording]:
        """Applies `lifecycle.intents.apply_intent` to the row as it is now; returns the row before and after.

        Both are equal if there was nothing to change, or if this request was written before. The request, the audit
        event and the timeline entries are written together with the intent, or not at all.
        """

    def recording_of_request(self, request: str | None) -> Recording | None:
        """The recording that this request led to when Slack first delivered it."""

    def recording(self, recording_id: str) -> Recording | None: ...

    def of_channel(
        self, slack_channel: str, *, agora_channel: str | None = None, before: Cursor | None = None, limit: int
    ) -> Sequence[Recording]:
        """Recordings of a Slack channel, newest first; with `before`, those that come after that cursor."""

    def active_in(self, slack_channel: str) -> Sequence[Recording]:
        """Recordings of a Slack channel that are not over, oldest first."""

    # for the engine

    def due(self, limit: int, queue: Queue | None = None) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings that are not complete, each with the time of its next step, the most urgent first."""

    def job(self, recording_id: str) -> Job | None: ...

    def save(self, before: Recording, change: Change, epoch: int, now: datetime) -> None:
        """Writes the result of a step. If the intent changed after `before` was read, the row is due at once."""

    def active(self) -> Sequence[Recording]:
        """Every recording that is not over, oldest first."""

    def count_by_state(self) -> dict[str, int]:
        """The number of recordings in each state, without those that are over."""

    def any_without_answer(self, since: datetime) -> bool:
        """Whether Agora has not answered about some recording since then, or longer."""

    def forget_response_urls(self, now: datetime) -> None: ...
    def forget_requests(self, now: datetime) -> None: ...

    # for the delivery of cards and replies

    def due_cards(self, limit: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings that changed after their card was drawn, each with the time to draw it, the most urgent
        first."""

    def card(self, recording_id: str) -> CardJob | None: ...

    def mark_card_drawn(self, recording_id: str, version: int, ts: str | None, next_at: datetime, epoch: int) -> None:
        """The card shows this version of the row. It is not drawn again before `next_at`."""

    def defer_card(self, recording_id: str, until: datetime, epoch: int) -> None: ...

    def due_replies(self, limit: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings that failed without a card and whose requester has no reply yet, each with the time to
        reply, the most urgent first."""

    def reply(self, recording_id: str) -> Reply | None: ...
    def mark_replied(self, recording_id: str, epoch: int) -> None: ...
    def defer_reply(self, recording_id: str, until: datetime, epoch: int) -> None: ...


class RecorderRepository(Protocol):
    """Recorders, wanted or not."""

    def due(self, limit: int) -> Sequence[tuple[str, datetime]]:
        """Ids of unwanted recorders that are not gone, each with the time of its next step, the most urgent first."""

    def get(self, recorder_id: str) -> Recorder | None: ...

    def save(self, recorder: Recorder, epoch: int) -> None:
        """Writes a recorder. If it is gone, or was not listed in its channel, a recording that stops is due at once."""

    def keep_late(self, recorder: Recorder) -> None:
        """Keeps what a replica learnt after it lost the lease, as an unwanted recorder."""

    def uids_in(self, agora_channel: str, now: datetime) -> frozenset[int]:
        """The uids that were allocated for this channel in the last days."""

    def channels(self, since: datetime) -> Sequence[str]:
        """The Agora channels in which a recorder was started since then."""

    def of_channel(self, agora_channel: str, since: datetime) -> Sequence[Recorder]:
        """The recorders that were started in this channel since then."""

    def of_recording(self, recording_id: str) -> Sequence[Recorder]:
        """Every recorder that was ever allocated to a recording, oldest first."""

    def count_not_gone(self) -> int:
        """How many may run at Agora: the wanted ones, and those whose end has not been seen."""


class AlertRepository(Protocol):
    """The outbox: alerts until Slack has them, who acknowledged them, and when they were resolved."""

    def due(self) -> Sequence[AlertJob]:
        """The oldest undelivered alert of each Slack channel. It may be due later."""

    def get(self, alert_id: int) -> AlertJob | None:
        """The alert, if it is the oldest undelivered one of its Slack channel."""

    def depth(self) -> tuple[int, datetime | None]:
        """How many are undelivered, and when the oldest of them was raised."""

    def mark_delivered(self, alert_id: int, ts: str, now: datetime, epoch: int) -> None: ...
    def defer(self, alert_id: int, until: datetime, error: str, epoch: int) -> None: ...

    def redirect(self, alert_id: int, error: str, epoch: int) -> None:
        """Slack refuses it in the channel for good: it goes to the person who started the recording."""

    def drop(self, alert_id: int, error: str, now: datetime, epoch: int) -> None:
        """Slack refuses it for good: it is in the log, and not tried again."""

    def acknowledge(
        self,
        key: AlertKey,
        slack_channel: str,
        acknowledgement: Acknowledgement,
        audit_event: AuditEvent | None = None,
    ) -> AcknowledgedAlert | None:
        """The alert with its first acknowledgement, which may be somebody else's. None: this Slack channel has no such
        alert. The audit event is written only with the first acknowledgement."""

    def due_resolutions(self) -> Sequence[ResolutionJob]:
        """Warnings whose message does not show yet that they are resolved. The storage resolves a warning in the
        transaction that adds its recovery. They may be due later."""

    def resolution(self, alert_id: int) -> ResolutionJob | None:
        """The warning, if `due_resolutions` would return it."""

    def mark_resolution_shown(self, alert_id: int, acknowledgement: Acknowledgement | None, epoch: int) -> None:
        """The message shows it, with this acknowledgement. If there is another one by now, it stays due."""

    def defer_resolution(self, alert_id: int, until: datetime, epoch: int) -> None: ...

    def drop_resolution(self, alert_id: int, epoch: int) -> None:
        """No edit is needed, or Slack refuses it for good."""


class TimelineRepository(Protocol):
    """Timeline entries until Slack has them. The storage writes each together with the change that it reports."""

    def due(self) -> Sequence[TimelineJob]:
        """The oldest undelivered entry of each Slack channel that has no undelivered alert. It may be due later."""

    def get(self, entry_id: int) -> TimelineJob | None:
        """The entry, if `due` would return it."""

    def mark_delivered(self, entry_id: int, now: datetime, epoch: int) -> None:
        """Slack has it, or refuses it for good."""

    def defer(self, entry_id: int, until: datetime, epoch: int) -> None: ...


class NotificationRepository(Protocol):
    """Agora's notifications, kept until the engine has applied them."""

    def keep(self, notification: Notification) -> bool:
        """Keeps a notification once; whether it was new."""

    def due(self, limit: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings with unprocessed notifications, each with the time when the oldest of these arrived, oldest
        first. Only recordings that are not complete, or ended within the last hour."""

    def unprocessed(self, recording_id: str) -> Sequence[Notification]:
        """The unprocessed notifications of a recording, by `Notification.order`."""

    def count_received(self, recording_id: str) -> int:
        """How many ever arrived for a recording, processed or not."""

    def depth(self) -> tuple[int, datetime | None]:
        """How many wait to be processed, and since when the oldest does."""

    def forget(self, now: datetime) -> None: ...


class IncidentRepository(Protocol):
    """Incidents: what is wrong for many recordings at once."""

    def open(self) -> Sequence[tuple[Incident, Recording]]:
        """Each open incident with the recording in whose thread it was reported."""

    def save(self, review: Review, epoch: int) -> Review:
        """Writes incidents that opened or closed, with their alerts; returns what was written. A Slack channel has one
        open incident at most: while it has one that can't be read, another one and its alert are left out."""

    def save_downtime(
        self, pause: Downtime, affected: Sequence[Recording], alerts: Sequence[Alert], epoch: int
    ) -> None:
        """Notes on the affected recordings that no replica watched them, and adds the alerts about it."""


class AuditRepository(Protocol):
    """Who did what."""

    def add(self, audit_event: AuditEvent) -> None: ...

    def between(self, since: datetime, until: datetime | None = None) -> Sequence[tuple[AuditEvent, str]]:
        """The events from `since` on and before `until`, oldest first, each with its recording's Agora channel."""


class LeaseRepository(Protocol):
    """Which replica leads."""

    def hold(self, now: datetime, seconds: float) -> int | None:
        """Takes or renews the lease; the epoch, or None if another replica holds it."""

    def renewed_at(self) -> datetime | None:
        """When a leader last renewed it; None if there never was one."""

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
