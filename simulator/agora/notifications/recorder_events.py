"""What a recorder has told of itself, and what it tells when something happens to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.agora.http.checks import Fields
from simulator.agora.notifications import notification as notices
from simulator.agora.notifications.notification import milliseconds
from simulator.agora.state.file_names import Stream
from simulator.agora.state.media import Tape, broke_off
from simulator.agora.state.recorder import Happening, Phase, Recorder

_LEAVE_CODES = {"idle": 4, "thrown_out": 16, "same_uid": 16, "token_expired": 16}
_STOPS = ("stopped", "console")
_FAILED = {"crashed": "the recorder has failed", "moved_too_often": "there is no other server"}
_SILENT = "killed"
_NOT_READY = 4
"""A status forced below this one: it never got into the channel."""


class Line(NamedTuple):
    """One thing to tell, and when it happened by the simulator's monotonic clock."""

    moment: float
    event: int
    details: Fields


@dataclass
class Story:
    """One recorder's notices."""

    recorder: Recorder
    sequences: Counter[int] = field(default_factory=Counter)
    """By `serviceType`, the next number."""
    joined: dict[int, float] = field(default_factory=dict)
    """By part, when that server's recorder was in the channel."""
    hearing: set[Stream] = field(default_factory=set)
    told: set[tuple[int, int]] = field(default_factory=set)
    """By part, the events that are told once."""
    progress: int = 0
    progress_due: float | None = None
    closed: bool = False
    """Nothing more comes, unless Agora's backup sends its files."""
    exited: bool = False

    def happened(self, what: Happening, now: float, stop_code: int) -> Iterator[Line]:
        """What is to be told of that."""
        match what:
            case Happening.HEARS:
                yield from self._hears(now)
            case Happening.MOVED:
                self.hearing = set()
                yield Line(now, notices.MOVED, {"newUid": self.recorder.next_uid})
            case Happening.LEFT:
                yield from self._left(now, stop_code)
            case Happening.REFUSED:
                yield from refusal(now, storage_wrong=self.recorder.storage_wrong)

    def once(self, event: int) -> bool:
        """Whether this server has not told it yet; now it has."""
        known = (self.recorder.part.number, event) in self.told
        self.told.add((self.recorder.part.number, event))
        return not known

    # In the channel

    def _hears(self, now: float) -> Iterator[Line]:
        forced, number = self.recorder.forced, self.recorder.part.number
        if (forced is not None and forced < _NOT_READY) or self.recorder.mode == "web":
            return
        if number not in self.joined:
            self.joined[number] = now
            self.progress_due = self.progress_due or now + self.recorder.timing.progress
            yield Line(now, notices.STARTED, {"status": 0})
        before, self.hearing = self.hearing, self.recorder.part.hearing
        yield from self._states(before, now)
        if forced != _NOT_READY:
            yield from self._slices(before, now)

    def _states(self, before: set[Stream], now: float) -> Iterator[Line]:
        for event, kind in ((notices.AUDIO, "audio"), (notices.VIDEO, "video")):
            old, new = self._names(before, kind), self._names(self.hearing, kind)
            for uid in sorted(old ^ new):
                state = 0 if uid in new else 1
                utc = milliseconds(self.recorder.wall(now))
                yield Line(now, event, {"streamUid": uid, "state": state, "UtcMs": utc})

    def _names(self, streams: set[Stream], kind: str) -> set[str]:
        alone = self.recorder.mode == "individual"
        return {str(uid) if alone else "0" for uid, each in streams if each == kind}

    def _slices(self, before: set[Stream], now: float) -> Iterator[Line]:
        parts = self.recorder.parts
        if self.recorder.mode == "individual":
            for stream in sorted(self.hearing - before):
                tapes = [part.streams[stream] for part in parts if stream in part.streams]
                yield self._slice(tapes, now, str(stream[0]), stream[1])
        elif self.hearing and not before:
            yield self._slice([part.whole for part in parts], now, "0", "audio_and_video")

    def _slice(self, tapes: list[Tape], now: float, uid: str, track: str) -> Line:
        timing = self.recorder.timing
        ended = broke_off(tapes, timing.first_slice, timing.slice_length)
        details = {
            "startUtcMs": milliseconds(self.recorder.wall(now)),
            "discontinueUtcMs": milliseconds(self.recorder.wall(now if ended is None else ended)),
            "mixedAllUser": uid == "0",
            "streamUid": uid,
            "trackType": track,
        }
        return Line(now, notices.SLICE, details)

    # When it ends

    def _left(self, now: float, stop_code: int) -> Iterator[Line]:
        reason = self.recorder.ended_by or _SILENT
        if reason in _FAILED:
            yield error(now, 0, 5, 65, _FAILED[reason])
        elif reason != _SILENT and self.recorder.phase is Phase.GONE:
            yield Line(now, notices.LEFT, {"leaveCode": 0})
        elif reason != _SILENT:
            code = stop_code if reason in _STOPS else _LEAVE_CODES.get(reason, 16)
            yield from [Line(now, notices.LEFT, {"leaveCode": code})] if self.joined else []
            return
        self.closed = True
        if reason != _SILENT:
            yield Line(now, notices.EXIT, {"exitStatus": 1})


def error(now: float, module: int, level: int, code: int, words: str) -> Line:
    """Something went wrong."""
    details = {"module": module, "errorLevel": level, "errorCode": code, "stat": 1, "errorMsg": words}
    return Line(now, notices.ERROR, details)


def refusal(now: float, *, storage_wrong: bool) -> Iterator[Line]:
    """The bucket does not take a file: an error, and that it will be tried again."""
    code, words = (32, "storage configuration") if storage_wrong else (47, "upload failed")
    yield error(now, 1, 4, code, words)
    yield Line(now, notices.WARNING, {"module": 1, "warnCode": 31})
