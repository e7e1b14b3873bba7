"""The files that Agora stores, by its naming rules, and the content of a playlist.

Doc page: cloud-recording/develop/manage-files. In composite mode one recorder stores:

<sid>_<channel>.m3u8                    the playlist
<sid>_<channel>_<time>.ts               the TS files that the playlist lists
<sid>_<channel>_<n>.mp4                 an MP4 file about every three hours, numbered from 0
bak<n>_<sid>_<channel>…                 the same, from another server to which Agora moved the recorder
<name>_<tick>_<index>.m3u8              a playlist that came by way of Agora's backup

Of the playlist from the backup with the highest index and the plain one, the larger is valid.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_NOT_IN_NAMES = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")
_MP4 = re.compile(r"(?P<stem>.+)_(?P<index>\d+)\.mp4")
_SERVER = re.compile(r"bak(?P<number>\d+)_")
_FROM_BACKUP = re.compile(r"(?P<stem>.+?)_(?P<tick>\d{6,})_(?P<index>\d+)\.m3u8")
_LENGTH = re.compile(r"#EXTINF:\s*(\d{1,9}(?:\.\d+)?)")
_BEGUN_AT = re.compile(r"_(?P<second>[12]\d{13})(?P<millisecond>\d{3})\.ts$")
"""The end of a TS file's name: when its media begins, in UTC, to the millisecond."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An object in the bucket: its full key, its size in bytes, and when it was stored."""

    key: str
    size: int
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Playlist:
    """`ts_files`: names in order; `seconds`: their total length; `finished`: no more will be added.

    `begun_at` and `ended_at`: when its media begins and ends; None if the names of the TS files don't say so.
    """

    ts_files: tuple[str, ...]
    seconds: float
    finished: bool
    begun_at: datetime | None = None
    ended_at: datetime | None = None


def parse_playlist(text: str) -> Playlist | None:
    """The playlist in a text; None if the text is not a playlist."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    if "#EXTM3U" not in lines:
        return None
    names, lengths = [], []
    length = 0.0
    for line in lines:
        if match := _LENGTH.match(line):
            length = float(match[1])
        elif line and not line.startswith("#"):
            names.append(line)
            lengths.append(length)
            length = 0.0
    begun_at, ended_at = _span(names, lengths)
    return Playlist(tuple(names), sum(lengths), "#EXT-X-ENDLIST" in lines, begun_at, ended_at)


def _span(names: Sequence[str], lengths: Sequence[float]) -> tuple[datetime, datetime] | tuple[None, None]:
    """From the beginning of the first TS file to the end of the last one."""
    begun_at, last_begun_at = (_begun_at(names[0]), _begun_at(names[-1])) if names else (None, None)
    if begun_at is None or last_begun_at is None or last_begun_at < begun_at:
        return None, None
    return begun_at, last_begun_at + timedelta(seconds=lengths[-1])


def _begun_at(ts_file: str) -> datetime | None:
    match = _BEGUN_AT.search(basename(ts_file))
    if match is None:
        return None
    try:
        second = datetime.strptime(match["second"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return second + timedelta(milliseconds=int(match["millisecond"]))


# names


def basename(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def server_of(key: str) -> int:
    """The server that stored a file: -1 for the first one, then 0, 1, … for those to which the recorder was moved."""
    match = _SERVER.match(basename(key))
    return int(match["number"]) if match else -1


@lru_cache(maxsize=4096)
def stem_of_playlist(name: str) -> str:
    """The beginning of all file names of one server, from the name or key of its playlist."""
    from_backup = _FROM_BACKUP.fullmatch(name)
    return from_backup["stem"] if from_backup else name.removesuffix(".m3u8")


def stem_of_mp4(name: str) -> str:
    """The stem of an MP4 file's name or key, which is that of its playlist too."""
    stem_and_index = split_mp4(name)
    return stem_and_index[0] if stem_and_index else name.removesuffix(".mp4")


@lru_cache(maxsize=4096)
def split_mp4(name: str) -> tuple[str, int] | None:
    """The stem and the number in the name or key of an MP4 file; None if it is not named by the rules."""
    match = _MP4.fullmatch(name)
    return (match["stem"], int(match["index"])) if match else None


def is_from_backup(key: str, name: str) -> bool:
    """Whether `key` is the playlist called `name`, under the name that Agora's backup gave it."""
    from_backup = _FROM_BACKUP.fullmatch(basename(key))
    return from_backup is not None and f"{from_backup['stem']}.m3u8" == name


def least_names(sid: str, channel: str) -> tuple[str, str]:
    """The names of the files that a recorder stores at least: a playlist and an MP4 file."""
    stem = f"{sid}_{_NOT_IN_NAMES.sub('-', channel)}"
    return f"{stem}.m3u8", f"{stem}_0.mp4"


def names_of_absent_playlists(names: Iterable[str], playlists: Iterable[str]) -> list[str]:
    """The names of the playlists of those servers that stored other files, but no playlist."""
    stems = {server_of(key): stem_of_playlist(basename(key)) for key in playlists}
    servers = sorted({server_of(name) for name in names} - stems.keys())
    any_stem = next(iter(stems.values()), None)
    if any_stem is None:
        return []
    stem = _SERVER.sub("", any_stem, count=1)
    return [f"bak{number}_{stem}.m3u8" if number >= 0 else f"{stem}.m3u8" for number in servers]


# selections of files


def of_sid(files: Iterable[StoredFile], sid: str) -> tuple[StoredFile, ...]:
    """The files of one recorder."""
    return tuple(file for file in files if sid in basename(file.key))


def effective_playlists(files: Iterable[StoredFile]) -> tuple[str, ...]:
    """The keys of the valid playlists: one for each server, in the order of the servers."""
    versions: dict[str, list[tuple[int, StoredFile]]] = defaultdict(list)
    for file in files:
        if not file.key.endswith(".m3u8"):
            continue
        from_backup = _FROM_BACKUP.fullmatch(file.key)
        versions[stem_of_playlist(file.key)].append((int(from_backup["index"]) if from_backup else -1, file))
    return tuple(_valid_version(versions[stem]).key for stem in sorted(versions, key=server_of))


def _valid_version(versions: list[tuple[int, StoredFile]]) -> StoredFile:
    """`versions`: each with its index, -1 for the plain one."""
    newest = max(versions, key=lambda version: version[0])
    plain = [version for version in versions if version[0] == -1]
    return max([newest, *plain], key=lambda version: (version[1].size, version[0]))[1]
