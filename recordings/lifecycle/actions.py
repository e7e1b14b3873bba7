"""The one thing that a step does, and what came of it."""

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
    """Post the card: whoever can't be told is not recorded."""


@dataclass(frozen=True, slots=True)
class AllocateRecorder:
    """Give the recording a new recorder with a uid that nobody in the channel has."""


@dataclass(frozen=True, slots=True)
class Acquire:
    """Get a resource for the recorder."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start the recorder. `first`: it has surely not been started before."""

    first: bool


@dataclass(frozen=True, slots=True)
class Query:
    """Ask Agora how the recorder is."""


@dataclass(frozen=True, slots=True)
class ChangeLayout:
    """Ask Agora to arrange people in the picture as somebody wants it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Ask Agora to stop the recorder."""


@dataclass(frozen=True, slots=True)
class ThrowOut:
    """Throw the recorder out of the channel by its uid, since its sid is unknown."""


@dataclass(frozen=True, slots=True)
class CheckFiles:
    """Look into the bucket for the files of a recorder that is gone."""


@dataclass(frozen=True, slots=True)
class Reevaluate:
    """No call: the row alone says what follows."""


Action = (
    PostCard | AllocateRecorder | Acquire | Start | Query | ChangeLayout | Stop | ThrowOut | CheckFiles | Reevaluate
)

CallResult = None | int | str | RecorderStatus | StopAccepted | BucketListing | AgoraError | SlackError | BucketError
"""What a call returned, or the error that it raised."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`users`: who is in the channel, where that was asked as well and answered; the bot's own recorders left out
    of `people`. `stored_at`: when the first file was stored, where the bucket was looked into as well and has one."""

    answer: CallResult = None
    users: ChannelUsers | None = None
    own_uids: frozenset[int] = frozenset()
    stored_at: datetime | None = None

    @property
    def people(self) -> frozenset[int] | None:
        """Those who keep a recorder in the channel; None where it is not known."""
        return None if self.users is None else self.users.hosts - self.own_uids

    @property
    def present(self) -> int | None:
        """How many are in the channel, listeners too; None where it is not known."""
        return None if self.users is None else len((self.users.hosts | self.users.audience) - self.own_uids)

    @property
    def error(self) -> AgoraError | None:
        return self.answer if isinstance(self.answer, AgoraError) else None


@dataclass(frozen=True, slots=True)
class Change:
    """What a step writes, all in one transaction."""

    recording: Recording
    recorders: tuple[Recorder, ...] = ()
    alerts: tuple[Alert, ...] = ()
    processed: tuple[str, ...] = ()
    """Ids of Agora's notices that are taken into account with it."""
    audit_events: tuple[AuditEvent, ...] = ()
    """What the bot does by itself with it, for the log of acts."""
    only_if_unchanged: bool = False
    """Nothing was done yet, and a wish that came meanwhile may change everything: nothing is written then."""
