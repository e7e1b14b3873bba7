"""Media files that can be played: a tiny flickering picture and a quiet tone.

One second of each is encoded once; files of any length repeat its packets with times of their own, so that ten minutes
are made in some tens of milliseconds. PyAV is imported by the first file: it is slow to import.
"""

from __future__ import annotations

import functools
import io
import math
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import av

FPS = 10
RATE = 8000
_FRAME, _SAMPLE = Fraction(1, FPS), Fraction(1, RATE)
_AAC = 1024
"""Samples in one packet of sound."""
_TONE = 56
"""Waves in one packet: a whole number, so that the same packet can follow itself."""
_X264 = {"preset": "ultrafast", "profile": "baseline", "tune": "zerolatency"}
BOTH = ("audio", "video")


@dataclass(frozen=True)
class _Seed:
    """The encoded second of which every file is made."""

    container: Any
    """Keeps the templates alive."""
    templates: dict[str, Any]
    pictures: list[bytes]
    sound: bytes


def mp4(seconds: float, kinds: Collection[str] = BOTH) -> bytes:
    """An MP4 file that lasts that long (in steps of a tenth of a second)."""
    return _file("mp4", 0, max(round(seconds * FPS), 1), kinds, {})


def segment(start: float, seconds: float, kinds: Collection[str] = BOTH) -> bytes:
    """A slice in MPEG-TS whose times begin at `start`, so that slices can be played one after the other."""
    first = round(start * FPS)
    return _file("mpegts", first, round((start + seconds) * FPS) - first, kinds, {"mpegts_copyts": "1"})


def _file(container: str, first: int, frames: int, kinds: Collection[str], options: dict[str, str]) -> bytes:
    import av

    seed = _seed()
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=options) as output:
        streams = {kind: output.add_stream_from_template(seed.templates[kind]) for kind in sorted(kinds)}
        packets = [each for kind, stream in streams.items() for each in _packets(seed, kind, stream, first, frames)]
        for _, packet in sorted(packets, key=itemgetter(0)):
            output.mux(packet)
    return buffer.getvalue()


def _packets(seed: _Seed, kind: str, stream: Any, first: int, frames: int) -> Iterator[tuple[float, Any]]:
    if kind == "video":
        for index in range(frames):
            picture = seed.pictures[index % FPS]
            yield _packet(stream, picture, first + index, 1, _FRAME, keyframe=index % FPS == 0)
        return
    begin, end = first * RATE // FPS, (first + frames) * RATE // FPS
    for at in range(math.ceil(begin / _AAC) * _AAC, end, _AAC):
        yield _packet(stream, seed.sound, at, min(_AAC, end - at), _SAMPLE, keyframe=True)


def _packet(stream: Any, content: bytes, at: int, lasts: int, unit: Fraction, *, keyframe: bool) -> tuple[float, Any]:
    import av

    packet = av.Packet(content)
    packet.stream = stream
    packet.pts = packet.dts = at
    packet.duration, packet.time_base = lasts, unit
    packet.is_keyframe = keyframe
    return at / unit.denominator, packet


@functools.cache
def _seed() -> _Seed:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        video, audio = output.add_stream("libx264", rate=FPS, options=_X264), output.add_stream("aac", rate=RATE)
        video.width, video.height, video.pix_fmt = 64, 36, "yuv420p"
        video.codec_context.gop_size = FPS
        audio.layout, audio.bit_rate = "mono", 8000
        for stream, frames in ((video, _pictures()), (audio, _sounds())):
            for frame in (*frames, None):
                output.mux(stream.encode(frame))
    container = av.open(io.BytesIO(buffer.getvalue()), "r")
    templates: dict[str, Any] = {"video": container.streams.video[0], "audio": container.streams.audio[0]}
    packets: dict[str, list[bytes]] = {"video": [], "audio": []}
    for packet in container.demux():
        if packet.size:
            packets[packet.stream.type].append(bytes(packet))
    # The encoder needs some packets until the tone is steady.
    return _Seed(container, templates, packets["video"], packets["audio"][5])


def _pictures() -> Iterator[av.VideoFrame]:
    import av

    for index in range(FPS):
        frame = av.VideoFrame(64, 36, "yuv420p")
        for plane, shade in zip(frame.planes, (60 + 10 * index, 128, 128), strict=True):
            plane.update(bytes([shade]) * plane.buffer_size)
        frame.pts, frame.time_base = index, _FRAME
        yield frame


def _sounds() -> Iterator[av.AudioFrame]:
    import av

    wave = array("f", (0.01 * math.sin(2 * math.pi * _TONE * sample / _AAC) for sample in range(_AAC)))
    for index in range(8):
        frame = av.AudioFrame("fltp", "mono", _AAC)
        frame.sample_rate, frame.pts, frame.time_base = RATE, index * _AAC, _SAMPLE
        frame.planes[0].update(wave.tobytes())
        yield frame
