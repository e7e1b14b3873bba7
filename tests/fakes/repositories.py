"""The repositories in memory: recordings, recorders and the lease. They pass the same contract tests as those on SQL
(tests/contract). The other repositories are in `tests.fakes.outboxes`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.lifecycle.intents import IntentChange, apply_intent
from recordings.model.alerts import OF_INCIDENTS, Acknowledgement, Alert, AlertKind, Incident, resolved_reasons
from recordings.model.audit import AuditEvent
from recordings.model.listing import Cursor
from recordings.model.notifications import Notification
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from recordings.model.timeline import TimelineEntry, entries_between
from recordings.repositories import CardJob, Job, Queue, Reply, TimelineJob, queue_of


@dataclass
class StoredRecording:
    recording: Recording
    response_url: str | None
    version: int = 1
    card_version: int = 0
    card_due_at: datetime | None = None
    card_tries: int = 0
    reply_due_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.reply_due_at = self.recording.requested_at

    @property
    def card_due(self) -> bool:
        posted = self.recording.card_ts is not None or self.recording.state is State.ENDED
        return self.version > self.card_version and posted

    @property
    def reply_due(self) -> bool:
        undeliverable = self.recording.state is State.FAILED and self.recording.reason is Reason.UNDELIVERABLE
        return self.response_url is not None and undeliverable


@dataclass
class StoredAlert:
    id: int
    alert: Alert
    due_at: datetime
    tries: int = 0
    direct: bool = False
    error: str | None = None
    ts: str | None = None
    done_at: datetime | None = None
    acknowledgement: Acknowledgement | None = None
    resolved_at: datetime | None = None
    resolution_due_at: datetime | None = None
    resolution_tries: int = 0


@dataclass
class StoredNotification:
    notification: Notification
    recording_id: str | None
    processed_at: datetime | None = None


@dataclass
class StoredTimelineEntry:
    job: TimelineJob
    done_at: datetime | None = None


class Memory:
    """The rows of every table. One lock stands for the transactions of a database."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.rows: dict[str, StoredRecording] = {}
        self.requests: dict[str, tuple[str, datetime]] = {}
        self.recorders: dict[str, Recorder] = {}
        self.outbox: list[StoredAlert] = []
        self.incidents: dict[str, Incident] = {}
        self.audit_events: list[AuditEvent] = []
        self.entries: list[StoredTimelineEntry] = []
        self.notifications: dict[str, StoredNotification] = {}
        self.leader = ""
        self.epoch = 0
        self.renewed_at: datetime | None = None
        self.expires_at: datetime | None = None

    def fence(self, epoch: int) -> None:
        if epoch != self.epoch:
            raise LeaseLost(f"epoch {epoch} is over")

    def add_entries(self, entries: Iterable[TimelineEntry], at: datetime) -> None:
        for entry in entries:
            self.entries.append(StoredTimelineEntry(TimelineJob(len(self.entries) + 1, entry, None, at, 0)))

    def add_alert(self, alert: Alert) -> None:
        self._resolve_warnings(alert)
        known = {(e.alert.recording.id, e.alert.kind, e.alert.cause) for e in self.outbox}
        if (alert.recording.id, alert.kind, alert.cause) not in known:
            self.outbox.append(StoredAlert(len(self.outbox) + 1, alert, alert.raised_at))

    def _resolve_warnings(self, alert: Alert) -> None:
        reasons = resolved_reasons(alert)

        def concerns(other: Alert) -> bool:
            same = other.recording.id == alert.recording.id
            if reasons & OF_INCIDENTS:
                same = other.recording.slack_channel == alert.recording.slack_channel
            return same and other.reason in reasons

        matter = [stored for stored in self.outbox if concerns(stored.alert)]
        recoveries = [stored.id for stored in matter if stored.alert.kind is AlertKind.RECOVERED]
        for stored in matter:
            is_open = stored.alert.kind is AlertKind.WARNING and stored.resolved_at is None
            if is_open and stored.id > max(recoveries, default=0):
                stored.resolved_at = stored.resolution_due_at = alert.raised_at


