"""The names of recorded files, by the documentation's naming rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

Stream = tuple[int, str]
"""A uid, and `audio` or `video`."""

_SPECIAL = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")


class Recorded(Protocol):
    """What a file's name is made of."""

    @property
    def sid(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def moves(self) -> int: ...


def base_name(recorded: Recorded) -> str:
    """`<sid>_<channel>`, marked where another server took over."""
    backup = f"bak{recorded.moves - 1}_" if recorded.moves else ""
    return f"{backup}{recorded.sid}_{_SPECIAL.sub('-', recorded.channel)}"


def file_list(recorded: Recorded, streams: Sequence[Stream], began: int, mp4s: int) -> list[dict[str, object]]:
    """The entries of a JSON file list."""
    base = base_name(recorded)
    if recorded.mode == "individual":
        names = [(f"{base}__uid_s_{uid}__uid_e_{kind}.m3u8", kind, str(uid)) for uid, kind in streams]
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
