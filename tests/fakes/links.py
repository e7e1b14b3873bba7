"""A `LinkService` on repositories in memory."""

from __future__ import annotations

from recordings.model.recording import Recording
from recordings.service.links import LinkService
from tests.fakes.bucket import FakeBucket
from tests.fakes.outboxes import MemoryAuditLog
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import FakeClock


class LinkStack:
    """The service, a bucket, and the members of each Slack channel at this moment."""

    def __init__(self, *recordings: Recording) -> None:
        self.memory = Memory()
        self.audit_events = MemoryAuditLog(self.memory)
        self.bucket = FakeBucket()
        self.clock = FakeClock()
        self.members: dict[str, set[str]] = {"C1": {"U1", "U2"}}
        self.slack_error: Exception | None = None
        self.asked: list[tuple[str, str]] = []
        rows = MemoryRecordings(self.memory)
        self.service = LinkService(rows, self.audit_events, self.is_member, self.bucket, self.clock, 600)
        for recording in recordings:
            assert rows.add_recording(recording, None) is None

    def is_member(self, channel: str, user: str, /) -> bool:
        self.asked.append((channel, user))
        if self.slack_error is not None:
            raise self.slack_error
        return user in self.members[channel]
