"""What was found in the bucket of one recording, judged by Agora's naming rules.

Doc page: cloud-recording/develop/manage-files. Composite mode: `<sid>_<channel>.m3u8`, `<sid>_<channel>_<n>.mp4`, a new
one about every three hours; `bak<n>_` in front after a move to another server; a playlist that came by way of Agora's
backup is `<name>_<tick>_<index>.m3u8`, and of the one with the highest index and the plain one the larger is right.
A recording whose recorder was lost has more than one sid: each part is judged by its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from recordings.model.delivery import MediaFile
from recordings.model.recording import Recording, State
from recordings.model.segments import LostSegment

NOTHING = "nothing"
"""Of an upload: Agora said that there is nothing to upload."""
SMALLEST = 1024
"""Bytes. A recording of nothing is known to be a file of a hundred bytes or two."""
_LONGEST_PART = 3.25 * 3600
_SPECIAL = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")
_PART = re.compile(r"(?P<name>.+)_(?P<index>\d+)\.mp4")
_SERVER = re.compile(r"bak(?P<number>\d+)_")
_FROM_BACKUP = re.compile(r"(?P<name>.+?)_(?P<tick>\d{6,})_(?P<index>\d+)\.m3u8")


@dataclass(frozen=True, slots=True)
class BucketListing:
    """The objects of a recording, and the text of each playlist among them that counts, by key."""

    files: Sequence[StoredFile] = ()
    texts: Mapping[str, str] = field(default_factory=dict)

    def of(self, sid: str) -> BucketListing:
        """What is of this recorder alone."""
        texts = {key: text for key, text in self.texts.items() if sid in basename(key)}
        return BucketListing(of_sid(self.files, sid), texts)


@dataclass(frozen=True, slots=True)
class ExpectedFiles:
    """What one recorder should have left. `named`: the files that Agora named; `died`: it may have made no MP4;
    `lost_at`: when it was given up, where another one recorded on."""

    sid: str
    named: tuple[str, ...] = ()
    uploading_status: str = ""
    died: bool = False
    lost_at: datetime | None = None


def expected_files(recording: Recording) -> tuple[ExpectedFiles, ...]:
    """Whatever can have left files, part by part; nothing where none can be."""
    parts = [_of_lost(part) for part in recording.lost_segments]
    was_up = recording.up_at is not None or bool(recording.files)
    if recording.sid is not None and was_up and recording.uploading_status != NOTHING:
        died = recording.state is State.FAILED
        parts.append(ExpectedFiles(recording.sid, recording.files, recording.uploading_status, died))
    return tuple(parts)


def _of_lost(part: LostSegment) -> ExpectedFiles:
    """Agora names an MP4 file before there is one: of a recorder that was lost its playlist will do."""
    named = tuple(name for name in part.files if not name.endswith(".mp4"))
    return ExpectedFiles(part.sid, named, part.uploading_status, died=True, lost_at=part.lost_at)


@dataclass(frozen=True, slots=True)
class DeliveryCheck:
    """What the objects make together. `finished`: the playlists say that nothing will be added."""

    media_files: tuple[MediaFile, ...] = ()
    playlists: tuple[str, ...] = ()
    seconds: float = 0.0
    size: int = 0
    missing: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    finished: bool = False
    unmade: tuple[str, ...] = ()
    """MP4 files that nobody named, but that the lengths of the playlists ask for; they are not there."""
    owed: tuple[str, ...] = ()
    """Those of them that are the last server's: one that failed may have made none."""
    part_at: datetime | None = None
    """When the last server's newest MP4 file was stored."""
    segment_at: datetime | None = None
    """When the last of the segments was stored."""

    @property
    def playable(self) -> bool:
        """Whether there is a playlist, and nothing that is named is missing or empty."""
        return bool(self.playlists) and not self.missing and not self.empty

    @property
    def whole(self) -> bool:
        """Whether the MP4 files are there as well, as many as the lengths ask for."""
        return self.playable and not self.unmade


