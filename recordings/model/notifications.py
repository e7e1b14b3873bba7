"""Agora's notifications about a recorder, as values.

A notification can arrive twice, out of order, or never. A query decides what is true; a notification triggers one at
once, and adds facts that a query can't give. Doc page: shared/notification-center-service/event-types/cloud-recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class NotificationEvent(IntEnum):
    """Agora's `eventType`, for the events that concern a composite recording."""

    ERROR = 1
    WARNING = 2
    PLAYLIST = 4
    EXITED = 11
    MOVED = 12
    UPLOADED = 31
    IN_BACKUP = 32
    PROGRESS = 33
    STARTED = 40
    LEFT = 41
    SLICE = 42
    AUDIO = 43
    VIDEO = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One notification. A fact that its event does not carry is None, or empty.

    `id` is the same in every delivery. `uid` is the recorder's, as Agora names it. `sequence` is Agora's counter; it is
    not documented whether its modules share it, or whether it survives a move to another server.
    """

    id: str
    event: NotificationEvent
    agora_channel: str
    uid: int
    sid: str
    sequence: int | None = None
    sent_at: datetime
    """When the event happened, by Agora's clock."""
    received_at: datetime
    """When the bot received it, by its own clock."""
    code: int | None = None
    """`errorCode`, `warnCode`, `exitStatus`, `leaveCode`, `progress` (0 to 10,000), or the `state` of a stream
    (0 received, 1 not received)."""
    module: int | None = None
    """Of an error or a warning: 0 recorder, 1 uploader, 2 service."""
    level: int | None = None
    """Of an error: 1 to 5 (fatal)."""
    new_uid: int | None = None
    """The uid in the channel of a recorder that was moved."""
    stream_uid: int | None = None
    """Whose audio or video stream; 0: everybody's together."""
    begun_at: datetime | None = None
    """When a slice begins, or since when a stream is received or not received."""
    lost_from: datetime | None = None
    """When the slice before it ended. The same as `begun_at` if nothing is missing."""
    files: tuple[str, ...] = ()
    words: str = ""
    """Agora's text about an error."""

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Sorts notifications in the order in which the events happened, as far as it is known."""
        return self.sent_at, -1 if self.sequence is None else self.sequence, self.id


@dataclass(frozen=True, slots=True)
class Ignored:
    """A notification that says nothing about a composite recording."""

    why: str
