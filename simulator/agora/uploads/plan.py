"""Which files of a recorder are in the bucket at which time, if the uploads go by the channel's rule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.agora.fields import file_types, section
from simulator.agora.state.file_names import base_name, mp4_count, stamp, stream_name
from simulator.agora.state.media import ServerMedia, Track
from simulator.agora.state.recorder import Recorder
from simulator.agora.state.upload_rules import UploadRule
from simulator.agora.uploads.playlists import NamedSlice, playlist, wants_comma

_WRONG_PLACE = "elsewhere/"
_INSTANT = 1e-6
_TINY = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0\0\0\x50free" + bytes(72)
_KINDS = {0: ("audio",), 1: ("video",)}
_BOTH = ("audio", "video")


@dataclass(frozen=True)
class SliceMedia:
    """The media of a slice."""

    offset: float
    seconds: float
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Mp4Media:
    """The media of an MP4 file."""

    seconds: float
    kinds: tuple[str, ...]


Content = SliceMedia | Mp4Media | bytes


@dataclass(frozen=True)
class File:
    """A file, and the server that recorded it."""

    server: ServerMedia
    key: str
    content: Content


@dataclass(frozen=True)
class _Playlist:
    """One playlist: the beginning of its files' names, and its media."""

    name: str
    track: Track
    kinds: tuple[str, ...]


def files_due(recorder: Recorder, rule: UploadRule, now: float) -> list[File]:
    """The files that should be in the bucket now, in the order of their uploads."""
    if rule.is_silent(recorder.restored_at):
        return []
    folder = _WRONG_PLACE if "wrong_place" in rule.modes else _folder(recorder)
    plans = [_Plan(recorder, each, rule, now) for each in recorder.servers]
    return [File(plan.server, f"{folder}{name}", content) for plan in plans for name, content in plan.files()]


def fingerprint(recorder: Recorder, rule: UploadRule) -> object:
    """Everything that decides about its files except time: equal as long as nothing happens."""
    tracks = tuple((len(track.spans), track.running) for track in recorder.media.tracks)
    return rule, recorder.restored_at, recorder.ended_at, len(recorder.servers), tracks


def next_change(recorder: Recorder, rule: UploadRule, now: float) -> float:
    """When its files change next if nothing happens."""
    timing, media = recorder.timing, recorder.media
    last = complete_at(recorder, rule)
    if recorder.ended_at is not None and last is not None:
        dues = [recorder.ended_at + rule.delay + timing.upload, last]
    else:
        running = [track for track in media.tracks if track.running]
        dues = [track.full_at(now, timing.first_slice, timing.slice_length) for track in running]
        dues.append(now + timing.first_slice - media.mix.seconds(now) + _INSTANT)
    return min((due for due in dues if due > now), default=math.inf)


def complete_at(recorder: Recorder, rule: UploadRule) -> float | None:
    """When the last file is due; None while it records."""
    if recorder.ended_at is None:
        return None
    return recorder.ended_at + rule.delay + recorder.timing.upload + recorder.timing.mp4_delay


def _folder(recorder: Recorder) -> str:
    prefix = section(recorder.request, "storageConfig").get("fileNamePrefix")
    return "".join(f"{each}/" for each in prefix) if isinstance(prefix, list) else ""


@dataclass(frozen=True)
class _Plan:
    """The files of one server."""

    recorder: Recorder
    server: ServerMedia
    rule: UploadRule
    now: float

    def files(self) -> Iterator[tuple[str, Content]]:
        """Slices, then the playlist that names them, then MP4 files."""
        timing = self.recorder.timing
        if not self.complete and self.server.mix.seconds(self.now) < timing.first_slice:
            return
        for each in self._playlists():
            yield from self._hls(each)
        last = complete_at(self.recorder, self.rule)
        if last is not None and self.now >= last and self.recorder.media.flushed:
            yield from self._mp4s()

    @property
    def complete(self) -> bool:
        """Whether the slice that was unfinished on leaving is stored."""
        ended = self.recorder.ended_at
        due = ended is not None and self.now >= ended + self.rule.delay + self.recorder.timing.upload
        return due and self.server.flushed

    def _playlists(self) -> list[_Playlist]:
        base = base_name(self.recorder, self.server.number)
        if self.recorder.mode == "individual":
            streams = sorted(self.server.streams.items())
            return [_Playlist(stream_name(base, stream), track, (stream[1],)) for stream, track in streams]
        asked = section(self.recorder.request, "recordingConfig").get("streamTypes")
        kinds = _KINDS.get(asked, _BOTH) if isinstance(asked, int) else _BOTH
        return [_Playlist(base, self.server.mix, kinds)]

    def _slices(self, of: _Playlist) -> list[NamedSlice]:
        timing = self.recorder.timing
        cut = of.track.slices(self.now, timing.first_slice, timing.slice_length, tail=self.complete)
        stamped = [(stamp(self.recorder.wall(piece.began)), piece) for piece in cut]
        return [(f"{of.name}_{began}.ts", began, piece) for began, piece in stamped]

    def _hls(self, of: _Playlist) -> Iterator[tuple[str, Content]]:
        slices = self._slices(of)
        missing = slices[-1:] if "partly" in self.rule.modes else []
        for name, _, piece in slices:
            if name not in {each[0] for each in missing}:
                yield name, SliceMedia(piece.offset, piece.seconds, of.kinds)
        for name, text in self._texts(of, slices):
            yield name, text.encode()

    def _texts(self, of: _Playlist, slices: Sequence[NamedSlice]) -> list[tuple[str, str]]:
        comma = wants_comma(self.recorder.request)
        text = playlist(slices, of.kinds, over=self.complete, comma=comma)
        if not slices:
            return []
        if self.recorder.restored_at is None:
            return [(f"{of.name}.m3u8", text)]
        older = [playlist(slices[:-1], of.kinds, over=False, comma=comma)] if slices[1:] else []
        tick = int(self.recorder.restored_at * 10)
        return [(f"{of.name}_{tick}_{index}.m3u8", each) for index, each in enumerate((*older, text))]

    def _mp4s(self) -> Iterator[tuple[str, Content]]:
        if "mp4" not in file_types(self.recorder.request) or "no_mp4" in self.rule.modes:
            return
        longest = self.recorder.timing.mp4_length
        for of in self._playlists():
            total = round(sum(piece.seconds for _, _, piece in self._slices(of)), 1)
            for index in range(mp4_count(total, longest) if total else 0):
                content = self._mp4(min(longest, total - index * longest), of.kinds)
                yield f"{of.name}_{index}.mp4", content

    def _mp4(self, seconds: float, kinds: tuple[str, ...]) -> Content:
        if "empty" in self.rule.modes:
            return b""
        return _TINY if "tiny" in self.rule.modes else Mp4Media(seconds, kinds)
