"""What Agora tells by itself, as plain values: one notice for each of its notifications about a recorder.

A notice can come twice, out of order, or never. Queries stay the truth; a notice makes one happen at once and adds what
a query can't say. Doc page: shared/notification-center-service/event-types/cloud-recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class NotificationEvent(IntEnum):
    """The `eventType` of a notice that means something to a composite recording."""

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
    """One notification. What an event does not carry is None, or empty.

    `id`: the same for every delivery of it. `uid`: the recorder's, as the notice names it. `sequence`: Agora's count,
    not documented to be shared by its modules or to survive a move.
    """

    id: str
    event: NotificationEvent
    agora_channel: str
    uid: int
    sid: str
    sequence: int | None = None
    sent_at: datetime
    """When it happened, by Agora's clock."""
    received_at: datetime
    code: int | None = None
    """`errorCode`, `warnCode`, `exitStatus`, `leaveCode`, `progress` (0 to 10,000), or `state` of a stream (0 received,
    1 not received)."""
    module: int | None = None
    """Of an error or a warning: 0 recorder, 1 uploader, 2 service."""
    level: int | None = None
    """Of an error: 1 to 5 (fatal)."""
    new_uid: int | None = None
    """The uid that a moved recorder has in the channel from now on."""
    stream_uid: int | None = None
    """Whose sound or picture; 0: everybody's together."""
    begun_at: datetime | None = None
    """When a slice begins; or since when a stream is received, or not."""
    lost_from: datetime | None = None
    """When the slice before it broke off; the same as `begun_at` where nothing was lost."""
    files: tuple[str, ...] = ()
    words: str = ""
    """Agora's own words about an error."""

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Sorts notices as they happened, as far as is known."""
        return self.sent_at, -1 if self.sequence is None else self.sequence, self.id


@dataclass(frozen=True, slots=True)
class Ignored:
    """A notification that says nothing about a composite recording."""

    why: str