class MemoryRecordings:
    """`RecordingRepository`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    # intents

    def add_recording(
        self,
        recording: Recording,
        response_url: str | None,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> Recording | None:
        with self._memory.lock:
            for row in self._memory.rows.values():
                other = row.recording
                if other.agora_channel == recording.agora_channel and other.state in HOLDS_CHANNEL:
                    return other
            before = self.recording_of_request(request)
            if before is None:
                self._memory.rows[recording.id] = StoredRecording(recording, response_url)
                self._add_request(request, recording.id, recording.requested_at)
                self._memory.audit_events += [audit_event] if audit_event else []
            return before

    def change_intent(
        self,
        recording_id: str,
        change: IntentChange,
        at: datetime,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> tuple[Recording, Recording]:
        with self._memory.lock:
            row = self._memory.rows[recording_id]
            before = row.recording
            applied = None if self.recording_of_request(request) is not None else apply_intent(before, change, at)
            if applied is None:
                return before, before
            row.recording = applied.recording
            row.version += 1
            self._add_request(request, recording_id, at)
            self._memory.audit_events += [audit_event] if audit_event else []
            self._memory.add_entries(applied.entries, at)
            return before, row.recording

    def _add_request(self, request: str | None, recording_id: str, at: datetime) -> None:
        if request is not None:
            self._memory.requests[request] = recording_id, at

    def recording_of_request(self, request: str | None) -> Recording | None:
        with self._memory.lock:
            recording_id, _ = self._memory.requests.get(request or "", ("", None))
            return self.recording(recording_id)

    def forget_requests(self, now: datetime) -> None:
        with self._memory.lock:
            known = self._memory.requests.items()
            self._memory.requests = {key: (row, at) for key, (row, at) in known if at >= now - timedelta(days=1)}

    def recording(self, recording_id: str) -> Recording | None:
        row = self._memory.rows.get(recording_id)
        return None if row is None else row.recording

    def of_channel(
        self, slack_channel: str, *, agora_channel: str | None = None, before: Cursor | None = None, limit: int
    ) -> Sequence[Recording]:
        here = self._select(lambda r: r.slack_channel == slack_channel and agora_channel in (None, r.agora_channel))
        if before is not None:
            here = [r for r in here if (r.requested_at, r.id) < (before.requested_at, before.id)]
        return list(reversed(here))[:limit]

    def active_in(self, slack_channel: str) -> Sequence[Recording]:
        return self._select(lambda r: not r.is_over and r.slack_channel == slack_channel)

    def active(self) -> Sequence[Recording]:
        return self._select(lambda r: not r.is_over)

    def _select(self, condition: Callable[[Recording], bool]) -> list[Recording]:
        with self._memory.lock:
            selected = [row.recording for row in self._memory.rows.values() if condition(row.recording)]
        return sorted(selected, key=lambda r: (r.requested_at, r.id))

    # steps

    def due(self, limit: int, queue: Queue | None = None) -> Sequence[tuple[str, datetime]]:
        with self._memory.lock:
            waiting = [(row.recording, queue_of(row.recording)) for row in self._memory.rows.values()]
        due = [
            (r.id, r.next_step_at) for r, its_queue in waiting if its_queue is not None and queue in (None, its_queue)
        ]
        return sorted(due, key=_by_time)[:limit]

    def job(self, recording_id: str) -> Job | None:
        with self._memory.lock:
            row = self._memory.rows.get(recording_id)
            if row is None:
                return None
            return Job(row.recording, self._memory.recorders.get(row.recording.recorder_id or ""))

    def save(self, before: Recording, change: Change, epoch: int, now: datetime) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            row = self._memory.rows[change.recording.id]
            if change.only_if_unchanged and row.recording.intent.revision != before.intent.revision:
                return
            self._write(row, before, change.recording, now)
            for recorder in change.recorders:
                self._memory.recorders[recorder.id] = recorder
            for alert in change.alerts:
                self._memory.add_alert(alert)
            self._memory.audit_events += change.audit_events
            self._memory.add_entries(entries_between(before, change.recording, now), now)
            self._process(before, change, now)

    def _process(self, before: Recording, change: Change, now: datetime) -> None:
        sid = change.recording.sid
        for stored in self._memory.notifications.values():
            if sid != before.sid and stored.notification.sid == sid and stored.recording_id is None:
                stored.recording_id = change.recording.id
            if stored.notification.id in change.processed:
                stored.processed_at = now

    def _write(self, row: StoredRecording, before: Recording, after: Recording, now: datetime) -> None:
        current = row.recording
        row.recording = replace(
            after,
            intent=current.intent,
            next_step_at=after.next_step_at if current.intent.revision == before.intent.revision else now,
            unwatched_from=current.unwatched_from,
            unwatched_to=current.unwatched_to,
            card_ts=after.card_ts if after.card_ts != before.card_ts else current.card_ts,
        )
        if before.card_content != after.card_content:
            row.version += 1
            held = row.card_due_at is not None and row.card_due_at > now and not after.is_over
            row.card_due_at = row.card_due_at if held else now
        if before.card_ts is None and after.card_ts is not None:
            row.response_url, row.card_version = None, 1

    def count_by_state(self) -> dict[str, int]:
        return dict(Counter(str(recording.state) for recording in self.active()))

    def any_without_answer(self, since: datetime) -> bool:
        return any(r.probe.unanswered_since is not None and r.probe.unanswered_since <= since for r in self.active())

    # cards

    def due_cards(self, limit: int) -> Sequence[tuple[str, datetime]]:
        with self._memory.lock:
            rows = [row for row in self._memory.rows.values() if row.card_due]
        due = [(row.recording.id, row.card_due_at or row.recording.requested_at) for row in rows]
        return sorted(due, key=_by_time)[:limit]

    def card(self, recording_id: str) -> CardJob | None:
        with self._memory.lock:
            row = self._memory.rows.get(recording_id)
            if row is None or not row.card_due:
                return None
            return CardJob(row.recording, row.version, row.card_tries)

    def mark_card_drawn(self, recording_id: str, version: int, ts: str | None, next_at: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            row = self._memory.rows[recording_id]
            row.card_version, row.card_due_at, row.card_tries = version, next_at, 0
            row.recording = replace(row.recording, card_ts=ts)

    def defer_card(self, recording_id: str, until: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            row = self._memory.rows[recording_id]
            row.card_due_at, row.card_tries = until, row.card_tries + 1

    # replies

    def due_replies(self, limit: int) -> Sequence[tuple[str, datetime]]:
        with self._memory.lock:
            rows = [row for row in self._memory.rows.values() if row.reply_due]
        return sorted(((row.recording.id, row.reply_due_at) for row in rows), key=_by_time)[:limit]

    def reply(self, recording_id: str) -> Reply | None:
        with self._memory.lock:
            row = self._memory.rows.get(recording_id)
            if row is None or not row.reply_due:
                return None
            return Reply(row.recording, row.response_url or "")

    def mark_replied(self, recording_id: str, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            self._memory.rows[recording_id].response_url = None

    def defer_reply(self, recording_id: str, until: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            self._memory.rows[recording_id].reply_due_at = until

    def forget_response_urls(self, now: datetime) -> None:
        with self._memory.lock:
            for row in self._memory.rows.values():
                old = row.recording.requested_at < now - timedelta(minutes=30)
                if old or row.recording.state is State.ENDED:
                    row.response_url = None


class MemoryRecorders:
    """`RecorderRepository`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def due(self, limit: int) -> Sequence[tuple[str, datetime]]:
        with self._memory.lock:
            unwanted = [r for r in self._memory.recorders.values() if r.gone_at is None and not r.wanted]
        return sorted(((r.id, r.next_step_at) for r in unwanted), key=_by_time)[:limit]

    def get(self, recorder_id: str) -> Recorder | None:
        return self._memory.recorders.get(recorder_id)

    def save(self, recorder: Recorder, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            self._memory.recorders[recorder.id] = recorder
            row = self._memory.rows.get(recorder.recording_id)
            gone = recorder.gone_at is not None or recorder.absent
            if gone and row is not None and row.recording.state is State.STOPPING:
                row.recording = replace(row.recording, next_step_at=recorder.created_at)

    def keep_late(self, recorder: Recorder) -> None:
        with self._memory.lock:
            known = self._memory.recorders.get(recorder.id)
            if known is not None and known.sid is None:
                self._memory.recorders[recorder.id] = replace(
                    known,
                    resource_id=recorder.resource_id,
                    sid=recorder.sid,
                    sid_at=recorder.sid_at,
                    wanted=False,
                    gone_at=None,
                )

    def uids_in(self, agora_channel: str, now: datetime) -> frozenset[int]:
        with self._memory.lock:
            return frozenset(
                uid
                for r in self._memory.recorders.values()
                if r.agora_channel == agora_channel and r.created_at > now - timedelta(days=3)
                for uid in (r.uid, r.moved_uid)
                if uid is not None
            )

    def channels(self, since: datetime) -> Sequence[str]:
        return sorted({recorder.agora_channel for recorder in self._started(since)})

    def of_channel(self, agora_channel: str, since: datetime) -> Sequence[Recorder]:
        return [recorder for recorder in self._started(since) if recorder.agora_channel == agora_channel]

    def of_recording(self, recording_id: str) -> Sequence[Recorder]:
        with self._memory.lock:
            recorders = [r for r in self._memory.recorders.values() if r.recording_id == recording_id]
        return sorted(recorders, key=lambda r: (r.created_at, r.id))

    def count_not_gone(self) -> int:
        with self._memory.lock:
            return sum(recorder.gone_at is None for recorder in self._memory.recorders.values())

    def _started(self, since: datetime) -> list[Recorder]:
        with self._memory.lock:
            known = list(self._memory.recorders.values())
        return [r for r in known if r.start_sent_at is not None and r.start_sent_at >= since]


class MemoryLease:
    """`LeaseRepository`."""

    def __init__(self, memory: Memory, replica: str) -> None:
        self._memory = memory
        self._replica = replica

    def hold(self, now: datetime, seconds: float) -> int | None:
        memory = self._memory
        with memory.lock:
            taken = memory.expires_at is not None and memory.expires_at > now
            if memory.leader != self._replica:
                if taken:
                    return None
                memory.leader, memory.epoch = self._replica, memory.epoch + 1
            memory.renewed_at, memory.expires_at = now, now + timedelta(seconds=seconds)
            return memory.epoch

    def renewed_at(self) -> datetime | None:
        return self._memory.renewed_at

    def release(self, now: datetime) -> None:
        with self._memory.lock:
            if self._memory.leader == self._replica:
                self._memory.expires_at = now


def _by_time(due: tuple[str, datetime]) -> datetime:
    return due[1]
