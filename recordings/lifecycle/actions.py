"""What a step does, what came of it, and what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recordings.errors import AgoraError, BucketError, SlackError
from recordings.model.alerts import Alert
from recordings.model.audit import AuditEvent
from recordings.model.inventory import BucketListing
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted


@dataclass(frozen=True, slots=True)
class PostCard:
    """Post the card. Nobody is recorded before the channel sees it."""


@dataclass(frozen=True, slots=True)
class AllocateRecorder:
    """Allocate a new recorder, with a uid that nobody in the channel has."""


@dataclass(frozen=True, slots=True)
class Acquire:
    """Acquire a resource for the recorder."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start the recorder. `first`: no earlier call can have started it."""

    first: bool


@dataclass(frozen=True, slots=True)
class Query:
    """Query the recorder's status."""


@dataclass(frozen=True, slots=True)
class ChangeLayout:
    """Change the recorder's layout to the one that the recording should have."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the recorder."""


@dataclass(frozen=True, slots=True)
class ThrowOut:
    """Remove the recorder from the channel by its uid, since its sid is unknown."""


@dataclass(frozen=True, slots=True)
class CheckFiles:
    """Check the bucket for the files of a recorder that is gone."""


@dataclass(frozen=True, slots=True)
class Reevaluate:
    """Decide from the row alone, without a call."""


Action = (
    PostCard | AllocateRecorder | Acquire | Start | Query | ChangeLayout | Stop | ThrowOut | CheckFiles | Reevaluate
)

CallResult = None | int | str | RecorderStatus | StopAccepted | BucketListing | AgoraError | SlackError | BucketError
"""What a call returned, or the error that it raised."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an action.

    `users`: who is in the channel, if the step also listed them and Agora answered. `own_uids`: the bot's recorders.
    `stored_at`: when the first file was stored, if the step also checked the bucket and found one.
    """

    answer: CallResult = None
    users: ChannelUsers | None = None
    own_uids: frozenset[int] = frozenset()
    stored_at: datetime | None = None

    @property
    def people(self) -> frozenset[int] | None:
        """The people who keep a recorder in the channel; None if unknown."""
        return None if self.users is None else self.users.hosts - self.own_uids

    @property
    def people_count(self) -> int | None:
        """How many people are in the channel, including the audience; None if unknown."""
        return None if self.users is None else len((self.users.hosts | self.users.audience) - self.own_uids)

    @property
    def error(self) -> AgoraError | None:
        return self.answer if isinstance(self.answer, AgoraError) else None


@dataclass(frozen=True, slots=True)
class Change:
    """What a step writes, in one transaction."""

    recording: Recording
    recorders: tuple[Recorder, ...] = ()
    alerts: tuple[Alert, ...] = ()
    processed: tuple[str, ...] = ()
    """Ids of the notifications that the change takes into account."""
    audit_events: tuple[AuditEvent, ...] = ()
    """What the bot did by itself."""
    only_if_unchanged: bool = False
    """The storage writes nothing if an intent arrived meanwhile: the step made no call yet, and the intent may lead to
    another decision."""
