"""What is told and what was done, in memory: alerts, lines, notices, acts and troubles; beside `tests.fakes.store`."""

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
from recordings.repositories import AlertJob, Repositories, TimelineJob
from tests.fakes.repositories import Entry, Kept, Memory, MemoryRecorders, MemoryRecordings, StoredEntry


class MemoryOutbox:
    """`Outbox`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def waiting(self) -> Sequence[AlertJob]:
        with self._memory.lock:
            first: dict[str, Entry] = {}
            for entry in self._memory.outbox:
                if entry.done_at is None:
                    first.setdefault(entry.alert.recording.slack_channel, entry)
            return [self._job(entry) for entry in sorted(first.values(), key=lambda e: e.due_at)]

    def _job(self, entry: Entry) -> AlertJob:
        row = self._memory.rows[entry.alert.recording.id]
        return AlertJob(entry.id, entry.alert, row.recording.card_ts, entry.due_at, entry.tries, entry.direct)

    def get(self, alert_id: int) -> AlertJob | None:
        return next((job for job in self.waiting() if job.id == alert_id), None)

    def depth(self) -> tuple[int, datetime | None]:
        with self._memory.lock:
            undelivered = [entry.alert.raised_at for entry in self._memory.outbox if entry.done_at is None]
        return len(undelivered), min(undelivered, default=None)

    def acknowledge(
        self,
        key: AlertKey,
        slack_channel: str,
        acknowledgement: Acknowledgement,
        audit_event: AuditEvent | None = None,
    ) -> AcknowledgedAlert | None:
        with self._memory.lock:
            for entry in self._memory.outbox:
                if AlertKey.of(entry.alert) == key and entry.alert.recording.slack_channel == slack_channel:
                    self._memory.audit_events += [audit_event] if audit_event and entry.acknowledgement is None else []
                    entry.acknowledgement = entry.acknowledgement or acknowledgement
                    return AcknowledgedAlert(entry.alert, entry.acknowledgement)
        return None

    def delivered(self, alert_id: int, ts: str, now: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            entry = self._memory.outbox[alert_id - 1]
            entry.done_at, entry.ts, entry.error = now, ts, None

    def deferred(self, alert_id: int, until: datetime, error: str, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            entry = self._memory.outbox[alert_id - 1]
            entry.due_at, entry.error, entry.tries = until, error, entry.tries + 1

    def redirected(self, alert_id: int, error: str, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            entry = self._memory.outbox[alert_id - 1]
            entry.direct, entry.error, entry.tries = True, error, 0

    def dropped(self, alert_id: int, error: str, now: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            entry = self._memory.outbox[alert_id - 1]
            entry.done_at, entry.error = now, error


class MemoryNotifications:
    """`Notifications`."""

    def __init__(self, memory: Memory, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock

    def keep(self, notification: Notification) -> bool:
        with self._memory.lock:
            if notification.id in self._memory.notifications:
                return False
            self._memory.notifications[notification.id] = Kept(notification, self._recording_of(notification))
            return True

    def _recording_of(self, notification: Notification) -> str | None:
        named = [row.recording.id for row in self._memory.rows.values() if row.recording.sid == notification.sid]
        known = self._memory.recorders.values()
        running = [each.recording_id for each in known if each.sid == notification.sid]
        whose = notification.agora_channel, notification.uid, None
        unnamed = [each for each in known if (each.agora_channel, each.uid, each.sid) == whose]
        newest = sorted(unnamed, key=lambda each: each.created_at, reverse=True)
        return next(iter([*named, *running, *(each.recording_id for each in newest)]), None)

    def _to_heed(self) -> list[tuple[str, datetime]]:
        found = []
        with self._memory.lock:
            for kept in self._memory.notifications.values():
                row = self._memory.rows.get(kept.recording_id or "")
                if row is not None and kept.heeded_at is None and not self._past(row.recording):
                    found.append((row.recording.id, kept.notification.received_at))
        return sorted(found, key=lambda one: (one[1], one[0]))

    def _past(self, recording: Recording) -> bool:
        lately = recording.ended_at is not None and recording.ended_at > self._clock.now() - timedelta(hours=1)
        return recording.is_complete and not lately

    def waiting(self, most: int) -> Sequence[tuple[str, datetime]]:
        oldest: dict[str, datetime] = {}
        for recording_id, received_at in self._to_heed():
            oldest.setdefault(recording_id, received_at)
        return list(oldest.items())[:most]

    def depth(self) -> tuple[int, datetime | None]:
        found = self._to_heed()
        return len(found), next((at for _, at in found), None)

    def of(self, recording_id: str) -> Sequence[Notification]:
        with self._memory.lock:
            kept = [each for each in self._memory.notifications.values() if each.recording_id == recording_id]
        return sorted(
            (each.notification for each in kept if each.heeded_at is None), key=lambda notification: notification.order
        )

    def seen(self, recording_id: str) -> int:
        with self._memory.lock:
            return sum(kept.recording_id == recording_id for kept in self._memory.notifications.values())

    def forget(self, now: datetime) -> None:
        with self._memory.lock:
            known = self._memory.notifications.items()
            young = {key: kept for key, kept in known if kept.notification.received_at >= now - timedelta(days=30)}
            self._memory.notifications = young


class MemoryAuditLog:
    """`AuditLog`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(self, audit_event: AuditEvent) -> None:
        with self._memory.lock:
            self._memory.audit_events.append(audit_event)

    def all(self) -> list[AuditEvent]:
        return list(self._memory.audit_events)

    def between(self, since: datetime, until: datetime | None = None) -> list[tuple[AuditEvent, str]]:
        found = [
            audit_event
            for audit_event in self._memory.audit_events
            if audit_event.at >= since and (until is None or audit_event.at < until)
        ]
        named = [
            (audit_event, self._memory.rows.get(audit_event.recording_id))
            for audit_event in sorted(found, key=lambda audit_event: audit_event.at)
        ]
        return [(audit_event, "" if row is None else row.recording.agora_channel) for audit_event, row in named]


class MemoryIncidents:
    """`Troubles`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def open(self) -> Sequence[tuple[Incident, Recording]]:
        with self._memory.lock:
            return [
                (incident, self._memory.rows[incident.recording_id].recording)
                for incident in self._memory.incidents.values()
                if incident.closed_at is None
            ]

    def save(self, review: Review, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            for incident in review.incidents:
                self._memory.incidents[incident.id] = incident
            for alert in review.alerts:
                self._memory.add_alert(alert)

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

    def waiting(self) -> Sequence[TimelineJob]:
        with self._memory.lock:
            alerted = {e.alert.recording.slack_channel for e in self._memory.outbox if e.done_at is None}
            first: dict[str, TimelineJob] = {}
            for told in self._memory.entries:
                channel = told.job.entry.slack_channel
                if told.done_at is None and channel not in alerted:
                    first.setdefault(channel, self._with_card(told.job))
            return sorted(first.values(), key=lambda job: job.due_at)

    def _with_card(self, job: TimelineJob) -> TimelineJob:
        return replace(job, card_ts=self._memory.rows[job.entry.recording_id].recording.card_ts)

    def get(self, entry_id: int) -> TimelineJob | None:
        return next((job for job in self.waiting() if job.id == entry_id), None)

    def mark_delivered(self, entry_id: int, now: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            self._one(entry_id).done_at = now

    def deferred(self, entry_id: int, until: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            one = self._one(entry_id)
            one.job = replace(one.job, due_at=until, tries=one.job.tries + 1)

    def _one(self, entry_id: int) -> StoredEntry:
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
