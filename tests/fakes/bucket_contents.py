"""The objects that Agora stores in a bucket, by name: the text of a playlist, the size of any other object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from recordings.model.inventory import BucketListing
from recordings.model.playlists import StoredFile, effective_playlists
from tests.fakes.rows import NOW

Objects = dict[str, str | int]

TS_BYTES, MP4_BYTES = 5_000, 9_000
SLICE = 15.019
NAME = "SID_daily"


def playlist(*ts_files: str, seconds: float = SLICE, ended: bool = True) -> str:
    """A playlist as Agora writes it: without a comma after the length, and with tags of its own."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-ALLOW-CACHE:YES",
        "#EXT-X-TARGETDURATION:18",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=AUDIO,TIME=20260617114200289",
    ]
    for segment in ts_files:
        lines += [f"#EXTINF:{seconds:f}", segment]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else [])]) + "\n"


def ts_names(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}_202606171142{number:05}.ts" for number in range(count))


def left_by(
    name: str = NAME, *, ts_files: int = 2, media_files: int = 1, length: float = 30, ended: bool = True
) -> Objects:
    """All objects of one server for a recording of `length` seconds."""
    names = ts_names(name, ts_files)
    objects: Objects = {f"{name}.m3u8": playlist(*names, seconds=length / max(ts_files, 1), ended=ended)}
    objects |= dict.fromkeys(names, TS_BYTES)
    return objects | {f"{name}_{index}.mp4": MP4_BYTES for index in range(media_files)}


def without(objects: Objects, *names: str) -> Objects:
    assert set(names) <= set(objects), "a test removes an object that does not exist"
    return {name: content for name, content in objects.items() if name not in names}


def listing_of(
    objects: Mapping[str, str | int], *, folder: str = "folder/", at: Mapping[str, datetime] | None = None
) -> BucketListing:
    """The listing of these objects. `at`: when an object was stored, if not at `NOW`."""
    stored = at or {}
    files = tuple(
        StoredFile(folder + name, content if isinstance(content, int) else len(content), stored.get(name, NOW))
        for name, content in sorted(objects.items())
    )
    texts = {key: str(objects[key.removeprefix(folder)]) for key in effective_playlists(files)}
    return BucketListing(files, texts)
