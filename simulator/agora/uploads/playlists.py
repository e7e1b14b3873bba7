"""Playlists as Agora writes them: no comma after a length, and extra lines."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Sequence

from simulator.agora.fields import Fields, section
from simulator.agora.state.media import Slice

NamedSlice = tuple[str, str, Slice]
"""A slice's file name, when it began (UTC, to the millisecond), and the slice."""


def playlist(slices: Sequence[NamedSlice], kinds: Collection[str], *, over: bool, comma: bool = False) -> str:
    """The playlist of these slices; `over`: it is complete."""
    longest = max((piece.seconds for _, _, piece in slices), default=0.0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-ALLOW-CACHE:YES",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest) + 1}",
    ]
    for name, began, piece in slices:
        lines += _events(began, kinds) if piece.after_gap else ()
        lines += (f"#EXTINF:{piece.seconds:.6f}{',' if comma else ''}", name)
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if over else []), ""])


def _events(began: str, kinds: Collection[str]) -> Iterable[str]:
    yield "#EXT-X-DISCONTINUITY"
    if "video" in kinds:
        yield f"#EXT-X-AGORA-ROTATE:WIDTH=64,HEIGHT=36,ROTATE=0,TIME={began}"
    for kind in sorted(kinds):
        yield f"#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE={kind.upper()},TIME={began}"


def wants_comma(request: Fields) -> bool:
    """Whether a start asked for the usual comma (`privateParams`)."""
    private = section(request, "recordingConfig").get("privateParams")
    try:
        params = json.loads(private) if isinstance(private, str) else {}
    except ValueError:
        return False
    return isinstance(params, dict) and params.get("correctEXTINF") is True
