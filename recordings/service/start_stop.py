"""What people can ask for. Each call is one short transaction; nothing here talks to Agora or Slack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recordings.errors import PersonError
from recordings.lifecycle.intents import request_stop
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.intent import Intent
from recordings.model.listing import Cursor, Page, page
from recordings.model.options import DEFAULT, Options
from recordings.model.recording import Recording, State
from recordings.ports import CheckChannelName, Clock, Wake
from recordings.repositories import RecordingRepository

_LAST = 50


@dataclass(frozen=True, slots=True)
class SlackChannelRef:
    """Where in Slack somebody asks."""

    team: str
    channel: str


@dataclass(frozen=True, slots=True)
class Started:
    """The recording was written down; the engine does the rest."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class AlreadyHere:
    """This Slack channel records it already."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The wish to stop was written down; `again`: somebody had asked before."""

    recording: Recording
    again: bool = False


@dataclass(frozen=True, slots=True)
class AlreadyOver:
    """It was over before the stop."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class Several:
    """More than one could be meant."""

    recordings: tuple[Recording, ...]


class AlreadyElsewhere(PersonError):
    """Another Slack channel records it: no more is told about it."""


class NothingHere(PersonError):
    """Nothing fits what was asked for."""


@dataclass(frozen=True, slots=True)
class RecordingService:
    """Start, status, stop."""

    store: RecordingRepository
    check_channel_name: CheckChannelName
    clock: Clock
    new_id: Callable[[], str]
    wake: Wake

    def start(
        self,
        agora_channel: str,
        place: SlackChannelRef,
        by: str,
        response_url: str | None,
        request: str | None = None,
        source: Source = Source.COMMAND,
        ends_at: datetime | None = None,
        options: Options = DEFAULT,
    ) -> Started | AlreadyHere:
        """Asks for a recording. `request` is Slack's own name of the request: what it delivers again changes nothing.
        `ends_at`: where it shall not take the usual time.

        Raises `InvalidChannelName`, `ChannelNotAllowed`, `AlreadyElsewhere`, `StorageUnavailable`.
        """
        self.check_channel_name(agora_channel)
        before = self.store.recording_of_request(request)
        if before is not None:
            return Started(before)
        now = self.clock.now()
        wished = Recording(
            id=self.new_id(),
            agora_channel=agora_channel,
            slack_team=place.team,
            slack_channel=place.channel,
            started_by=by,
            requested_at=now,
            options=options,
            intent=Intent(ends_at=ends_at),
            next_step_at=now,
        )
        audit_event = _act(wished, AuditAction.STARTED, by, now, source)
        existing = self.store.add_recording(wished, response_url, request, audit_event)
        if existing is None:
            self.wake()
            return Started(wished)
        if request is not None and self.store.recording_of_request(request) == existing:
            return Started(existing)
        if existing.slack_channel == place.channel:
            return AlreadyHere(existing)
        raise AlreadyElsewhere("already recorded from another channel")

    def history(self, place: SlackChannelRef, agora_channel: str | None = None, after: Cursor | None = None) -> Page:
        """What was asked for in this Slack channel, the newest first. Raises `StorageUnavailable`."""
        return page(self.store, place.channel, agora_channel, after)

    def last(self, place: SlackChannelRef) -> Sequence[Recording]:
        """The last recordings of this Slack channel, the newest first. Raises `StorageUnavailable`."""
        return self.store.of_channel(place.channel, limit=_LAST)

    def status(self, place: SlackChannelRef, agora_channel: str | None = None) -> Sequence[Recording]:
        """What is going on in this Slack channel, oldest first; where nothing is, the last that was."""
        active = [r for r in self.store.active_in(place.channel) if agora_channel in (None, r.agora_channel)]
        return active or self.store.of_channel(place.channel, agora_channel=agora_channel, limit=1)

    def stop(
        self, place: SlackChannelRef, by: str, agora_channel: str | None = None, request: str | None = None
    ) -> StopRequested | AlreadyOver | Several:
        """Asks for the end of what this Slack channel records. Raises `NothingHere`, `StorageUnavailable`."""
        before = self.store.recording_of_request(request)
        if before is not None:
            return StopRequested(before)
        active = [
            r
            for r in self.store.active_in(place.channel)
            if agora_channel in (None, r.agora_channel) and r.state is not State.UPLOADING
        ]
        meant = [recording for recording in active if recording.intent.stop_at is None] or active
        if len(meant) > 1:
            return Several(tuple(meant))
        if meant:
            return self._stop(meant[0], by, request, Source.COMMAND)
        last = self.store.of_channel(place.channel, agora_channel=agora_channel, limit=1)
        if not last:
            raise NothingHere(agora_channel or "")
        return AlreadyOver(last[0])

    def stop_one(
        self, recording_id: str, place: SlackChannelRef, by: str, request: str | None = None, detail: str = ""
    ) -> StopRequested | AlreadyOver:
        """Asks for the end of one recording, as a Stop button does; `detail` says which, for the log of acts."""
        return self._stop(self.of_here(recording_id, place), by, request, Source.BUTTON, detail)

    def of_here(self, recording_id: str, place: SlackChannelRef) -> Recording:
        """A recording of this Slack channel. Raises `NothingHere`, `StorageUnavailable`."""
        recording = self.store.recording(recording_id)
        if recording is None or recording.slack_channel != place.channel:
            raise NothingHere(recording_id)
        return recording

    def _stop(
        self, recording: Recording, by: str, request: str | None, source: Source, detail: str = ""
    ) -> StopRequested | AlreadyOver:
        if recording.over or recording.state is State.UPLOADING:
            return AlreadyOver(recording)
        again = recording.intent.stop_at is not None and self.store.recording_of_request(request) is None
        now = self.clock.now()
        audit_event = _act(recording, AuditAction.STOPPED, by, now, source, detail)
        _, stopped = self.store.change_intent(recording.id, request_stop(by, now), now, request, audit_event)
        self.wake()
        return AlreadyOver(stopped) if stopped.over else StopRequested(stopped, again=again)


def _act(
    recording: Recording, what: AuditAction, by: str, at: datetime, source: Source, detail: str = ""
) -> AuditEvent:
    return AuditEvent(
        at=at,
        who=by,
        what=what,
        source=source,
        recording_id=recording.id,
        slack_channel=recording.slack_channel,
        detail=detail,
    )