def basename(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def expected(sid: str, channel: str) -> tuple[str, ...]:
    """The names of the files that a recording has at least: playlist and MP4 file."""
    name = f"{sid}_{_SPECIAL.sub('-', channel)}"
    return f"{name}.m3u8", f"{name}_0.mp4"


def of_sid(files: Iterable[StoredFile], sid: str) -> tuple[StoredFile, ...]:
    """Those of this recorder among the objects of its recording's folder."""
    return tuple(file for file in files if sid in basename(file.key))


def playlists_that_count(files: Iterable[StoredFile]) -> tuple[str, ...]:
    """The keys of the playlists: one for each server that recorded, whatever way it came."""
    versions: dict[str, list[tuple[int, StoredFile]]] = defaultdict(list)
    for file in files:
        if not file.key.endswith(".m3u8"):
            continue
        backup = _FROM_BACKUP.fullmatch(file.key)
        versions[_stem(file.key)].append((int(backup["index"]) if backup else -1, file))
    return tuple(_right_one(versions[stem]).key for stem in sorted(versions, key=_server))


def _stem(playlist: str) -> str:
    """What the names of one server's files begin with, from the name of its playlist."""
    backup = _FROM_BACKUP.fullmatch(playlist)
    return backup["name"] if backup else playlist.removesuffix(".m3u8")


def _server(key: str) -> int:
    """Which server it is of: -1 for the first, then 0, 1, … for those that took over."""
    found = _SERVER.match(basename(key))
    return int(found["number"]) if found else -1


def _right_one(versions: list[tuple[int, StoredFile]]) -> StoredFile:
    newest = max(versions, key=lambda version: version[0])
    plain = [version for version in versions if version[0] == -1]
    return max([newest, *plain], key=lambda version: (version[1].size, version[0]))[1]


def inspect(sighting: BucketListing, named: Sequence[str]) -> DeliveryCheck:
    """The verdict over what was found; `named`: the files that Agora named, with or without folders."""
    sizes = {basename(file.key): file.size for file in sighting.files}
    lists = {key: parse(text) for key, text in sighting.texts.items()}
    parts = sorted(_parts(sighting.files), key=_order)
    segments = [basename(segment) for found in lists.values() if found for segment in found.segments]
    wanted = dict.fromkeys([*map(basename, named), *_unlisted(sizes, lists), *_gaps(parts), *segments])
    whole_lists = [found for found in lists.values() if found is not None]
    last = max(map(_server, lists), default=-1)
    unmade = {key: [name for name in _asked_for(key, found) if name not in sizes] for key, found in lists.items()}
    return DeliveryCheck(
        media_files=tuple(parts),
        playlists=tuple(lists),
        seconds=sum(found.seconds for found in whole_lists),
        size=sum(sizes.values()),
        missing=tuple(name for name in wanted if name not in sizes and not _replaced(name, lists)),
        empty=_empty(sizes, lists),
        finished=bool(whole_lists) and whole_lists[-1].finished,
        unmade=tuple(name for names in unmade.values() for name in names),
        owed=tuple(unmade[list(lists)[-1]]) if lists else (),
        part_at=_newest(sighting.files, {basename(part.key) for part in parts if _server(part.key) == last}),
        segment_at=_newest(sighting.files, set(segments)),
    )


def _newest(files: Iterable[StoredFile], names: set[str]) -> datetime | None:
    return max((file.stored_at for file in files if basename(file.key) in names), default=None)


def without_mp4(lists: Iterable[str], parts: Iterable[MediaFile]) -> tuple[str, ...]:
    """Of these playlists those of servers that made no MP4 file."""
    made = {_made_by(basename(part.key)) for part in parts}
    return tuple(key for key in lists if _stem(basename(key)) not in made)


def _made_by(part: str) -> str:
    """What the names of a server's files begin with, from the name of an MP4 file of its."""
    found = _PART.fullmatch(part)
    return found["name"] if found else part.removesuffix(".mp4")


def _asked_for(key: str, found: Playlist | None) -> list[str]:
    """The MP4 files that a playlist of this length comes with at least."""
    least = int((found.seconds if found else 0) // _LONGEST_PART) + 1
    return [f"{_stem(basename(key))}_{index}.mp4" for index in range(least)]


def _unlisted(names: Iterable[str], lists: Iterable[str]) -> list[str]:
    """The playlists of servers that left something, and no playlist."""
    listed = {_server(key): _stem(basename(key)) for key in lists}
    without = sorted({_server(name) for name in names} - listed.keys())
    any_stem = next(iter(listed.values()), None)
    if any_stem is None:
        return []
    stem = _SERVER.sub("", any_stem, count=1)
    return [f"bak{number}_{stem}.m3u8" if number >= 0 else f"{stem}.m3u8" for number in without]


def _parts(files: Iterable[StoredFile]) -> Iterable[MediaFile]:
    return (MediaFile(key=file.key, size=file.size) for file in files if file.key.endswith(".mp4"))


def _order(part: MediaFile) -> tuple[int, str, int]:
    found = _PART.fullmatch(part.key)
    return (_server(part.key), found["name"], int(found["index"])) if found else (_server(part.key), part.key, 0)


def _gaps(parts: Sequence[MediaFile]) -> list[str]:
    """The MP4 files before one that is there: they are numbered from 0."""
    highest: dict[str, int] = {}
    for part in parts:
        if found := _PART.fullmatch(basename(part.key)):
            highest[found["name"]] = max(int(found["index"]), highest.get(found["name"], 0))
    return [f"{name}_{index}.mp4" for name, most in highest.items() for index in range(most)]


def _replaced(name: str, lists: Mapping[str, Playlist | None]) -> bool:
    """Whether a playlist that Agora named came by way of its backup, under another name."""
    stem = name.removesuffix(".m3u8")
    return name.endswith(".m3u8") and any(
        (backup := _FROM_BACKUP.fullmatch(basename(key))) is not None and backup["name"] == stem for key in lists
    )


def _empty(sizes: Mapping[str, int], lists: Mapping[str, Playlist | None]) -> tuple[str, ...]:
    small = [name for name, size in sizes.items() if name.endswith(".mp4") and size < SMALLEST]
    hollow = [name for name, size in sizes.items() if name.endswith(".ts") and size == 0]
    without = [basename(key) for key, found in lists.items() if found is None or not found.segments]
    return tuple(dict.fromkeys((*without, *small, *hollow)))


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


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An object in the bucket: its whole key, its size in bytes, and when it was stored."""

    key: str
    size: int
    stored_at: datetime
