"""Putting off the end of a recording that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recordings.lifecycle.end_times import end_after_extension, end_of, is_ongoing, last_end_of
from recordings.lifecycle.intents import set_end
from recordings.lifecycle.policy import Policy
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.recording import Recording, State
from recordings.ports import Clock, Wake
from recordings.repositories import RecordingRepository
from recordings.service.start_stop import AlreadyOver, NothingHere, SlackChannelRef, StopRequested


@dataclass(frozen=True, slots=True)
class Extended:
    """The later end was written down; `again`: it had been, for the same request. `cut`: as late as it can be, which
    is sooner than was asked for."""

    recording: Recording
    until: datetime
    again: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class AtLatestEnd:
    """It can't end any later."""

    recording: Recording
    until: datetime


@dataclass(frozen=True, slots=True)
class ExtendService:
    """Puts ends off, by the policy's extension and as far as the policy lets it."""

    store: RecordingRepository
    policy: Policy
    clock: Clock
    wake: Wake

    def extend(
        self, recording_id: str, place: SlackChannelRef, by: str, request: str | None = None
    ) -> Extended | AtLatestEnd | StopRequested | AlreadyOver:
        """Raises `NothingHere`, `StorageUnavailable`. What Slack delivers again changes nothing."""
        known = self.store.recording(recording_id)
        if known is None or known.slack_channel != place.channel:
            raise NothingHere(recording_id)
        now = self.clock.now()
        audit_event = self._act(known, by, now)
        before, after = self.store.change_intent(recording_id, set_end(self._later, by), now, request, audit_event)
        until = end_of(after, self.policy.max_duration)
        if before != after:
            self.wake()
            whole = end_of(before, self.policy.max_duration) + timedelta(seconds=self.policy.extension)
            return Extended(after, until, cut=until < whole)
        if self.store.recording_of_request(request) is not None:
            return Extended(after, until, again=True)
        if is_ongoing(after):
            return AtLatestEnd(after, last_end_of(after, self.policy.max_duration))
        over = after.is_over or after.state is State.UPLOADING
        return AlreadyOver(after) if over else StopRequested(after, again=True)

    def _act(self, recording: Recording, by: str, at: datetime) -> AuditEvent:
        return AuditEvent(
            at=at,
            who=by,
            what=AuditAction.EXTENDED,
            source=Source.BUTTON,
            recording_id=recording.id,
            slack_channel=recording.slack_channel,
        )

    def _later(self, recording: Recording) -> datetime | None:
        return end_after_extension(recording, self.policy.max_duration, self.policy.extension)
