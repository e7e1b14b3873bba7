"""What was found in the bucket of one recording, judged by Agora's naming rules.

Doc page: cloud-recording/develop/manage-files. Composite mode: `<sid>_<channel>.m3u8`, `<sid>_<channel>_<n>.mp4`, a new
one about every three hours; `bak<n>_` in front after a move to another server; a playlist that came by way of Agora's
backup is `<name>_<tick>_<index>.m3u8`, and of the one with the highest index and the plain one the larger is right.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recordings import playlists
from recordings.model import Part
from recordings.playlists import Playlist
from recordings.ports import StoredFile

SMALLEST = 1024
"""Bytes. A recording of nothing is known to be a file of a hundred bytes or two."""
_LONGEST_PART = 3.25 * 3600
_SPECIAL = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")
_PART = re.compile(r"(?P<name>.+)_(?P<index>\d+)\.mp4")
_FROM_BACKUP = re.compile(r"(?P<name>.+?)_(?P<tick>\d{6,})_(?P<index>\d+)\.m3u8")


@dataclass(frozen=True, slots=True)
class Sighting:
    """The objects of a recording, and the text of each playlist among them that counts, by key."""

    files: Sequence[StoredFile] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the objects make together. `finished`: the playlists say that nothing will be added."""

    parts: tuple[Part, ...] = ()
    playlists: tuple[str, ...] = ()
    seconds: float = 0.0
    size: int = 0
    missing: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    finished: bool = False

    @property
    def playable(self) -> bool:
        """Whether nothing that is named is missing or empty."""
        return bool(self.playlists or self.parts) and not self.missing and not self.empty

    @property
    def least_parts(self) -> int:
        """How many MP4 files this length makes at least."""
        return int(self.seconds // _LONGEST_PART) + 1

    @property
    def whole(self) -> bool:
        """Whether the MP4 files are there as well, as many as the length asks for."""
        return self.playable and bool(self.playlists) and len(self.parts) >= self.least_parts


def basename(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def expected(sid: str, channel: str, parts: int) -> tuple[str, ...]:
    """The names of a recording's files where no server failed: playlist and MP4 files."""
    name = f"{sid}_{_SPECIAL.sub('-', channel)}"
    return (f"{name}.m3u8", *(f"{name}_{index}.mp4" for index in range(parts)))


def of_recording(files: Iterable[StoredFile], sid: str) -> tuple[StoredFile, ...]:
    """Those of this recording among the objects of its folder."""
    return tuple(file for file in files if sid in basename(file.key))


def playlists_that_count(files: Iterable[StoredFile]) -> tuple[str, ...]:
    """The keys of the playlists: one for each server that recorded, whatever way it came."""
    versions: dict[str, list[tuple[int, StoredFile]]] = defaultdict(list)
    for file in files:
        if not file.key.endswith(".m3u8"):
            continue
        backup = _FROM_BACKUP.fullmatch(file.key)
        name = backup["name"] + ".m3u8" if backup else file.key
        versions[name].append((int(backup["index"]) if backup else -1, file))
    return tuple(_right_one(found).key for _, found in sorted(versions.items()))


def _right_one(versions: list[tuple[int, StoredFile]]) -> StoredFile:
    newest = max(versions, key=lambda version: version[0])
    plain = [version for version in versions if version[0] == -1]
    return max([newest, *plain], key=lambda version: (version[1].size, version[0]))[1]


def judge(sighting: Sighting, named: Sequence[str]) -> Verdict:
    """The verdict over what was found; `named`: the files that Agora named, with or without folders."""
    sizes = {basename(file.key): file.size for file in sighting.files}
    lists = {key: playlists.parse(text) for key, text in sighting.texts.items()}
    parts = sorted(_parts(sighting.files), key=_order)
    segments = [basename(segment) for found in lists.values() if found for segment in found.segments]
    wanted = dict.fromkeys([*map(basename, named), *_gaps(parts), *segments])
    whole_lists = [found for found in lists.values() if found is not None]
    return Verdict(
        parts=tuple(parts),
        playlists=tuple(lists),
        seconds=sum(found.seconds for found in whole_lists),
        size=sum(sizes.values()),
        missing=tuple(name for name in wanted if name not in sizes and not _replaced(name, lists)),
        empty=_empty(sizes, lists),
        finished=bool(whole_lists) and whole_lists[-1].finished,
    )


def _parts(files: Iterable[StoredFile]) -> Iterable[Part]:
    return (Part(key=file.key, size=file.size) for file in files if file.key.endswith(".mp4"))


def _order(part: Part) -> tuple[str, int]:
    found = _PART.fullmatch(part.key)
    return (found["name"], int(found["index"])) if found else (part.key, 0)


def _gaps(parts: Sequence[Part]) -> list[str]:
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
