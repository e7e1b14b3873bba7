"""The other repositories in memory: alerts, timeline, notifications, incidents and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from recordings.lifecycle.incidents import Downtime, Review
from recordings.model.alerts import AcknowledgedAlert, Acknowledgement, Alert, AlertKey, Incident
from recordings.model.audit import AuditEvent
from recordings.model.notifications import Notification
from recordings.model.recording import Recording
from recordings.ports import Clock
from recordings.repositories import AlertJob, Repositories, ResolutionJob, TimelineJob
from tests.fakes.repositories import (
    Memory,
    MemoryRecorders,
    MemoryRecordings,
    StoredAlert,
    StoredNotification,
    StoredTimelineEntry,
)


class MemoryOutbox:
    """`AlertRepository`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def due(self) -> Sequence[AlertJob]:
        with self._memory.lock:
            first: dict[str, StoredAlert] = {}
            for stored in self._memory.outbox:
                if stored.done_at is None:
                    first.setdefault(stored.alert.recording.slack_channel, stored)
            return [self._job(stored) for stored in sorted(first.values(), key=lambda stored: stored.due_at)]

    def _job(self, stored: StoredAlert) -> AlertJob:
        row = self._memory.rows[stored.alert.recording.id]
        return AlertJob(
            stored.id,
            stored.alert,
            row.recording.card_ts,
            stored.due_at,
            stored.tries,
            stored.direct,
            stored.resolved_at,
        )

    def get(self, alert_id: int) -> AlertJob | None:
        return next((job for job in self.due() if job.id == alert_id), None)

    def depth(self) -> tuple[int, datetime | None]:
        with self._memory.lock:
            undelivered = [stored.alert.raised_at for stored in self._memory.outbox if stored.done_at is None]
        return len(undelivered), min(undelivered, default=None)

    def acknowledge(
        self,
        key: AlertKey,
        slack_channel: str,
        acknowledgement: Acknowledgement,
        audit_event: AuditEvent | None = None,
    ) -> AcknowledgedAlert | None:
        with self._memory.lock:
            for stored in self._memory.outbox:
                if AlertKey.of(stored.alert) == key and stored.alert.recording.slack_channel == slack_channel:
                    self._memory.audit_events += [audit_event] if audit_event and stored.acknowledgement is None else []
                    stored.acknowledgement = stored.acknowledgement or acknowledgement
                    return AcknowledgedAlert(stored.alert, stored.acknowledgement, stored.resolved_at)
        return None

    def mark_delivered(self, alert_id: int, ts: str, now: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            stored = self._memory.outbox[alert_id - 1]
            stored.done_at, stored.ts, stored.error = now, ts, None

    def defer(self, alert_id: int, until: datetime, error: str, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            stored = self._memory.outbox[alert_id - 1]
            stored.due_at, stored.error, stored.tries = until, error, stored.tries + 1

    def redirect(self, alert_id: int, error: str, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            stored = self._memory.outbox[alert_id - 1]
            stored.direct, stored.error, stored.tries = True, error, 0

    def drop(self, alert_id: int, error: str, now: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            stored = self._memory.outbox[alert_id - 1]
            stored.done_at, stored.error = now, error

    def due_resolutions(self) -> Sequence[ResolutionJob]:
        with self._memory.lock:
            due = [job for stored in self._memory.outbox if (job := self._resolution(stored)) is not None]
        return sorted(due, key=lambda job: job.due_at)

    def _resolution(self, stored: StoredAlert) -> ResolutionJob | None:
        if stored.resolution_due_at is None or stored.resolved_at is None or stored.ts is None:
            return None
        return ResolutionJob(
            stored.id,
            stored.alert,
            stored.ts,
            stored.resolved_at,
            stored.acknowledgement,
            stored.resolution_due_at,
            stored.resolution_tries,
            stored.direct,
        )

    def resolution(self, alert_id: int) -> ResolutionJob | None:
        return next((job for job in self.due_resolutions() if job.id == alert_id), None)

    def mark_resolution_shown(self, alert_id: int, acknowledgement: Acknowledgement | None, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            stored = self._memory.outbox[alert_id - 1]
            if stored.acknowledgement == acknowledgement:
                stored.resolution_due_at = None

    def defer_resolution(self, alert_id: int, until: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            stored = self._memory.outbox[alert_id - 1]
            stored.resolution_due_at, stored.resolution_tries = until, stored.resolution_tries + 1

    def drop_resolution(self, alert_id: int, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            self._memory.outbox[alert_id - 1].resolution_due_at = None


class MemoryNotifications:
    """`NotificationRepository`."""

    def __init__(self, memory: Memory, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock

    def keep(self, notification: Notification) -> bool:
        with self._memory.lock:
            if notification.id in self._memory.notifications:
                return False
            stored = StoredNotification(notification, self._recording_of(notification))
            self._memory.notifications[notification.id] = stored
            return True

    def _recording_of(self, notification: Notification) -> str | None:
        recordings = [row.recording.id for row in self._memory.rows.values() if row.recording.sid == notification.sid]
        recorders = self._memory.recorders.values()
        with_sid = [recorder.recording_id for recorder in recorders if recorder.sid == notification.sid]
        named = notification.agora_channel, notification.uid, None
        without_sid = [
            recorder for recorder in recorders if (recorder.agora_channel, recorder.uid, recorder.sid) == named
        ]
        newest_first = sorted(without_sid, key=lambda recorder: recorder.created_at, reverse=True)
        return next(iter([*recordings, *with_sid, *(recorder.recording_id for recorder in newest_first)]), None)

    def _unprocessed(self) -> list[tuple[str, datetime]]:
        unprocessed = []
        with self._memory.lock:
            for stored in self._memory.notifications.values():
                row = self._memory.rows.get(stored.recording_id or "")
                if row is not None and stored.processed_at is None and not self._too_late(row.recording):
                    unprocessed.append((row.recording.id, stored.notification.received_at))
        return sorted(unprocessed, key=lambda one: (one[1], one[0]))

    def _too_late(self, recording: Recording) -> bool:
        recent = recording.ended_at is not None and recording.ended_at > self._clock.now() - timedelta(hours=1)
        return recording.is_complete and not recent

    def due(self, limit: int) -> Sequence[tuple[str, datetime]]:
        oldest: dict[str, datetime] = {}
        for recording_id, received_at in self._unprocessed():
            oldest.setdefault(recording_id, received_at)
        return list(oldest.items())[:limit]

    def depth(self) -> tuple[int, datetime | None]:
        unprocessed = self._unprocessed()
        return len(unprocessed), next((at for _, at in unprocessed), None)

    def unprocessed(self, recording_id: str) -> Sequence[Notification]:
        with self._memory.lock:
            stored = [one for one in self._memory.notifications.values() if one.recording_id == recording_id]
        unprocessed = (one.notification for one in stored if one.processed_at is None)
        return sorted(unprocessed, key=lambda notification: notification.order)

    def count_received(self, recording_id: str) -> int:
        with self._memory.lock:
            return sum(stored.recording_id == recording_id for stored in self._memory.notifications.values())

    def forget(self, now: datetime) -> None:
        oldest = now - timedelta(days=30)
        with self._memory.lock:
            stored = self._memory.notifications.items()
            self._memory.notifications = {key: one for key, one in stored if one.notification.received_at >= oldest}


class MemoryAuditLog:
    """`AuditRepository`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(self, audit_event: AuditEvent) -> None:
        with self._memory.lock:
            self._memory.audit_events.append(audit_event)

    def all(self) -> list[AuditEvent]:
        return list(self._memory.audit_events)

    def between(self, since: datetime, until: datetime | None = None) -> list[tuple[AuditEvent, str]]:
        events = [e for e in self._memory.audit_events if e.at >= since and (until is None or e.at < until)]
        rows = [(event, self._memory.rows.get(event.recording_id)) for event in sorted(events, key=lambda e: e.at)]
        return [(event, "" if row is None else row.recording.agora_channel) for event, row in rows]


class MemoryIncidents:
    """`IncidentRepository`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def open(self) -> Sequence[tuple[Incident, Recording]]:
        with self._memory.lock:
            return [
                (incident, self._memory.rows[incident.recording_id].recording)
                for incident in self._memory.incidents.values()
                if incident.closed_at is None
            ]

    def save(self, review: Review, epoch: int) -> Review:
        with self._memory.lock:
            self._memory.fence(epoch)
            for incident in review.incidents:
                self._memory.incidents[incident.id] = incident
            for alert in review.alerts:
                self._memory.add_alert(alert)
        return review

    def save_downtime(
        self, pause: Downtime, affected: Sequence[Recording], alerts: Sequence[Alert], epoch: int
    ) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            for recording in affected:
                row = self._memory.rows[recording.id]
                row.recording = replace(row.recording, unwatched_from=pause.begun_at, unwatched_to=pause.ended_at)
                row.version, row.card_due_at = row.version + 1, pause.ended_at
            for alert in alerts:
                self._memory.add_alert(alert)


class MemoryTimeline:
    """`TimelineRepository`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def due(self) -> Sequence[TimelineJob]:
        with self._memory.lock:
            alerted = {e.alert.recording.slack_channel for e in self._memory.outbox if e.done_at is None}
            first: dict[str, TimelineJob] = {}
            for stored in self._memory.entries:
                channel = stored.job.entry.slack_channel
                if stored.done_at is None and channel not in alerted:
                    first.setdefault(channel, self._with_card(stored.job))
            return sorted(first.values(), key=lambda job: job.due_at)

    def _with_card(self, job: TimelineJob) -> TimelineJob:
        return replace(job, card_ts=self._memory.rows[job.entry.recording_id].recording.card_ts)

    def get(self, entry_id: int) -> TimelineJob | None:
        return next((job for job in self.due() if job.id == entry_id), None)

    def mark_delivered(self, entry_id: int, now: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            self._stored(entry_id).done_at = now

    def defer(self, entry_id: int, until: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            stored = self._stored(entry_id)
            stored.job = replace(stored.job, due_at=until, tries=stored.job.tries + 1)

    def _stored(self, entry_id: int) -> StoredTimelineEntry:
        return self._memory.entries[entry_id - 1]


def repositories_of(memory: Memory, clock: Clock) -> Repositories:
    """Every repository of one memory."""
    return Repositories(
        recordings=MemoryRecordings(memory),
        recorders=MemoryRecorders(memory),
        alerts=MemoryOutbox(memory),
        timeline=MemoryTimeline(memory),
        notifications=MemoryNotifications(memory, clock),
        incidents=MemoryIncidents(memory),
        audit_log=MemoryAuditLog(memory),
    )
