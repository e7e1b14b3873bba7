"""Plays recordings as a viewer's player does: every frame is decoded."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Played:
    """The result: seconds of picture and of sound, and when the first of them begins."""

    video: float
    audio: float
    begins: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return max(self.video, self.audio)


def play(source: bytes | Path) -> Played:
    """Decode all of it. PyAV is imported by the first call: slowly."""
    import av

    pictures: list[float] = []
    sounds: list[tuple[float, float]] = []
    with av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source), "r") as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                pictures.append(frame.time or 0.0)
            elif isinstance(frame, av.AudioFrame):
                sounds.append((frame.time or 0.0, frame.samples / frame.sample_rate))
    times = sorted([*pictures, *(time for time, _ in sounds)])
    # Every picture is shown for a tenth of a second.
    return Played(round(len(pictures) / 10, 3), round(sum(lasts for _, lasts in sounds), 3), times[0])


def named(playlist: str) -> list[tuple[float, str]]:
    """The slices of a playlist: seconds and name."""
    found = re.findall(r"^#EXTINF:([0-9.]+),?\n([^#\n]+)$", playlist, re.MULTILINE)
    return [(float(seconds), name) for seconds, name in found]


def play_hls(playlist: str, fetch: Callable[[str], bytes], folder: Path) -> Played:
    """Decode a playlist's slices one after the other, as one stream."""
    for _, name in named(playlist):
        (folder / name).write_bytes(fetch(name))
    (folder / "list.m3u8").write_text(playlist)
    return play(folder / "list.m3u8")
