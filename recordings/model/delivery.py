"""The delivery of a recording: which of its files are in the bucket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from recordings.model.playlists import basename, split_mp4, stem_of_mp4, stem_of_playlist


class DeliveryState(StrEnum):
    """The result of the delivery checks so far."""

    AWAITED = "awaited"
    """Checked, and not complete yet."""
    IN_BACKUP = "in_backup"
    """Agora keeps the files in its backup, and goes on trying to store them."""
    READY = "ready"
    """Complete."""
    MISSING = "missing"
    """Reported as not delivered. The engine still checks now and then, in case the files come late."""
    UNVERIFIED = "unverified"
    """The bot can't read the bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """An MP4 file of a recording: its key in the bucket, and its size in bytes."""

    key: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """What one server recorded, by its playlist. The MP4 files with the same stem contain the same media."""

    playlist: str
    """Its key in the bucket."""
    seconds: float | None = None
    """None: unknown."""
    begun_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def stem(self) -> str:
        return stem_of_playlist(basename(self.playlist))

    @property
    def length(self) -> timedelta | None:
        return timedelta(seconds=self.seconds) if self.seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the last delivery check found in the bucket."""

    state: DeliveryState = DeliveryState.AWAITED
    media_files: tuple[MediaFile, ...] = ()
    playlists: tuple[str, ...] = ()
    """Keys in the bucket."""
    footage: tuple[Footage, ...] = ()
    """Of each playlist, in order. Empty in rows of the previous release."""
    seconds: float = 0.0
    """The length of everything recorded, by the playlists: also of what is in no MP4 file."""
    size: int = 0
    """Bytes of all files together."""
    missing: tuple[str, ...] = ()
    """Names of expected files that are not in the bucket."""
    empty: tuple[str, ...] = ()
    """Names of files that are too small to hold anything."""
    code: str = ""
    """The storage's error code if it refused a check, else empty."""
    checks: int = 0
    failures: int = 0
    """Consecutive checks that the storage did not answer."""
    fingerprint: str = ""
    """Describes the objects found. The same fingerprint in two checks means that nothing arrived in between."""

    @property
    def downloadable(self) -> tuple[MediaFile, ...]:
        """The MP4 files that exist and are not empty, even if others are missing."""
        if self.state not in (DeliveryState.READY, DeliveryState.MISSING):
            return ()
        return tuple(file for file in self.media_files if basename(file.key) not in self.empty)

    @property
    def download_size(self) -> int:
        """Bytes of the files that people can download."""
        return sum(file.size for file in self.downloadable)

    @property
    def length(self) -> timedelta | None:
        """The length of the files that people can download; None if it is unknown."""
        linked = [footage for footage in self.known_footage if self.files_of(footage)]
        if sum(len(self.files_of(footage)) for footage in linked) < len(self.downloadable):
            return None
        if not self.footage and len(linked) == len(self.playlists):
            return timedelta(seconds=self.seconds) or None
        lengths = [footage.length for footage in linked if footage.length is not None]
        return sum(lengths, timedelta()) or None if len(lengths) == len(linked) else None

    @property
    def known_footage(self) -> tuple[Footage, ...]:
        """What is known of each playlist, even in a row of the previous release."""
        if self.footage:
            return self.footage
        seconds = self.seconds if len(self.playlists) == 1 else None
        return tuple(Footage(playlist=key, seconds=seconds) for key in self.playlists)

    def is_linked(self, footage: Footage) -> bool:
        """Whether files that people can download contain it, or some of it."""
        return any(_stem(file) == footage.stem for file in self.downloadable)

    def is_stored(self, footage: Footage) -> bool:
        """Whether its streaming segments are in the bucket, or at least some of them."""
        return basename(footage.playlist) not in self.empty

    def lacks_segments(self, footage: Footage) -> bool:
        """Whether some of its streaming segments are missing or empty."""
        names = (*self.missing, *self.empty)
        return any(name.startswith(f"{footage.stem}_") and name.endswith(".ts") for name in names)

    def files_of(self, footage: Footage) -> tuple[MediaFile, ...]:
        """The files that people can download and that contain it together; none if one of them is missing."""
        incomplete = {split[0] for name in (*self.missing, *self.empty) if (split := split_mp4(name)) is not None}
        if footage.stem in incomplete:
            return ()
        return tuple(file for file in self.downloadable if _stem(file) == footage.stem)

    def footage_of(self, file: MediaFile) -> Footage | None:
        """What one file contains; None if that is unknown. If several files share a playlist, nothing says when Agora
        began the next one."""
        return next((footage for footage in self.known_footage if self.files_of(footage) == (file,)), None)

    @property
    def card_content(self) -> object:
        """What the card renders of it: nothing that changes from check to check."""
        if self.state in (DeliveryState.AWAITED, DeliveryState.IN_BACKUP):
            return self.state
        return replace(self, checks=0, failures=0, fingerprint="")


def _stem(file: MediaFile) -> str:
    return stem_of_mp4(basename(file.key))
