"""What people can ask for. Each call is one short transaction; nothing here talks to Agora or Slack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recordings.errors import PersonError
from recordings.model.audit import Act, Deed, Source
from recordings.model.listing import Cursor, Page, page
from recordings.model.options import DEFAULT, Options
from recordings.model.recording import Recording, State
from recordings.ports import CheckChannelName, Clock, Wake
from recordings.repositories import Wishes

_LAST = 50


@dataclass(frozen=True, slots=True)
class Place:
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
class StopAsked:
    """The wish to stop was written down; `again`: somebody had asked before."""

    recording: Recording
    again: bool = False


@dataclass(frozen=True, slots=True)
class OverAlready:
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

    store: Wishes
    check_channel_name: CheckChannelName
    clock: Clock
    new_id: Callable[[], str]
    wake: Wake

    def start(
        self,
        agora_channel: str,
        place: Place,
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
        before = self.store.repeated(request)
        if before is not None:
            return Started(before)
        now = self.clock()
        wished = Recording(
            id=self.new_id(),
            agora_channel=agora_channel,
            slack_team=place.team,
            slack_channel=place.channel,
            started_by=by,
            requested_at=now,
            options=options,
            ends_at=ends_at,
            next_step_at=now,
        )
        act = _act(wished, Deed.STARTED, by, now, source)
        holder = self.store.add_recording(wished, response_url, request, act)
        if holder is None:
            self.wake()
            return Started(wished)
        if request is not None and self.store.repeated(request) == holder:
            return Started(holder)
        if holder.slack_channel == place.channel:
            return AlreadyHere(holder)
        raise AlreadyElsewhere("already recorded from another channel")

    def history(self, place: Place, agora_channel: str | None = None, after: Cursor | None = None) -> Page:
        """What was asked for in this Slack channel, the newest first. Raises `StorageUnavailable`."""
        return page(self.store, place.channel, agora_channel, after)

    def last(self, place: Place) -> Sequence[Recording]:
        """The last recordings of this Slack channel, the newest first. Raises `StorageUnavailable`."""
        return self.store.of_channel(place.channel, most=_LAST)

    def status(self, place: Place, agora_channel: str | None = None) -> Sequence[Recording]:
        """What is going on in this Slack channel, oldest first; where nothing is, the last that was."""
        active = [r for r in self.store.active_in(place.channel) if agora_channel in (None, r.agora_channel)]
        return active or self.store.of_channel(place.channel, agora_channel=agora_channel, most=1)

    def stop(
        self, place: Place, by: str, agora_channel: str | None = None, request: str | None = None
    ) -> StopAsked | OverAlready | Several:
        """Asks for the end of what this Slack channel records. Raises `NothingHere`, `StorageUnavailable`."""
        before = self.store.repeated(request)
        if before is not None:
            return StopAsked(before)
        active = [
            r
            for r in self.store.active_in(place.channel)
            if agora_channel in (None, r.agora_channel) and r.state is not State.UPLOADING
        ]
        meant = [recording for recording in active if recording.stop_wanted_at is None] or active
        if len(meant) > 1:
            return Several(tuple(meant))
        if meant:
            return self._stop(meant[0], by, request, Source.COMMAND)
        last = self.store.of_channel(place.channel, agora_channel=agora_channel, most=1)
        if not last:
            raise NothingHere(agora_channel or "")
        return OverAlready(last[0])

    def stop_one(
        self, recording_id: str, place: Place, by: str, request: str | None = None, detail: str = ""
    ) -> StopAsked | OverAlready:
        """Asks for the end of one recording, as a Stop button does; `detail` says which, for the log of acts."""
        return self._stop(self.of_here(recording_id, place), by, request, Source.BUTTON, detail)

    def of_here(self, recording_id: str, place: Place) -> Recording:
        """A recording of this Slack channel. Raises `NothingHere`, `StorageUnavailable`."""
        recording = self.store.recording(recording_id)
        if recording is None or recording.slack_channel != place.channel:
            raise NothingHere(recording_id)
        return recording

    def _stop(
        self, recording: Recording, by: str, request: str | None, source: Source, detail: str = ""
    ) -> StopAsked | OverAlready:
        if recording.over or recording.state is State.UPLOADING:
            return OverAlready(recording)
        again = recording.stop_wanted_at is not None and self.store.repeated(request) is None
        now = self.clock()
        act = _act(recording, Deed.STOPPED, by, now, source, detail)
        stopped = self.store.wish_stop(recording.id, by, now, request, act)
        self.wake()
        return OverAlready(stopped) if stopped.over else StopAsked(stopped, again=again)


def _act(recording: Recording, what: Deed, by: str, at: datetime, source: Source, detail: str = "") -> Act:
    return Act(
        at=at,
        who=by,
        what=what,
        source=source,
        recording_id=recording.id,
        slack_channel=recording.slack_channel,
        detail=detail,
    )
