"""The events of one recorder that its changes cause at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.agora.fields import Fields
from simulator.agora.notifications import notification as kinds
from simulator.agora.notifications.notification import milliseconds
from simulator.agora.state.file_names import Stream
from simulator.agora.state.media import Track, previous_end
from simulator.agora.state.recorder import Phase, Recorder, RecorderChange

_LEAVE_CODES = {"idle": 4, "thrown_out": 16, "same_uid": 16, "token_expired": 16}
_STOPS = ("stopped", "console")
_FAILED = {"crashed": "the recorder has failed", "moved_too_often": "there is no other server"}
_SILENT = "killed"
_NOT_READY = 4
"""A recorder with a forced status below this one is not in the channel."""


class Event(NamedTuple):
    """An event, and when it happened by the simulator's monotonic clock."""

    moment: float
    kind: int
    details: Fields


@dataclass
class RecorderEvents:
    """The events of one recorder so far."""

    recorder: Recorder
    sequences: Counter[int] = field(default_factory=Counter)
    """The next sequence number by `serviceType`."""
    joined: dict[int, float] = field(default_factory=dict)
    """When each server's recorder joined the channel, by the server's number."""
    received: set[Stream] = field(default_factory=set)
    emitted: set[tuple[int, int]] = field(default_factory=set)
    """Server number and kind of the events that come once for each server."""
    progress: int = 0
    progress_due: float | None = None
    closed: bool = False
    """Whether the last event has come, unless Agora's backup sends the files."""
    exited: bool = False

    def of_change(self, change: RecorderChange, now: float, stop_code: int) -> Iterator[Event]:
        """The events that this change causes."""
        match change:
            case RecorderChange.STREAMS:
                yield from self._streams(now)
            case RecorderChange.MOVED:
                self.received = set()
                yield Event(now, kinds.MOVED, {"newUid": self.recorder.next_uid})
            case RecorderChange.LEFT:
                yield from self._left(now, stop_code)
            case RecorderChange.UPLOAD_FAILED:
                yield from upload_failure(now, storage_wrong=self.recorder.storage_wrong)

    def first(self, kind: int) -> bool:
        """Whether this is the first event of that kind from the present server."""
        known = (self.recorder.media.number, kind) in self.emitted
        self.emitted.add((self.recorder.media.number, kind))
        return not known

    # In the channel

    def _streams(self, now: float) -> Iterator[Event]:
        forced, number = self.recorder.forced, self.recorder.media.number
        if (forced is not None and forced < _NOT_READY) or self.recorder.mode == "web":
            return
        if number not in self.joined:
            self.joined[number] = now
            self.progress_due = self.progress_due or now + self.recorder.timing.progress
            yield Event(now, kinds.STARTED, {"status": 0})
        before, self.received = self.received, self.recorder.media.received
        yield from self._states(before, now)
        if forced != _NOT_READY:
            yield from self._slices(before, now)

    def _states(self, before: set[Stream], now: float) -> Iterator[Event]:
        for event, kind in ((kinds.AUDIO, "audio"), (kinds.VIDEO, "video")):
            old, new = self._names(before, kind), self._names(self.received, kind)
            for uid in sorted(old ^ new):
                state = 0 if uid in new else 1
                utc = milliseconds(self.recorder.wall(now))
                yield Event(now, event, {"streamUid": uid, "state": state, "UtcMs": utc})

    def _names(self, streams: set[Stream], kind: str) -> set[str]:
        alone = self.recorder.mode == "individual"
        return {str(uid) if alone else "0" for uid, each in streams if each == kind}

    def _slices(self, before: set[Stream], now: float) -> Iterator[Event]:
        servers = self.recorder.servers
        if self.recorder.mode == "individual":
            for stream in sorted(self.received - before):
                tracks = [server.streams[stream] for server in servers if stream in server.streams]
                yield self._slice(tracks, now, str(stream[0]), stream[1])
        elif self.received and not before:
            yield self._slice([server.mix for server in servers], now, "0", "audio_and_video")

    def _slice(self, tracks: list[Track], now: float, uid: str, track_type: str) -> Event:
        timing = self.recorder.timing
        ended = previous_end(tracks, timing.first_slice, timing.slice_length)
        details = {
            "startUtcMs": milliseconds(self.recorder.wall(now)),
            "discontinueUtcMs": milliseconds(self.recorder.wall(now if ended is None else ended)),
            "mixedAllUser": uid == "0",
            "streamUid": uid,
            "trackType": track_type,
        }
        return Event(now, kinds.SLICE, details)

    # At the end

    def _left(self, now: float, stop_code: int) -> Iterator[Event]:
        reason = self.recorder.ended_by or _SILENT
        if reason in _FAILED:
            yield error(now, 0, 5, 65, _FAILED[reason])
        elif reason != _SILENT and self.recorder.phase is Phase.GONE:
            yield Event(now, kinds.LEFT, {"leaveCode": 0})
        elif reason != _SILENT:
            code = stop_code if reason in _STOPS else _LEAVE_CODES.get(reason, 16)
            yield from [Event(now, kinds.LEFT, {"leaveCode": code})] if self.joined else []
            return
        self.closed = True
        if reason != _SILENT:
            yield Event(now, kinds.EXIT, {"exitStatus": 1})


def error(now: float, module: int, level: int, code: int, message: str) -> Event:
    """A `cloud_recording_error`."""
    details = {"module": module, "errorLevel": level, "errorCode": code, "stat": 1, "errorMsg": message}
    return Event(now, kinds.ERROR, details)


def upload_failure(now: float, *, storage_wrong: bool) -> Iterator[Event]:
    """The bucket refuses a file: an error, and a warning that Agora tries again."""
    code, message = (32, "storage configuration") if storage_wrong else (47, "upload failed")
    yield error(now, 1, 4, code, message)
    yield Event(now, kinds.WARNING, {"module": 1, "warnCode": 31})
