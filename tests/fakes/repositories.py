"""The storage in memory. It passes the same contract tests as the one on SQL (tests/contract)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from recordings.errors import LeaseLost
from recordings.lifecycle.actions import Change
from recordings.lifecycle.intents import IntentChange, apply_intent
from recordings.model.alerts import Acknowledgement, Alert, Incident
from recordings.model.audit import AuditEvent
from recordings.model.listing import Cursor
from recordings.model.notifications import Notification
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from recordings.model.timeline import TimelineEntry, entries_between
from recordings.repositories import CardJob, Job, Queue, Reply, TimelineJob


@dataclass
class Row:
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
    def undrawn(self) -> bool:
        posted = self.recording.card_ts is not None or self.recording.state is State.ENDED
        return self.version > self.card_version and posted

    @property
    def unanswered(self) -> bool:
        undeliverable = self.recording.state is State.FAILED and self.recording.reason is Reason.UNDELIVERABLE
        return self.response_url is not None and undeliverable


@dataclass
class Entry:
    """An alert in the outbox."""

    id: int
    alert: Alert
    due_at: datetime
    tries: int = 0
    direct: bool = False
    error: str | None = None
    ts: str | None = None
    done_at: datetime | None = None
    acknowledgement: Acknowledgement | None = None


@dataclass
class Kept:
    """A notice."""

    notification: Notification
    recording_id: str | None
    heeded_at: datetime | None = None


@dataclass
class StoredEntry:
    """Something that happened."""

    job: TimelineJob
    done_at: datetime | None = None


class Memory:
    """What a database holds. One lock stands for its transactions."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.rows: dict[str, Row] = {}
        self.requests: dict[str, tuple[str, datetime]] = {}
        self.recorders: dict[str, Recorder] = {}
        self.outbox: list[Entry] = []
        self.incidents: dict[str, Incident] = {}
        self.audit_events: list[AuditEvent] = []
        self.entries: list[StoredEntry] = []
        self.notifications: dict[str, Kept] = {}
        self.holder = ""
        self.epoch = 0
        self.renewed_at: datetime | None = None
        self.expires_at: datetime | None = None

    def fence(self, epoch: int) -> None:
        if epoch != self.epoch:
            raise LeaseLost(f"epoch {epoch} is over")

    def add_entries(self, entries: Iterable[TimelineEntry], at: datetime) -> None:
        for entry in entries:
            self.entries.append(StoredEntry(TimelineJob(len(self.entries) + 1, entry, None, at, 0)))

    def add_alert(self, alert: Alert) -> None:
        known = {(e.alert.recording.id, e.alert.kind, e.alert.cause) for e in self.outbox}
        if (alert.recording.id, alert.kind, alert.cause) not in known:
            self.outbox.append(Entry(len(self.outbox) + 1, alert, alert.raised_at))


