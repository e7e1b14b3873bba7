"""A delivery check: the files that a recording should have in the bucket, compared with those that it has.

A recording whose recorder was lost has more than one sid: each segment is checked by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from recordings.model.delivery import Footage, MediaFile
from recordings.model.playlists import (
    Playlist,
    StoredFile,
    basename,
    is_from_backup,
    names_of_absent_playlists,
    of_sid,
    parse_playlist,
    server_of,
    split_mp4,
    stem_of_playlist,
)
from recordings.model.recording import Recording, State
from recordings.model.segments import LostSegment

NOTHING_TO_UPLOAD = "nothing"
"""An `uploading_status` of our own: Agora answered that nothing was recorded."""
_SMALLEST_MP4 = 1024
"""Bytes. An MP4 file without content has one or two hundred."""
_LONGEST_MP4 = 3.25 * 3600
"""Seconds. Agora begins a new MP4 file after two to three hours or 2 GB."""


# what there should be


@dataclass(frozen=True, slots=True)
class ExpectedFiles:
    """The files that one recorder should have stored.

    `named`: the files that Agora named. `may_lack_mp4`: the recorder may have died before it made an MP4 file.
    `lost_at`: when it was given up, if another recorder followed.
    """

    sid: str
    named: tuple[str, ...] = ()
    uploading_status: str = ""
    may_lack_mp4: bool = False
    lost_at: datetime | None = None


def expected_files(recording: Recording) -> tuple[ExpectedFiles, ...]:
    """One for each segment that can have files, in order; nothing if no files can exist."""
    expected = [_of_lost_segment(segment) for segment in recording.lost_segments]
    was_up = recording.up_at is not None or bool(recording.files)
    if recording.sid is not None and was_up and recording.uploading_status != NOTHING_TO_UPLOAD:
        died = recording.state is State.FAILED
        expected.append(ExpectedFiles(recording.sid, recording.files, recording.uploading_status, died))
    return tuple(expected)


def _of_lost_segment(segment: LostSegment) -> ExpectedFiles:
    """Agora names an MP4 file before it exists: a lost recorder has to have stored its playlist only."""
    named = tuple(name for name in segment.files if not name.endswith(".mp4"))
    return ExpectedFiles(segment.sid, named, segment.uploading_status, may_lack_mp4=True, lost_at=segment.lost_at)


# what there is


@dataclass(frozen=True, slots=True)
class BucketListing:
    """The objects of a recording, and by key the texts of the valid playlists among them."""

    files: Sequence[StoredFile] = ()
    texts: Mapping[str, str] = field(default_factory=dict)

    def of(self, sid: str) -> BucketListing:
        """The objects of one recorder."""
        texts = {key: text for key, text in self.texts.items() if sid in basename(key)}
        return BucketListing(of_sid(self.files, sid), texts)


# the comparison


@dataclass(frozen=True, slots=True)
class DeliveryCheck:
    """The result of comparing the objects with the expected files. `finished`: the last playlist is complete."""

    media_files: tuple[MediaFile, ...] = ()
    playlists: tuple[str, ...] = ()
    footage: tuple[Footage, ...] = ()
    seconds: float = 0.0
    size: int = 0
    missing: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    finished: bool = False
    missing_mp4: tuple[str, ...] = ()
    """MP4 files that Agora did not name, but that the lengths of the playlists require, and that are not there."""
    missing_mp4_of_last_server: tuple[str, ...] = ()
    """Those of them that the last server should have made. A recorder that died may have made none."""
    last_mp4_at: datetime | None = None
    """When the newest MP4 file of the last server was stored."""
    last_ts_at: datetime | None = None
    """When the newest TS file was stored."""

    @property
    def is_playable(self) -> bool:
        """Whether there is a playlist, and no named file is missing or empty."""
        return bool(self.playlists) and not self.missing and not self.empty

    @property
    def is_complete(self) -> bool:
        """Whether the recording is playable and has as many MP4 files as its length requires."""
        return self.is_playable and not self.missing_mp4


def inspect(listing: BucketListing, named: Sequence[str]) -> DeliveryCheck:
    """Checks the objects of one recorder. `named`: the files that Agora named, with or without folders."""
    sizes = {basename(file.key): file.size for file in listing.files}
    playlists = {key: parse_playlist(text) for key, text in listing.texts.items()}
    readable = [playlist for playlist in playlists.values() if playlist is not None]
    media_files = sorted(_media_files(listing.files), key=_order)
    ts_files = [basename(name) for playlist in readable for name in playlist.ts_files]
    required = dict.fromkeys(
        [
            *map(basename, named),
            *names_of_absent_playlists(sizes, playlists),
            *_missing_numbers(media_files),
            *ts_files,
        ]
    )
    last_server = max(map(server_of, playlists), default=-1)
    last_media_files = {basename(file.key) for file in media_files if server_of(file.key) == last_server}
    missing_mp4 = {
        key: [name for name in _required_mp4(key, playlist) if name not in sizes] for key, playlist in playlists.items()
    }
    return DeliveryCheck(
        media_files=tuple(media_files),
        playlists=tuple(playlists),
        footage=tuple(_footage(key, playlist) for key, playlist in playlists.items()),
        seconds=sum(playlist.seconds for playlist in readable),
        size=sum(sizes.values()),
        missing=tuple(name for name in required if name not in sizes and not _is_in_backup(name, playlists)),
        empty=_empty_files(sizes, playlists),
        finished=bool(readable) and readable[-1].finished,
        missing_mp4=tuple(name for names in missing_mp4.values() for name in names),
        missing_mp4_of_last_server=tuple(missing_mp4[list(playlists)[-1]]) if playlists else (),
        last_mp4_at=_newest(listing.files, last_media_files),
        last_ts_at=_newest(listing.files, set(ts_files)),
    )


def _media_files(files: Iterable[StoredFile]) -> Iterable[MediaFile]:
    return (MediaFile(key=file.key, size=file.size) for file in files if file.key.endswith(".mp4"))


def _footage(key: str, playlist: Playlist | None) -> Footage:
    if playlist is None:
        return Footage(playlist=key)
    return Footage(playlist=key, seconds=playlist.seconds, begun_at=playlist.begun_at, ended_at=playlist.ended_at)


def _order(file: MediaFile) -> tuple[int, str, int]:
    stem, index = split_mp4(file.key) or (file.key, 0)
    return server_of(file.key), stem, index


def _missing_numbers(media_files: Sequence[MediaFile]) -> list[str]:
    """The names of all MP4 files before the highest number: they are numbered from 0."""
    highest: dict[str, int] = {}
    for file in media_files:
        if stem_and_index := split_mp4(basename(file.key)):
            stem, index = stem_and_index
            highest[stem] = max(index, highest.get(stem, 0))
    return [f"{stem}_{index}.mp4" for stem, count in highest.items() for index in range(count)]


def _required_mp4(key: str, playlist: Playlist | None) -> list[str]:
    """The names of the MP4 files that belong at least to a playlist of this length."""
    count = int((playlist.seconds if playlist else 0) // _LONGEST_MP4) + 1
    return [f"{stem_of_playlist(basename(key))}_{index}.mp4" for index in range(count)]


def _is_in_backup(name: str, playlists: Iterable[str]) -> bool:
    """Whether a playlist that Agora named came by way of its backup, under another name."""
    return any(is_from_backup(key, name) for key in playlists)


def _empty_files(sizes: Mapping[str, int], playlists: Mapping[str, Playlist | None]) -> tuple[str, ...]:
    empty_playlists = [basename(key) for key, playlist in playlists.items() if not playlist or not playlist.ts_files]
    empty_mp4 = [name for name, size in sizes.items() if name.endswith(".mp4") and size < _SMALLEST_MP4]
    empty_ts = [name for name, size in sizes.items() if name.endswith(".ts") and size == 0]
    return tuple(dict.fromkeys((*empty_playlists, *empty_mp4, *empty_ts)))


def _newest(files: Iterable[StoredFile], names: set[str]) -> datetime | None:
    return max((file.stored_at for file in files if basename(file.key) in names), default=None)
