"""What the service, the engine and the notifier need of the storage, as Protocols.

Every method raises `StorageUnavailable` where the database can't be used; those that take an `epoch` raise
`LeaseLost`, and write nothing, where another replica leads meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from recordings.lifecycle.actions import Change
from recordings.lifecycle.incidents import Pause, Review
from recordings.model.alerts import Alert, AlertName, Taken, TakenAlert
from recordings.model.audit import Act
from recordings.model.incidents import Trouble
from recordings.model.listing import Cursor
from recordings.model.notifications import Notice
from recordings.model.options import Layout
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.model.timeline import Line


@dataclass(frozen=True, slots=True)
class Job:
    """A recording that is due, with the recorder that it wants."""

    recording: Recording
    recorder: Recorder | None


@dataclass(frozen=True, slots=True)
class CardJob:
    """A recording that is newer than its card; `version` is what the card shows once it is drawn."""

    recording: Recording
    version: int
    tries: int


@dataclass(frozen=True, slots=True)
class AlertJob:
    """An alert that Slack does not have yet."""

    id: int
    alert: Alert
    card_ts: str | None
    due_at: datetime
    tries: int
    direct: bool = False
    """The channel refused it for good: it goes to the person who started the recording."""


@dataclass(frozen=True, slots=True)
class LineJob:
    """Something that happened, and is not told yet."""

    id: int
    line: Line
    card_ts: str | None
    due_at: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A failure to be told through the command's response_url, which is as good as a password for 30 minutes."""

    recording: Recording
    response_url: str = field(repr=False)


class Share(Enum):
    """Recordings that are not settled, by what they wait for."""

    ASKED = "asked"
    """Somebody waits for them: they start or stop."""
    WATCHED = "watched"
    LOOKED_FOR = "looked for"
    """Their files are."""


class Wishes(Protocol):
    """For the service."""

    def add_recording(
        self, recording: Recording, response_url: str | None, request: str | None = None, act: Act | None = None
    ) -> Recording | None:
        """Writes a new recording down; where its Agora channel is taken, nothing, and returns the one that has it."""

    def wish_stop(
        self, recording_id: str, by: str, at: datetime, request: str | None = None, act: Act | None = None
    ) -> Recording:
        """Writes the wish down unless there is one already or it is over; returns the row as it then is.

        An `act` is noted together with the wish, or, where nothing is written, not at all.
        """

    def wish_end(
        self,
        recording_id: str,
        by: str,
        at: datetime,
        later: Callable[[Recording], datetime | None],
        request: str | None = None,
        act: Act | None = None,
    ) -> tuple[Recording, Recording]:
        """Puts the end off to what `later` says of the row as it is at that moment, so that two people at once both
        count; the row before and after. The same twice: `later` gave None, or the request had been written down."""

    def wish_layout(
        self,
        recording_id: str,
        layout: Layout,
        by: str,
        at: datetime,
        changes: Callable[[Recording], bool],
        request: str | None = None,
        act: Act | None = None,
    ) -> tuple[Recording, Recording]:
        """Writes down the layout that somebody wants, where that `changes` anything in the row as it is at that
        moment; the row before and after. The same twice: it does not, or the request had been written down."""

    def repeated(self, request: str | None) -> Recording | None:
        """The recording that this request of Slack's led to when it was first delivered."""

    def recording(self, recording_id: str) -> Recording | None: ...

    def of_channel(
        self, slack_channel: str, *, agora_channel: str | None = None, before: Cursor | None = None, most: int
    ) -> Sequence[Recording]:
        """The newest recordings that were asked for in this Slack channel, newest first; or those behind `before`."""

    def active_in(self, slack_channel: str) -> Sequence[Recording]:
        """Those of this Slack channel that are not over, oldest first."""


