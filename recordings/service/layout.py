"""Change the layout of a running recording."""

from __future__ import annotations

from dataclasses import dataclass

from recordings.lifecycle.end_times import is_ongoing
from recordings.lifecycle.intents import set_layout
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.options import Layout
from recordings.model.recording import Recording
from recordings.model.requester import Requester
from recordings.ports import Clock, Wake
from recordings.repositories import RecordingRepository
from recordings.service.lookup import in_channel
from recordings.service.outcomes import AlreadyOver, StopRequested, too_late


@dataclass(frozen=True, slots=True)
class LayoutRequested:
    """The layout is saved; `redelivered`: an earlier delivery of the same request saved it."""

    recording: Recording
    redelivered: bool = False


@dataclass(frozen=True, slots=True)
class LayoutUnchanged:
    """The recording has this layout, or somebody requested it before."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class NoPicture:
    """The recording has sound only, so it has no layout."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class LayoutService:
    """Saves which layout somebody wants; the engine asks Agora for it."""

    recordings: RecordingRepository
    clock: Clock
    wake: Wake

    def change_layout(
        self, recording_id: str, layout: Layout, requester: Requester, delivery_key: str | None = None
    ) -> LayoutRequested | LayoutUnchanged | NoPicture | StopRequested | AlreadyOver:
        """Raises `NothingHere`, `StorageUnavailable`. A second delivery of a request changes nothing."""
        recording = in_channel(self.recordings, recording_id, requester.slack_channel)
        now = self.clock.now()
        audit_event = AuditEvent.of(
            recording, AuditAction.CHANGED_LAYOUT, Source.BUTTON, now, who=requester.id, detail=layout
        )
        intent = set_layout(layout, requester.id, now)
        before, after = self.recordings.change_intent(recording_id, intent, now, delivery_key, audit_event)
        if before != after:
            self.wake()
            return LayoutRequested(after)
        if self.recordings.recording_of_request(delivery_key) is not None:
            return LayoutRequested(after, redelivered=True)
        if is_ongoing(after):
            return LayoutUnchanged(after) if after.options.has_picture else NoPicture(after)
        return too_late(after)
