"""The files of a recording, as far as the bot has seen them in the bucket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class DeliveryState(StrEnum):
    """How the files of a recording stand, as far as the bot could see for itself."""

    AWAITED = "awaited"
    """Looked for: not all there yet."""
    IN_BACKUP = "in_backup"
    """Agora keeps them for now, and goes on trying to store them."""
    READY = "ready"
    """All there."""
    MISSING = "missing"
    """Told as not delivered; looked for now and then, should they come after all."""
    UNVERIFIED = "unverified"
    """The bot can't look into the bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """An MP4 file of a recording: its key in the bucket, and its size in bytes."""

    key: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What was found of a recording in the bucket when it was last looked at."""

    state: DeliveryState = DeliveryState.AWAITED
    media_files: tuple[MediaFile, ...] = ()
    playlists: tuple[str, ...] = ()
    """Keys."""
    seconds: float = 0.0
    """How long the recording lasts, by its playlists."""
    size: int = 0
    """Bytes of all its files."""
    missing: tuple[str, ...] = ()
    """Files that should be there and are not."""
    empty: tuple[str, ...] = ()
    """Files that are too small to hold anything."""
    code: str = ""
    """The storage's own word where it refused to be looked into, else empty."""
    checks: int = 0
    failures: int = 0
    """Looks in a row that the storage did not answer."""
    seen: str = ""
    """Names what was found: the same twice means that nothing came meanwhile."""

    @property
    def downloadable(self) -> tuple[MediaFile, ...]:
        """The MP4 files that a link can give: those that are there, also where others are missing."""
        if self.state not in (DeliveryState.READY, DeliveryState.MISSING):
            return ()
        return tuple(part for part in self.media_files if part.key.rsplit("/", 1)[-1] not in self.empty)

    @property
    def visible(self) -> object:
        """What the card shows of it: nothing that still changes from look to look."""
        if self.state in (DeliveryState.AWAITED, DeliveryState.IN_BACKUP):
            return self.state
        return replace(self, checks=0, failures=0, seen="")
