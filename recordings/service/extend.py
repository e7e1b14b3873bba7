"""Move the end of a running recording to a later time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recordings.lifecycle.end_times import end_after_extension, end_of, is_ongoing, last_end_of
from recordings.lifecycle.intents import set_end
from recordings.lifecycle.policy import Policy
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.recording import Recording
from recordings.model.requester import Requester
from recordings.ports import Clock, Wake
from recordings.repositories import RecordingRepository
from recordings.service.lookup import in_channel
from recordings.service.outcomes import AlreadyOver, StopRequested, too_late


@dataclass(frozen=True, slots=True)
class Extended:
    """The later end is saved; `redelivered`: an earlier delivery of the same request saved it."""

    recording: Recording
    until: datetime
    redelivered: bool = False
    cut: bool = False
    """The latest possible end came sooner than one whole extension."""


@dataclass(frozen=True, slots=True)
class AtLatestEnd:
    """The recording already ends at the latest possible time."""

    recording: Recording
    until: datetime


@dataclass(frozen=True, slots=True)
class ExtendService:
    """Adds the policy's extension to an end, up to the policy's latest end."""

    recordings: RecordingRepository
    policy: Policy
    clock: Clock
    wake: Wake

    def extend(
        self, recording_id: str, requester: Requester, delivery_key: str | None = None
    ) -> Extended | AtLatestEnd | StopRequested | AlreadyOver:
        """Raises `NothingHere`, `StorageUnavailable`. A second delivery of a request changes nothing."""
        recording = in_channel(self.recordings, recording_id, requester.slack_channel)
        now = self.clock.now()
        audit_event = AuditEvent.of(recording, AuditAction.EXTENDED, Source.BUTTON, now, who=requester.id)
        intent = set_end(self._later_end, requester.id)
        before, after = self.recordings.change_intent(recording_id, intent, now, delivery_key, audit_event)
        until = end_of(after, self.policy.max_duration)
        if before != after:
            self.wake()
            whole_extension = end_of(before, self.policy.max_duration) + timedelta(seconds=self.policy.extension)
            return Extended(after, until, cut=until < whole_extension)
        if self.recordings.recording_of_request(delivery_key) is not None:
            return Extended(after, until, redelivered=True)
        if is_ongoing(after):
            return AtLatestEnd(after, last_end_of(after, self.policy.max_duration))
        return too_late(after)

    def _later_end(self, recording: Recording) -> datetime | None:
        return end_after_extension(recording, self.policy.max_duration, self.policy.extension)
