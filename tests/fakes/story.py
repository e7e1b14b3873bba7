"""What happened to recordings, in memory: the twin of `storage.story`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from recordings.stores import LineJob
from tests.fakes.store import Memory, Told


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
