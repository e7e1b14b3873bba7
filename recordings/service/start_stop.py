"""Start, stop and look at recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from recordings.errors import InvalidChannelName
from recordings.lifecycle.end_times import SHORTEST_SECONDS
from recordings.lifecycle.intents import request_stop
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.intent import Intent
from recordings.model.listing import Cursor, Page
from recordings.model.options import DEFAULT_OPTIONS, Options
from recordings.model.recording import Recording
from recordings.model.requester import Requester, SlackChannelRef
from recordings.ports import CheckChannelName, Clock, Wake
from recordings.repositories import RecordingRepository
from recordings.service.access import Access, Action
from recordings.service.lookup import NothingHere, in_channel, page
from recordings.service.outcomes import AlreadyOver, StopRequested, has_finished

_RECENT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """What somebody wants to be recorded, and how."""

    agora_channel: str
    source: Source = Source.COMMAND
    ends_at: datetime | None = None
    """When the recording ends; None: after `options.lasts`, or else after the default duration."""
    options: Options = DEFAULT_OPTIONS
    response_url: str | None = field(default=None, repr=False)
    delivery_key: str | None = None
    """Equal for two deliveries of one request by Slack: the second one changes nothing."""


@dataclass(frozen=True, slots=True)
class Started:
    """The recording is saved; the engine starts it at Agora."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class AlreadyHere:
    """This Slack channel already has a recording of the Agora channel."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class AlreadyElsewhere:
    """Another Slack channel has a recording of the Agora channel. This one learns nothing else about it."""

    agora_channel: str


@dataclass(frozen=True, slots=True)
class InvalidName:
    """No Agora channel can have this name; `problem` says why in plain words."""

    agora_channel: str
    problem: str


StartOutcome = Started | AlreadyHere | AlreadyElsewhere | InvalidName


@dataclass(frozen=True, slots=True)
class Several:
    """More than one recording is running and none was named."""

    recordings: tuple[Recording, ...]


@dataclass(frozen=True, slots=True)
class RecordingService:
    """Saves what people ask for, and shows what became of it."""

    recordings: RecordingRepository
    access: Access
    check_channel_name: CheckChannelName
    clock: Clock
    new_id: Callable[[], str]
    wake: Wake

    def start(self, requester: Requester, request: StartRequest) -> StartOutcome:
        """Asks for a recording in the requester's Slack channel. Raises `NotAllowed`, `StorageUnavailable`."""
        try:
            self.check_name(requester, request.agora_channel)
        except InvalidChannelName as error:
            return InvalidName(request.agora_channel, str(error))
        earlier = self.recordings.recording_of_request(request.delivery_key)
        if earlier is not None:
            return Started(earlier)
        recording = self._recording(requester, request)
        event = AuditEvent.of(recording, AuditAction.STARTED, request.source, recording.requested_at, who=requester.id)
        existing = self.recordings.add_recording(recording, request.response_url, request.delivery_key, event)
        if existing is None:
            self.wake()
            return Started(recording)
        if request.delivery_key is not None and self.recordings.recording_of_request(request.delivery_key) == existing:
            return Started(existing)
        if existing.slack_channel == requester.slack_channel.channel:
            return AlreadyHere(existing)
        return AlreadyElsewhere(request.agora_channel)

    def check_name(self, requester: Requester, agora_channel: str) -> None:
        """Whether the requester may record a channel of this name. Raises `InvalidChannelName`, `NotAllowed`."""
        self.check_channel_name(agora_channel)
        self.access.check(requester, Action.START, agora_channel)

    def _recording(self, requester: Requester, request: StartRequest) -> Recording:
        now = self.clock.now()
        return Recording(
            id=self.new_id(),
            agora_channel=request.agora_channel,
            slack_team=requester.slack_channel.team,
            slack_channel=requester.slack_channel.channel,
            started_by=requester.id,
            requested_at=now,
            options=request.options,
            intent=Intent(ends_at=request.ends_at or _end_after(now, request.options.lasts)),
            next_step_at=now,
        )

    def end_of_another(self, earlier: Recording) -> datetime | None:
        """The end of a recording like this one: at the same time of day, if people chose one that is still to come.

        None: another recording takes as long as this one should have.
        """
        chosen = earlier.intent.ends_at
        if chosen is None or earlier.options.lasts is not None or earlier.intent.extended_by is not None:
            return None
        return chosen if chosen - self.clock.now() >= timedelta(seconds=SHORTEST_SECONDS) else None

    def history(
        self, slack_channel: SlackChannelRef, agora_channel: str | None = None, after: Cursor | None = None
    ) -> Page:
        """The recordings of this Slack channel, page by page, newest first. Raises `StorageUnavailable`."""
        return page(self.recordings, slack_channel.channel, agora_channel, after)

    def recent(self, slack_channel: SlackChannelRef) -> Sequence[Recording]:
        """The last recordings of this Slack channel, newest first. Raises `StorageUnavailable`."""
        return self.recordings.of_channel(slack_channel.channel, limit=_RECENT)

    def status(self, slack_channel: SlackChannelRef, agora_channel: str | None = None) -> Sequence[Recording]:
        """The active recordings of this Slack channel, oldest first; the last one that ended if none is active."""
        active = self._active(slack_channel, agora_channel)
        return active or self._last(slack_channel, agora_channel)

    def stop(
        self, requester: Requester, agora_channel: str | None = None, delivery_key: str | None = None
    ) -> StopRequested | AlreadyOver | Several:
        """Stops what the requester's Slack channel records. Raises `NothingHere`, `StorageUnavailable`.

        A second delivery of a request gets the answer of the first one.
        """
        earlier = self.recordings.recording_of_request(delivery_key)
        if earlier is not None:
            return StopRequested(earlier)
        active = [row for row in self._active(requester.slack_channel, agora_channel) if not has_finished(row)]
        candidates = [recording for recording in active if recording.intent.stop_at is None] or active
        if len(candidates) > 1:
            return Several(tuple(candidates))
        if candidates:
            return self._stop(candidates[0], requester, Source.COMMAND, delivery_key)
        last = self._last(requester.slack_channel, agora_channel)
        if not last:
            raise NothingHere(agora_channel or "")
        return AlreadyOver(last[0])

    def stop_one(
        self, recording_id: str, requester: Requester, delivery_key: str | None = None, detail: str = ""
    ) -> StopRequested | AlreadyOver:
        """Stops one recording, as a Stop button does. `detail` is for the audit log: which button it was.

        Raises `NothingHere`, `StorageUnavailable`.
        """
        recording = self.in_channel(recording_id, requester.slack_channel)
        return self._stop(recording, requester, Source.BUTTON, delivery_key, detail)

    def in_channel(self, recording_id: str, slack_channel: SlackChannelRef) -> Recording:
        """A recording of this Slack channel. Raises `NothingHere`, `StorageUnavailable`."""
        return in_channel(self.recordings, recording_id, slack_channel)

    def _active(self, slack_channel: SlackChannelRef, agora_channel: str | None) -> list[Recording]:
        active = self.recordings.active_in(slack_channel.channel)
        return [recording for recording in active if agora_channel in (None, recording.agora_channel)]

    def _last(self, slack_channel: SlackChannelRef, agora_channel: str | None) -> Sequence[Recording]:
        return self.recordings.of_channel(slack_channel.channel, agora_channel=agora_channel, limit=1)

    def _stop(
        self, recording: Recording, requester: Requester, source: Source, delivery_key: str | None, detail: str = ""
    ) -> StopRequested | AlreadyOver:
        if has_finished(recording):
            return AlreadyOver(recording)
        requested_before = recording.intent.stop_at is not None
        already_requested = requested_before and self.recordings.recording_of_request(delivery_key) is None
        now = self.clock.now()
        event = AuditEvent.of(recording, AuditAction.STOPPED, source, now, who=requester.id, detail=detail)
        intent = request_stop(requester.id, now)
        _, stopped = self.recordings.change_intent(recording.id, intent, now, delivery_key, event)
        self.wake()
        return AlreadyOver(stopped) if stopped.is_over else StopRequested(stopped, already_requested)


def _end_after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)
