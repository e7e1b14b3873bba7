"""Agora's playlists: which segments make a recording, and how long they last.

Doc page: cloud-recording/develop/manage-files (M3U8 file). Agora leaves out the comma after `#EXTINF:<length>` and
writes lines of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LENGTH = re.compile(r"#EXTINF:\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Playlist:
    """`segments`: file names in order; `seconds`: their lengths together; `finished`: nothing is added any more."""

    segments: tuple[str, ...]
    seconds: float
    finished: bool


def parse(text: str) -> Playlist | None:
    """The playlist in a text; None where it is none."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    if "#EXTM3U" not in lines:
        return None
    lengths = [float(found[1]) for line in lines if (found := _LENGTH.match(line))]
    segments = tuple(line for line in lines if line and not line.startswith("#"))
    return Playlist(segments, sum(lengths), "#EXT-X-ENDLIST" in lines)
