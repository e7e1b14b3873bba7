"""What Agora told of a recording by itself, and why a recorder is said to have left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Exit(StrEnum):
    """Why a recorder left, as Agora told; the first that was told counts, in this order."""

    IDLE = "idle"
    CRASHED = "crashed"
    LEFT = "left"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span of the call that is not in the recording."""

    begun_at: datetime
    ended_at: datetime

    def meets(self, other: Gap) -> bool:
        """Whether they have a moment in common."""
        return self.begun_at <= other.ended_at and other.begun_at <= self.ended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Sound or picture of somebody, or with `uid` 0 of everybody together, and since when it comes or does not."""

    sound: bool
    uid: int
    received: bool
    since: datetime
    """By Agora's clock: tells which word is the newer one."""
    learnt_at: datetime
    """By the bot's own: how long it has been so does not depend on whether the two agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What Agora told by itself, where its notifications reach the bot. In which order they came leaves no trace."""

    notifications: int = 0
    up_at: datetime | None = None
    exit: Exit | None = None
    """It is said to have left; a query has yet to agree."""
    exit_at: datetime | None = None
    """When that came."""
    moved_at: datetime | None = None
    """When Agora last began to move it to another server."""
    moving: bool = False
    """It is being moved: no query has found it since."""
    stored_at: datetime | None = None
    """When a first playlist was said to be stored."""
    gaps: tuple[Gap, ...] = ()
    failing_at: datetime | None = None
    """The newest error of an upload."""
    uploaded_at: datetime | None = None
    """When everything was said to be stored."""
    backup_at: datetime | None = None
    """When some of it was said to be in Agora's backup."""
    progress: int = 0
    """Of the upload, up to 10,000; never less than before."""
    progress_at: datetime | None = None
    """When that much was first told."""
    streams: tuple[Stream, ...] = ()
    upload_warning_open: bool = False
    upload_warned_at: datetime | None = None
    silence_warning_open: bool = False
    missed: bool = False
    """A notice that should have come did not."""

    @property
    def has_left(self) -> bool:
        """Whether Agora reported that the recorder left, and not only the server from which it is being moved."""
        return self.exit is not None and not self.moving

    @property
    def failing(self) -> bool:
        """Whether uploads fail: no file went up since the newest error."""
        went_on = [moment for moment in (self.progress_at, self.uploaded_at) if moment is not None]
        return self.failing_at is not None and all(moment < self.failing_at for moment in went_on)

    @property
    def silent_since(self) -> datetime | None:
        """Since when nobody is heard; None where somebody is, or where it is not known."""
        sounds = [stream for stream in self.streams if stream.sound]
        if not sounds or any(stream.received for stream in sounds):
            return None
        return max(stream.learnt_at for stream in sounds)

    def for_new_recorder(self) -> Reported:
        """What still holds when another recorder takes the place of the one that it was told of. Warnings that
        were told stay told, with what they go by, so that their end is told as well."""
        return replace(
            NOTHING_REPORTED,
            notifications=self.notifications,
            gaps=self.gaps,
            failing_at=self.failing_at if self.upload_warning_open else None,
            upload_warning_open=self.upload_warning_open,
            upload_warned_at=self.upload_warned_at,
            streams=self.streams if self.silence_warning_open else (),
            silence_warning_open=self.silence_warning_open,
        )

    @property
    def tenths(self) -> int:
        """Of the upload: the card shows no finer steps, since each is an edit."""
        return self.progress // 1000


NOTHING_REPORTED = Reported()
"""Where no notification came."""


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """An answer to `query`: Agora's status (0 to 8, 20) and the files that it names so far."""

    status: int
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopAccepted:
    """A 200 to `stop`: the files that Agora named, and `uploaded`, `backuped`, `unknown` or empty."""

    files: tuple[str, ...] = ()
    uploading_status: str = ""


@dataclass(frozen=True, slots=True)
class ChannelUsers:
    """The uids in a channel. `hosts` keep a recorder there: everybody, or in a live channel the broadcasters."""

    hosts: frozenset[int] = frozenset()
    audience: frozenset[int] = frozenset()
