"""The names of recorded files, by the documentation's naming rules."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

Stream = tuple[int, str]
"""A uid, and `audio` or `video`."""

_SPECIAL = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")


class Recorded(Protocol):
    """The parts of a file's name."""

    @property
    def sid(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def moves(self) -> int: ...


def base_name(recorded: Recorded, moves: int) -> str:
    """`<sid>_<channel>`, with a mark if other servers ran the recorder before."""
    backup = f"bak{moves - 1}_" if moves else ""
    return f"{backup}{recorded.sid}_{_SPECIAL.sub('-', recorded.channel)}"


def stream_name(base: str, stream: Stream) -> str:
    """The beginning of one stream's file names, in individual mode."""
    return f"{base}__uid_s_{stream[0]}__uid_e_{stream[1]}"


def stamp(wall: float) -> str:
    """UTC to the millisecond, as in the names of slices."""
    return datetime.fromtimestamp(round(wall, 3), UTC).strftime("%Y%m%d%H%M%S%f")[:17]


def mp4_count(seconds: float, longest: float) -> int:
    """Number of MP4 files for that much media."""
    return max(1, math.ceil(seconds / longest))


def file_list(recorded: Recorded, streams: Sequence[Stream], began: int, mp4s: int) -> list[dict[str, object]]:
    """The entries of a JSON file list."""
    base = base_name(recorded, recorded.moves)
    if recorded.mode == "individual":
        names = [(f"{stream_name(base, each)}.m3u8", each[1], str(each[0])) for each in streams]
    else:
        kind = _track(streams)
        names = [(f"{base}.m3u8", kind, "0"), *((f"{base}_{index}.mp4", kind, "0") for index in range(mp4s))]
    return [
        {
            "fileName": name,
            "trackType": track,
            "uid": uid,
            "mixedAllUser": recorded.mode != "individual",
            "isPlayable": True,
            "sliceStartTime": began,
        }
        for name, track, uid in names
    ]


def _track(streams: Sequence[Stream]) -> str:
    kinds = {kind for _, kind in streams}
    return "audio_and_video" if len(kinds) != 1 else kinds.pop()
