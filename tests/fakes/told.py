"""What is told and what was done, in memory: alerts, lines, notices, acts and troubles; beside `tests.fakes.store`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from recordings.lifecycle.incidents import Pause, Review
from recordings.model.alerts import Alert, AlertName, Taken, TakenAlert
from recordings.model.audit import Act
from recordings.model.incidents import Trouble
from recordings.model.notifications import Notice
from recordings.model.recording import Recording
from recordings.ports import Clock
from recordings.repositories import AlertJob, LineJob
from tests.fakes.store import Entry, Kept, Memory, Told


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

    def take(self, name: AlertName, slack_channel: str, taken: Taken, act: Act | None = None) -> TakenAlert | None:
        with self._memory.lock:
            for entry in self._memory.outbox:
                if AlertName.of(entry.alert) == name and entry.alert.recording.slack_channel == slack_channel:
                    self._memory.acts += [act] if act and entry.taken is None else []
                    entry.taken = entry.taken or taken
                    return TakenAlert(entry.alert, entry.taken)
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


class MemoryNotices:
    """`Notices`."""

    def __init__(self, memory: Memory, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock

    def keep(self, notice: Notice) -> bool:
        with self._memory.lock:
            if notice.id in self._memory.notices:
                return False
            self._memory.notices[notice.id] = Kept(notice, self._recording_of(notice))
            return True

    def _recording_of(self, notice: Notice) -> str | None:
        named = [row.recording.id for row in self._memory.rows.values() if row.recording.sid == notice.sid]
        known = self._memory.recorders.values()
        running = [each.recording_id for each in known if each.sid == notice.sid]
        whose = notice.agora_channel, notice.uid, None
        unnamed = [each for each in known if (each.agora_channel, each.uid, each.sid) == whose]
        newest = sorted(unnamed, key=lambda each: each.created_at, reverse=True)
        return next(iter([*named, *running, *(each.recording_id for each in newest)]), None)

    def _to_heed(self) -> list[tuple[str, datetime]]:
        found = []
        with self._memory.lock:
            for kept in self._memory.notices.values():
                row = self._memory.rows.get(kept.recording_id or "")
                if row is not None and kept.heeded_at is None and not self._past(row.recording):
                    found.append((row.recording.id, kept.notice.received_at))
        return sorted(found, key=lambda one: (one[1], one[0]))

    def _past(self, recording: Recording) -> bool:
        lately = recording.ended_at is not None and recording.ended_at > self._clock() - timedelta(hours=1)
        return recording.settled and not lately

    def waiting(self, most: int) -> Sequence[tuple[str, datetime]]:
        oldest: dict[str, datetime] = {}
        for recording_id, received_at in self._to_heed():
            oldest.setdefault(recording_id, received_at)
        return list(oldest.items())[:most]

    def depth(self) -> tuple[int, datetime | None]:
        found = self._to_heed()
        return len(found), next((at for _, at in found), None)

    def of(self, recording_id: str) -> Sequence[Notice]:
        with self._memory.lock:
            kept = [each for each in self._memory.notices.values() if each.recording_id == recording_id]
        return sorted((each.notice for each in kept if each.heeded_at is None), key=lambda notice: notice.order)

    def seen(self, recording_id: str) -> int:
        with self._memory.lock:
            return sum(kept.recording_id == recording_id for kept in self._memory.notices.values())

    def forget(self, now: datetime) -> None:
        with self._memory.lock:
            known = self._memory.notices.items()
            young = {key: kept for key, kept in known if kept.notice.received_at >= now - timedelta(days=30)}
            self._memory.notices = young


class MemoryActs:
    """`Acts`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def recording(self, recording_id: str) -> Recording | None:
        row = self._memory.rows.get(recording_id)
        return None if row is None else row.recording

    def note(self, act: Act) -> None:
        with self._memory.lock:
            self._memory.acts.append(act)

    def all(self) -> list[Act]:
        return list(self._memory.acts)

    def between(self, since: datetime, until: datetime | None = None) -> list[tuple[Act, str]]:
        found = [act for act in self._memory.acts if act.at >= since and (until is None or act.at < until)]
        named = [(act, self.recording(act.recording_id)) for act in sorted(found, key=lambda act: act.at)]
        return [(act, "" if recording is None else recording.agora_channel) for act, recording in named]


class MemoryTroubles:
    """`Troubles`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def open(self) -> Sequence[tuple[Trouble, Recording]]:
        with self._memory.lock:
            return [
                (trouble, self._memory.rows[trouble.recording_id].recording)
                for trouble in self._memory.troubles.values()
                if trouble.closed_at is None
            ]

    def save(self, review: Review, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            for trouble in review.troubles:
                self._memory.troubles[trouble.id] = trouble
            for alert in review.alerts:
                self._memory.add_alert(alert)

    def save_pause(self, pause: Pause, affected: Sequence[Recording], alerts: Sequence[Alert], epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            for recording in affected:
                row = self._memory.rows[recording.id]
                row.recording = replace(row.recording, unwatched_from=pause.begun_at, unwatched_to=pause.ended_at)
                row.version, row.card_due_at = row.version + 1, pause.ended_at
            for alert in alerts:
                self._memory.add_alert(alert)


class MemoryStory:
    """`Story`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def waiting(self) -> Sequence[LineJob]:
        with self._memory.lock:
            alerted = {e.alert.recording.slack_channel for e in self._memory.outbox if e.done_at is None}
            first: dict[str, LineJob] = {}
            for told in self._memory.lines:
                channel = told.job.line.slack_channel
                if told.done_at is None and channel not in alerted:
                    first.setdefault(channel, self._with_card(told.job))
            return sorted(first.values(), key=lambda job: job.due_at)

    def _with_card(self, job: LineJob) -> LineJob:
        return replace(job, card_ts=self._memory.rows[job.line.recording_id].recording.card_ts)

    def told(self, line_id: int, now: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            self._one(line_id).done_at = now

    def deferred(self, line_id: int, until: datetime, epoch: int) -> None:
        with self._memory.lock:
            self._memory.fence(epoch)
            one = self._one(line_id)
            one.job = replace(one.job, due_at=until, tries=one.job.tries + 1)

    def _one(self, line_id: int) -> Told:
        return self._memory.lines[line_id - 1]