class Steps(Protocol):
    """For the engine: recordings."""

    def due(self, most: int, share: Share | None = None) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings whose step is due or comes next, with its time, the most urgent first; all that are not
        settled, or a share of them."""

    def job(self, recording_id: str) -> Job | None: ...
    def save(self, before: Recording, change: Change, epoch: int, now: datetime) -> None: ...
    def active(self) -> Sequence[Recording]: ...
    def silent(self, since: datetime) -> bool: ...
    def forget_response_urls(self, now: datetime) -> None: ...
    def forget_requests(self, now: datetime) -> None: ...


class Recorders(Protocol):
    """For the engine: recorders."""

    def due(self, most: int) -> Sequence[tuple[str, datetime]]: ...
    def get(self, recorder_id: str) -> Recorder | None: ...
    def save(self, recorder: Recorder, epoch: int) -> None: ...
    def keep_late(self, recorder: Recorder) -> None: ...
    def uids_in(self, agora_channel: str, now: datetime) -> frozenset[int]: ...
    def channels(self, since: datetime) -> Sequence[str]:
        """The Agora channels in which a recorder was started since then."""

    def of_channel(self, agora_channel: str, since: datetime) -> Sequence[Recorder]: ...
    def of_recording(self, recording_id: str) -> Sequence[Recorder]:
        """Every recorder that was ever allotted to it, the oldest first."""

    def not_gone(self) -> int:
        """How many may run at Agora: the wanted ones, and those that nobody has seen to be gone."""


class Troubles(Protocol):
    """For the engine: troubles."""

    def open(self) -> Sequence[tuple[Trouble, Recording]]: ...
    def save(self, review: Review, epoch: int) -> None: ...
    def save_pause(self, pause: Pause, affected: Sequence[Recording], alerts: Sequence[Alert], epoch: int) -> None:
        """Notes on the affected recordings that nobody watched them, with the alerts that tell so."""


class Cards(Protocol):
    """For the notifier: cards, and replies where no card could be posted."""

    def undrawn(self, most: int) -> Sequence[tuple[str, datetime]]: ...
    def card(self, recording_id: str) -> CardJob | None: ...
    def card_drawn(self, recording_id: str, version: int, ts: str | None, next_at: datetime, epoch: int) -> None: ...
    def card_deferred(self, recording_id: str, until: datetime, epoch: int) -> None: ...
    def unanswered(self, most: int) -> Sequence[tuple[str, datetime]]: ...
    def reply(self, recording_id: str) -> Reply | None: ...
    def replied(self, recording_id: str, epoch: int) -> None: ...
    def reply_deferred(self, recording_id: str, until: datetime, epoch: int) -> None: ...


class Outbox(Protocol):
    """For the notifier: alerts."""

    def waiting(self) -> Sequence[AlertJob]:
        """The oldest alert of each Slack channel that is not delivered yet."""

    def delivered(self, alert_id: int, ts: str, now: datetime, epoch: int) -> None: ...
    def deferred(self, alert_id: int, until: datetime, error: str, epoch: int) -> None: ...
    def redirected(self, alert_id: int, error: str, epoch: int) -> None: ...
    def dropped(self, alert_id: int, error: str, now: datetime, epoch: int) -> None: ...


class Story(Protocol):
    """For the notifier: what happened. The storage writes it down with what makes it happen (`recordings.story`)."""

    def waiting(self) -> Sequence[LineJob]:
        """The oldest line of each Slack channel that is not told yet, where no alert waits for the same channel."""

    def told(self, line_id: int, now: datetime, epoch: int) -> None: ...
    def deferred(self, line_id: int, until: datetime, epoch: int) -> None: ...


class LeaseRow(Protocol):
    """For the engine: which replica leads."""

    def hold(self, now: datetime, seconds: float) -> int | None: ...
    def renewed_at(self) -> datetime | None:
        """When a leader last renewed it; None where there never was one."""

    def release(self, now: datetime) -> None: ...


class WaitingNotices(Protocol):
    """For the engine: what Agora told by itself."""

    def waiting(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings with notices that are not heeded yet, and when the oldest of them came, oldest first."""

    def of(self, recording_id: str) -> Sequence[Notice]:
        """Those notices, in the order in which Agora sent them."""


class TakeableAlerts(Protocol):
    """Where alerts are written down. Raises `StorageUnavailable`."""

    def take(self, name: AlertName, slack_channel: str, taken: Taken, act: Act | None = None) -> TakenAlert | None:
        """Writes down who is on it, and the act, unless somebody is; the alert as it then is. None: this Slack channel
        has no such alert."""


class Notices(Protocol):
    """Where notices are kept until the engine has heeded them. Raises `StorageUnavailable`."""

    def keep(self, notice: Notice) -> bool:
        """Writes a notice down, once; whether it was new."""

    def waiting(self, most: int) -> Sequence[tuple[str, datetime]]:
        """Ids of recordings with notices that are not heeded yet, with the time when the oldest of these came, the
        oldest first. Only recordings that are not settled, or ended within the last hour."""

    def of(self, recording_id: str) -> Sequence[Notice]:
        """Those that are not heeded yet, by `Notice.order`."""

    def seen(self, recording_id: str) -> int:
        """How many ever came for it, heeded or not."""

    def depth(self) -> tuple[int, datetime | None]:
        """How many wait to be heeded, and since when the oldest does."""

    def forget(self, now: datetime) -> None: ...
