"""The delivery of a recording: which of its files are in the bucket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


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
class Delivery:
    """What the last delivery check found in the bucket."""

    state: DeliveryState = DeliveryState.AWAITED
    media_files: tuple[MediaFile, ...] = ()
    playlists: tuple[str, ...] = ()
    """Keys in the bucket."""
    seconds: float = 0.0
    """The length of the recording, by its playlists."""
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
        return tuple(file for file in self.media_files if file.key.rsplit("/", 1)[-1] not in self.empty)

    @property
    def card_content(self) -> object:
        """What the card renders of it: nothing that changes from check to check."""
        if self.state in (DeliveryState.AWAITED, DeliveryState.IN_BACKUP):
            return self.state
        return replace(self, checks=0, failures=0, fingerprint="")
