"""Which files of a recorder are in the bucket when, if everything goes well or as a test wants it to go."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.agora.http import checks
from simulator.agora.http.checks import file_types
from simulator.agora.state.file_names import base_name, mp4_count, stamp, stream_name
from simulator.agora.state.media import Part, Tape
from simulator.agora.state.recorder import Recorder
from simulator.agora.uploads.playlists import NamedSlice, playlist, wants_comma

MODES = ("normal", "late", "never", "partly", "empty", "tiny", "no_mp4", "backup", "wrong_place")
ELSEWHERE = "elsewhere/"
_INSTANT = 1e-6
_TINY = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0\0\0\x50free" + bytes(72)
_KINDS = {0: ("audio",), 1: ("video",)}
_BOTH = ("audio", "video")


@dataclass(frozen=True)
class Rule:
    """How uploads go; several modes can be combined."""

    modes: frozenset[str] = frozenset()
    delay: float = 0.0
    """Seconds by which everything after the end comes later."""

    def __post_init__(self) -> None:
        if not self.modes <= set(MODES):
            raise ValueError(f"mode must be of {', '.join(MODES)}, several joined by +")
        if "late" in self.modes and self.delay <= 0:
            raise ValueError("late needs a delay")

    def silent(self, recorder: Recorder) -> bool:
        """Whether nothing goes to the bucket now, and Agora says that all is well."""
        return "never" in self.modes or ("backup" in self.modes and recorder.restored_at is None)


@dataclass(frozen=True)
class Segment:
    """Media in a slice."""

    offset: float
    seconds: float
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Movie:
    """Media in an MP4 file."""

    seconds: float
    kinds: tuple[str, ...]


Content = Segment | Movie | bytes


@dataclass(frozen=True)
class File:
    """One file as it has to be."""

    part: Part
    key: str
    content: Content


@dataclass(frozen=True)
class _Track:
    """What one playlist is about."""

    name: str
    tape: Tape
    kinds: tuple[str, ...]


def wanted(recorder: Recorder, rule: Rule, now: float) -> list[File]:
    """The files that should be there now, in the order in which they come."""
    if rule.silent(recorder):
        return []
    folder = ELSEWHERE if "wrong_place" in rule.modes else _folder(recorder)
    plans = [_Plan(recorder, each, rule, now) for each in recorder.parts]
    return [File(plan.part, f"{folder}{name}", content) for plan in plans for name, content in plan.files()]


def state(recorder: Recorder, rule: Rule) -> object:
    """What else than time decides about its files; equal as long as nothing happens."""
    tapes = tuple((len(tape.spans), tape.running) for tape in recorder.part.tapes)
    return rule, recorder.restored_at, recorder.ended_at, len(recorder.parts), tapes


def next_change(recorder: Recorder, rule: Rule, now: float) -> float:
    """Until when its files stay as they are, if nothing happens."""
    timing, part = recorder.timing, recorder.part
    last = settled_at(recorder, rule)
    if recorder.ended_at is not None and last is not None:
        dues = [recorder.ended_at + rule.delay + timing.upload, last]
    else:
        running = [tape for tape in part.tapes if tape.running]
        dues = [tape.full_at(now, timing.first_slice, timing.slice_length) for tape in running]
        dues.append(now + timing.first_slice - part.whole.seconds(now) + _INSTANT)
    return min((due for due in dues if due > now), default=math.inf)


def settled_at(recorder: Recorder, rule: Rule) -> float | None:
    """When the last file is due; None while it records."""
    if recorder.ended_at is None:
        return None
    return recorder.ended_at + rule.delay + recorder.timing.upload + recorder.timing.mp4_delay


def _folder(recorder: Recorder) -> str:
    prefix = checks.part(recorder.request, "storageConfig").get("fileNamePrefix")
    return "".join(f"{each}/" for each in prefix) if isinstance(prefix, list) else ""


@dataclass(frozen=True)
class _Plan:
    """The files of one part."""

    recorder: Recorder
    part: Part
    rule: Rule
    now: float

    def files(self) -> Iterator[tuple[str, Content]]:
        """Slices, then the playlist that names them, then MP4 files."""
        timing = self.recorder.timing
        if not self.complete and self.part.whole.seconds(self.now) < timing.first_slice:
            return
        for track in self._tracks():
            yield from self._hls(track)
        last = settled_at(self.recorder, self.rule)
        if last is not None and self.now >= last and self.recorder.part.flushed:
            yield from self._mp4s()

    @property
    def complete(self) -> bool:
        """Whether what was in hand on leaving is there."""
        ended = self.recorder.ended_at
        due = ended is not None and self.now >= ended + self.rule.delay + self.recorder.timing.upload
        return due and self.part.flushed

    def _tracks(self) -> list[_Track]:
        base = base_name(self.recorder, self.part.number)
        if self.recorder.mode == "individual":
            streams = sorted(self.part.streams.items())
            return [_Track(stream_name(base, stream), tape, (stream[1],)) for stream, tape in streams]
        asked = checks.part(self.recorder.request, "recordingConfig").get("streamTypes")
        kinds = _KINDS.get(asked, _BOTH) if isinstance(asked, int) else _BOTH
        return [_Track(base, self.part.whole, kinds)]

    def _slices(self, track: _Track) -> list[NamedSlice]:
        timing = self.recorder.timing
        cut = track.tape.slices(self.now, timing.first_slice, timing.slice_length, tail=self.complete)
        stamped = [(stamp(self.recorder.wall(piece.began)), piece) for piece in cut]
        return [(f"{track.name}_{began}.ts", began, piece) for began, piece in stamped]

    def _hls(self, track: _Track) -> Iterator[tuple[str, Content]]:
        slices = self._slices(track)
        missing = slices[-1:] if "partly" in self.rule.modes else []
        for name, _, piece in slices:
            if name not in {each[0] for each in missing}:
                yield name, Segment(piece.offset, piece.seconds, track.kinds)
        for name, text in self._playlists(track, slices):
            yield name, text.encode()

    def _playlists(self, track: _Track, slices: Sequence[NamedSlice]) -> list[tuple[str, str]]:
        comma = wants_comma(self.recorder.request)
        text = playlist(slices, track.kinds, over=self.complete, comma=comma)
        if not slices:
            return []
        if self.recorder.restored_at is None:
            return [(f"{track.name}.m3u8", text)]
        older = [playlist(slices[:-1], track.kinds, over=False, comma=comma)] if slices[1:] else []
        tick = int(self.recorder.restored_at * 10)
        return [(f"{track.name}_{tick}_{index}.m3u8", each) for index, each in enumerate((*older, text))]

    def _mp4s(self) -> Iterator[tuple[str, Content]]:
        if "mp4" not in file_types(self.recorder.request) or "no_mp4" in self.rule.modes:
            return
        longest = self.recorder.timing.mp4_length
        for track in self._tracks():
            total = round(sum(piece.seconds for _, _, piece in self._slices(track)), 1)
            for index in range(mp4_count(total, longest) if total else 0):
                content = self._mp4(min(longest, total - index * longest), track.kinds)
                yield f"{track.name}_{index}.mp4", content

    def _mp4(self, seconds: float, kinds: tuple[str, ...]) -> Content:
        if "empty" in self.rule.modes:
            return b""
        return _TINY if "tiny" in self.rule.modes else Movie(seconds, kinds)
