"""Choosing another layout for a recording that goes on."""

from __future__ import annotations

from dataclasses import dataclass

from recordings.lifecycle.end_times import is_ongoing
from recordings.lifecycle.intents import set_layout
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.options import Layout
from recordings.model.recording import Recording, State
from recordings.ports import Clock, Wake
from recordings.repositories import RecordingRepository
from recordings.service.start_stop import AlreadyOver, NothingHere, SlackChannelRef, StopRequested


@dataclass(frozen=True, slots=True)
class LayoutRequested:
    """The wish was written down; `again`: it had been, for the same request."""

    recording: Recording
    again: bool = False


@dataclass(frozen=True, slots=True)
class LayoutUnchanged:
    """Nothing has to change: it has that layout, or somebody asked for it before."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class NoPicture:
    """Only its sound is recorded."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class LayoutService:
    """Writes down which layout somebody wants."""

    store: RecordingRepository
    clock: Clock
    wake: Wake

    def choose(
        self, recording_id: str, layout: Layout, place: SlackChannelRef, by: str, request: str | None = None
    ) -> LayoutRequested | LayoutUnchanged | NoPicture | StopRequested | AlreadyOver:
        """Raises `NothingHere`, `StorageUnavailable`. What Slack delivers again changes nothing."""
        known = self.store.recording(recording_id)
        if known is None or known.slack_channel != place.channel:
            raise NothingHere(recording_id)
        now = self.clock.now()
        audit_event = AuditEvent(
            at=now,
            who=by,
            what=AuditAction.CHANGED_LAYOUT,
            source=Source.BUTTON,
            recording_id=known.id,
            slack_channel=known.slack_channel,
            detail=layout,
        )
        before, after = self.store.change_intent(recording_id, set_layout(layout, by, now), now, request, audit_event)
        if before != after:
            self.wake()
            return LayoutRequested(after)
        if self.store.recording_of_request(request) is not None:
            return LayoutRequested(after, again=True)
        if is_ongoing(after):
            return LayoutUnchanged(after) if after.options.has_picture else NoPicture(after)
        over = after.is_over or after.state is State.UPLOADING
        return AlreadyOver(after) if over else StopRequested(after, again=True)