class MemoryRecordings:
    """`RecordingRepository`, `RecordingRepository` and `RecordingRepository`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    # wishes

    def add_recording(
        self,
        recording: Recording,
        response_url: str | None,
        request: str | None = None,
        audit_event: AuditEvent | None = None,
    ) -> Recording | None:
        with self._memory.lock:
            for row in self._memory.rows.values():
                holder = row.recording
                if holder.agora_channel == recording.agora_channel and holder.state in HOLDS_CHANNEL:
                    return holder
            before = self.recording_of_request(request)
            if before is None:
                self._memory.rows[recording.id] = Row(recording, response_url)
                self._note(request, recording.id, recording.requested_at)
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
            self._note(request, recording_id, at)
            self._memory.audit_events += [audit_event] if audit_event else []
            self._memory.add_entries(applied.entries, at)
            return before, row.recording

    def _note(self, request: str | None, recording_id: str, at: datetime) -> None:
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
        self, slack_channel: str, *, agora_channel: str | None = None, before: Cursor | None = None, most: int
    ) -> Sequence[Recording]:
        here = self._where(lambda r: r.slack_channel == slack_channel and agora_channel in (None, r.agora_channel))
        if before is not None:
            here = [r for r in here if (r.requested_at, r.id) < (before.requested_at, before.id)]
        return list(reversed(here))[:most]

    def active_in(self, slack_channel: str) -> Sequence[Recording]:
        return self._where(lambda r: not r.is_over and r.slack_channel == slack_channel)

    def active(self) -> Sequence[Recording]:
        return self._where(lambda r: not r.is_over)

    def _where(self, fits: Callable[[Recording], bool]) -> list[Recording]:
        with self._memory.lock:
            found = [row.recording for row in self._memory.rows.values() if fits(row.recording)]
        return sorted(found, key=lambda r: (r.requested_at, r.id))

    # steps

    def due(self, most: int, queue: Queue | None = None) -> Sequence[tuple[str, datetime]]:
        fitting = [r for r in self._where(lambda r: not r.is_complete) if queue in (None, _share(r))]
        found = sorted(((r.id, r.next_step_at) for r in fitting), key=lambda due: due[1])
        return found[:most]

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
            self._heed(before, change, now)

    def _heed(self, before: Recording, change: Change, now: datetime) -> None:
        sid = change.recording.sid
        for kept in self._memory.notifications.values():
            if sid != before.sid and kept.notification.sid == sid and kept.recording_id is None:
                kept.recording_id = change.recording.id
            if kept.notification.id in change.processed:
                kept.heeded_at = now

    def _write(self, row: Row, before: Recording, after: Recording, now: datetime) -> None:
        is_now = row.recording
        row.recording = replace(
            after,
            intent=is_now.intent,
            next_step_at=after.next_step_at if is_now.intent.revision == before.intent.revision else now,
            unwatched_from=is_now.unwatched_from,
            unwatched_to=is_now.unwatched_to,
            card_ts=after.card_ts if after.card_ts != before.card_ts else is_now.card_ts,
        )
        if before.card_content != after.card_content:
            row.version += 1
            held = row.card_due_at is not None and row.card_due_at > now and not after.is_over
            row.card_due_at = row.card_due_at if held else now
        if before.card_ts is None and after.card_ts is not None:
            row.response_url, row.card_version = None, 1

    def by_state(self) -> dict[str, int]:
        return dict(Counter(str(recording.state) for recording in self.active()))

    def any_unanswered(self, since: datetime) -> bool:
        return any(r.probe.unanswered_since is not None and r.probe.unanswered_since <= since for r in self.active())

    # cards

    def undrawn(self, most: int) -> Sequence[tuple[str, datetime]]:
        with self._memory.lock:
            rows = [row for row in self._memory.rows.values() if row.undrawn]
        found = [(row.recording.id, row.card_due_at or row.recording.requested_at) for row in rows]
        return sorted(found, key=lambda due: due[1])[:most]

    def card(self, recording_id: str) -> CardJob | None:
        with self._memory.lock:
            row = self._memory.rows.get(recording_id)
            if row is None or not row.undrawn:
                return None
            return CardJob(row.recording, row.version, row.card_tries)

    def card_drawn(self, recording_id: str, version: int, ts: str | None, next_at: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            row = self._memory.rows[recording_id]
            row.card_version, row.card_due_at, row.card_tries = version, next_at, 0
            row.recording = replace(row.recording, card_ts=ts)

    def card_deferred(self, recording_id: str, until: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            row = self._memory.rows[recording_id]
            row.card_due_at, row.card_tries = until, row.card_tries + 1

    # replies

    def unanswered(self, most: int) -> Sequence[tuple[str, datetime]]:
        with self._memory.lock:
            rows = [row for row in self._memory.rows.values() if row.unanswered]
        return sorted(((row.recording.id, row.reply_due_at) for row in rows), key=lambda due: due[1])[:most]

    def reply(self, recording_id: str) -> Reply | None:
        with self._memory.lock:
            row = self._memory.rows.get(recording_id)
            if row is None or not row.unanswered:
                return None
            return Reply(row.recording, row.response_url or "")

    def replied(self, recording_id: str, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            self._memory.rows[recording_id].response_url = None

    def reply_deferred(self, recording_id: str, until: datetime, epoch: int) -> None:
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
    """`Recorders`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def due(self, most: int) -> Sequence[tuple[str, datetime]]:
        with self._memory.lock:
            unwanted = [r for r in self._memory.recorders.values() if r.gone_at is None and not r.wanted]
        return sorted(((r.id, r.next_step_at) for r in unwanted), key=lambda due: due[1])[:most]

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
            found = [each for each in self._memory.recorders.values() if each.recording_id == recording_id]
        return sorted(found, key=lambda each: (each.created_at, each.id))

    def not_gone(self) -> int:
        with self._memory.lock:
            return sum(recorder.gone_at is None for recorder in self._memory.recorders.values())

    def _started(self, since: datetime) -> list[Recorder]:
        with self._memory.lock:
            known = list(self._memory.recorders.values())
        return [r for r in known if r.start_sent_at is not None and r.start_sent_at >= since]


class MemoryLease:
    """`LeaseRepository`."""

    def __init__(self, memory: Memory, holder: str) -> None:
        self._memory = memory
        self._holder = holder

    def hold(self, now: datetime, seconds: float) -> int | None:
        memory = self._memory
        with memory.lock:
            taken = memory.expires_at is not None and memory.expires_at > now
            if memory.holder != self._holder:
                if taken:
                    return None
                memory.holder, memory.epoch = self._holder, memory.epoch + 1
            memory.renewed_at, memory.expires_at = now, now + timedelta(seconds=seconds)
            return memory.epoch

    def renewed_at(self) -> datetime | None:
        return self._memory.renewed_at

    def release(self, now: datetime) -> None:
        with self._memory.lock:
            if self._memory.holder == self._holder:
                self._memory.expires_at = now


def _share(recording: Recording) -> Queue:
    if recording.files_awaited:
        return Queue.DELIVERY
    recorded_on = recording.state is State.INTERRUPTED and recording.sid is None
    if recording.state in (State.STARTING, State.STOPPING) or recorded_on:
        return Queue.INTERACTIVE
    wished = recording.intent.stop_at is not None and recording.state is not State.UPLOADING
    return Queue.INTERACTIVE if wished else Queue.POLL
