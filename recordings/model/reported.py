"""What Agora reported about a recorder: in its notifications, and in its answers to calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class ExitCause(StrEnum):
    """Why a recorder left, as Agora reported it. Of several causes the first in this order counts."""

    IDLE = "idle"
    CRASHED = "crashed"
    LEFT = "left"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span of the call that is not in the recording."""

    begun_at: datetime
    ended_at: datetime

    def overlaps(self, other: Gap) -> bool:
        """Whether both have a moment in common."""
        return self.begun_at <= other.ended_at and other.begun_at <= self.ended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The audio or video of one person, or with `uid` 0 of everybody together, and whether Agora receives it."""

    sound: bool
    uid: int
    received: bool
    since: datetime
    """By Agora's clock: decides which of two notifications is newer."""
    received_at: datetime
    """By the bot's clock: a span counted from it does not depend on Agora's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The facts that Agora's notifications reported. The order in which they arrived makes no difference."""

    notifications: int = 0
    up_at: datetime | None = None
    exit_cause: ExitCause | None = None
    """Set if Agora reported that the recorder left. A query has to confirm it."""
    exit_received_at: datetime | None = None
    """When that notification arrived."""
    moved_at: datetime | None = None
    """When Agora last began to move the recorder to another server."""
    moving: bool = False
    """The recorder is being moved: no query has found it since."""
    stored_at: datetime | None = None
    """When the first playlist was stored."""
    gaps: tuple[Gap, ...] = ()
    upload_error_at: datetime | None = None
    """The newest upload error."""
    uploaded_at: datetime | None = None
    """When all files were in the bucket."""
    backup_at: datetime | None = None
    """When some files were in Agora's backup."""
    progress: int = 0
    """Of the upload, 0 to 10,000. It never decreases."""
    progress_at: datetime | None = None
    """When this progress was first reported."""
    streams: tuple[Stream, ...] = ()
    media_received: bool = False
    """Agora received audio or video of somebody at any time."""
    upload_warning_open: bool = False
    """The channel was warned of failing uploads, and not told yet that they work again."""
    upload_warned_at: datetime | None = None
    silence_warning_open: bool = False
    """The channel was warned that nobody is heard, and not told yet that somebody is."""
    notification_missed: bool = False
    """An expected notification did not arrive."""

    @property
    def has_left(self) -> bool:
        """Whether Agora reported an exit that is not just the exit from a server during a move."""
        return self.exit_cause is not None and not self.moving

    @property
    def has_media(self) -> bool:
        """Whether anything that was reported says that somebody was recorded."""
        moments = (self.stored_at, self.upload_error_at, self.backup_at)
        return self.media_received or bool(self.gaps) or self.progress > 0 or any(moments)

    @property
    def is_upload_failing(self) -> bool:
        """Whether no file was uploaded since the newest upload error."""
        successes = [moment for moment in (self.progress_at, self.uploaded_at) if moment is not None]
        return self.upload_error_at is not None and all(moment < self.upload_error_at for moment in successes)

    @property
    def silent_since(self) -> datetime | None:
        """Since when Agora receives no audio; None if it receives some, or if that is unknown."""
        sounds = [stream for stream in self.streams if stream.sound]
        if not sounds or any(stream.received for stream in sounds):
            return None
        return max(stream.received_at for stream in sounds)

    def for_new_recorder(self) -> Reported:
        """The facts that still hold when another recorder takes over. An open warning stays open, together with the
        facts that close it, so that its end is reported too."""
        return replace(
            NOTHING_REPORTED,
            notifications=self.notifications,
            gaps=self.gaps,
            upload_error_at=self.upload_error_at if self.upload_warning_open else None,
            upload_warning_open=self.upload_warning_open,
            upload_warned_at=self.upload_warned_at,
            streams=self.streams if self.silence_warning_open else (),
            silence_warning_open=self.silence_warning_open,
        )

    @property
    def progress_tenths(self) -> int:
        """The upload progress, 0 to 10. The card shows no finer steps because each step is an edit."""
        return self.progress // 1000


NOTHING_REPORTED = Reported()


DOCUMENTED_STATUSES = frozenset({*range(9), 20})
"""Doc page: cloud-recording/rest-api/query."""


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """An answer to `query`: Agora's status and the files that it names so far."""

    status: int
    files: tuple[str, ...] = ()

    @property
    def is_documented(self) -> bool:
        """Whether the status has a known meaning. Another one says nothing about the recorder."""
        return self.status in DOCUMENTED_STATUSES


@dataclass(frozen=True, slots=True)
class StopAccepted:
    """An answer 200 to `stop`: the files that Agora named, and `uploaded`, `backuped`, `unknown` or an empty text."""

    files: tuple[str, ...] = ()
    uploading_status: str = ""


@dataclass(frozen=True, slots=True)
class ChannelUsers:
    """The uids in a channel. `hosts` keep a recorder there: everybody, or in a live channel the broadcasters."""

    hosts: frozenset[int] = frozenset()
    audience: frozenset[int] = frozenset()
