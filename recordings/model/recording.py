"""A recording: what people see of one call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from recordings.model.delivery import Delivered, Delivery
from recordings.model.options import DEFAULT, NOTHING_SHOWN, Layout, Options, Shown
from recordings.model.reported import NOTHING_TOLD, Gap, Told
from recordings.model.segments import LostPart


class State(StrEnum):
    """Where a recording stands. Its moves are in `MOVES`; anything else is an error."""

    STARTING = "starting"
    RECORDING = "recording"
    INTERRUPTED = "interrupted"
    STOPPING = "stopping"
    UPLOADING = "uploading"
    ENDED = "ended"
    FAILED = "failed"


MOVES: dict[State, frozenset[State]] = {
    State.STARTING: frozenset({State.RECORDING, State.STOPPING, State.ENDED, State.FAILED}),
    State.RECORDING: frozenset({State.INTERRUPTED, State.STOPPING, State.UPLOADING, State.ENDED, State.FAILED}),
    State.INTERRUPTED: frozenset({State.RECORDING, State.STOPPING, State.UPLOADING, State.ENDED, State.FAILED}),
    State.STOPPING: frozenset({State.UPLOADING, State.ENDED}),
    State.UPLOADING: frozenset({State.ENDED}),
    State.ENDED: frozenset(),
    State.FAILED: frozenset(),
}

OVER = frozenset({State.ENDED, State.FAILED})
HOLDS_CHANNEL = frozenset({State.STARTING, State.RECORDING, State.INTERRUPTED, State.STOPPING})
"""States in which the Agora channel can't be recorded a second time."""


class Reason(StrEnum):
    """Why a recording is over, or what a warning is about."""

    REJECTED = "rejected"
    UNAUTHORIZED = "unauthorized"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    UNDELIVERABLE = "undeliverable"
    NEVER_STARTED = "never_started"
    LOST = "lost"
    CRASHED = "crashed"
    LEFT = "left"

    STOPPED = "stopped"
    IDLE = "idle"
    TIME_LIMIT = "time_limit"
    STOPPED_ELSEWHERE = "stopped_elsewhere"
    NO_MEDIA = "no_media"

    NOTHING_STORED = "nothing_stored"
    SILENT = "silent"
    UPLOAD_FAILING = "upload_failing"
    NOT_DELIVERED = "not_delivered"
    IN_BACKUP = "in_backup"
    AGORA_UNREACHABLE = "agora_unreachable"
    ENDING_SOON = "ending_soon"
    UNWATCHED = "unwatched"


class IllegalMove(Exception):
    """A recording was asked to go where its state does not lead: a mistake in the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What people see: one call that is, was, or should have been recorded.

    `stop_wanted_at` to `poked` are wishes; listeners write them. Everything below `state` is fact; the engine alone
    writes it. `state` and `reason` change through `moved` only.
    """

    id: str
    agora_channel: str
    slack_team: str
    slack_channel: str
    started_by: str
    requested_at: datetime
    options: Options = DEFAULT

    stop_wanted_at: datetime | None = None
    stop_wanted_by: str | None = None
    ends_at: datetime | None = None
    """When it is to end; None: after the usual time. `recordings.limits` says when that is."""
    extended_by: str | None = None
    """Who put its end off, the last time that somebody did."""
    layout_wanted: Layout | None = None
    """The layout that somebody chose while it went on; None: the one that it was asked for with."""
    layout_wanted_by: str | None = None
    layout_wanted_at: datetime | None = None
    poked: int = 0

    state: State = State.STARTING
    reason: Reason | None = None
    detail: str = ""
    """Agora's or Slack's own words about a failure."""
    next_step_at: datetime
    turn_at: datetime | None = None
    """When its turn comes in a Slack channel that has many cards to take, or came after nobody led for a while; or
    when its recorder was lost, and another one was wanted."""
    tries: int = 0
    """Calls in a row that brought the work in hand no further."""
    recorder_id: str | None = None
    recorders: int = 0
    """How many recorders were allotted to it so far."""
    sid: str | None = None
    started_at: datetime | None = None
    """When status 4 or 5 was first seen."""
    first_file_at: datetime | None = None
    """When status 5 was first seen of the present part."""
    found_at: datetime | None = None
    """When a query last found its recorder up."""
    lost_parts: tuple[LostPart, ...] = ()
    """What was recorded by recorders that were lost, the first part first."""
    ended_at: datetime | None = None
    status: int | None = None
    """Agora's status in its last usable answer."""
    queried_at: datetime | None = None
    unanswered_since: datetime | None = None
    """The first call since the last usable answer."""
    unanswered_reason: Reason | None = None
    not_found_since: datetime | None = None
    not_found: int = 0
    """Answers "not found" in a row."""
    found_empty: int = 0
    """How often in a row the channel was empty as well."""
    people_since: datetime | None = None
    """Since when there are people in the channel though nothing is stored."""
    nothing_stored_at: datetime | None = None
    """When the warning about it was raised."""
    present: int | None = None
    """How many people were in the channel when that was last asked for."""
    present_at: datetime | None = None
    ending_told: str | None = None
    """The last warning that it ends soon, by its cause."""
    ending: Reason | None = None
    """Why it is being stopped."""
    stop_accepted_at: datetime | None = None
    files: tuple[str, ...] = ()
    """Those that Agora named."""
    uploading_status: str = ""
    files_awaited: bool = False
    """The recorder is gone, and its files are looked for; also after the recording is over."""
    delivery: Delivery | None = None
    told: Told = NOTHING_TOLD
    shown: Shown = NOTHING_SHOWN
    card_ts: str | None = None
    unwatched_from: datetime | None = None
    unwatched_to: datetime | None = None
    """The last span in which no replica took steps."""

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def part(self) -> int:
        """Which part is being recorded: 1, or more where recorders were lost."""
        return len(self.lost_parts) + 1

    @property
    def up_at(self) -> datetime | None:
        """When the recorder of the present part came up; None: it has not yet."""
        return self.lost_parts[-1].on_at if self.lost_parts else self.started_at

    @property
    def between_parts(self) -> bool:
        """Whether its recorder was lost, and none came up in its place."""
        return bool(self.lost_parts) and self.up_at is None

    @property
    def coming_up(self) -> bool:
        """Whether a recorder is on its way up, for the first time or in the place of one that was lost."""
        return self.state is State.STARTING or (self.state is State.INTERRUPTED and self.between_parts)

    @property
    def tried_recorders(self) -> int:
        """How many recorders were allotted to the present part so far."""
        return self.recorders - (self.lost_parts[-1].recorders if self.lost_parts else 0)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What it lacks: as Agora told it, else from when a part broke off until the next one was up."""
        between = [gap for part in self.lost_parts if (gap := part.gap_beside(self.told.gaps)) is not None]
        return tuple(sorted([*self.told.gaps, *between], key=lambda gap: gap.begun_at))

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be done for it."""
        return self.over and not self.files_awaited

    def moved(self, state: State) -> Recording:
        """The same recording in another state. Raises `IllegalMove` where `MOVES` knows no such move."""
        if state is not self.state and state not in MOVES[self.state]:
            raise IllegalMove(f"{self.id}: {self.state} does not lead to {state}")
        return replace(self, state=state)

    @property
    def begun_at(self) -> datetime:
        """From when on the time counts that it may take to come up."""
        return self.turn_at or self.requested_at

    @property
    def layout(self) -> Layout:
        """The layout that it should have."""
        return self.layout_wanted or self.options.layout

    @property
    def layout_shown(self) -> Layout:
        """The layout that it has, as far as Agora has agreed."""
        return self.shown.layout or self.options.layout

    @property
    def options_now(self) -> Options:
        """How one like it would be asked for."""
        return replace(self.options, layout=self.layout)

    @property
    def _present_matters(self) -> bool:
        """Whether the number of people is worth an edit: while it may be the wrong channel. Later it comes along."""
        return self.started_at is not None and self.first_file_at is None and not self.over

    @property
    def visible(self) -> tuple[object, ...]:
        """What the card shows; where this changes, the card is drawn anew. Slack allows few updates: what is only of
        use once something else changes as well (the sid) is left to that."""
        return (
            self.state,
            self.reason,
            self.detail if self.over else "",
            self.started_at,
            self.first_file_at,
            self.ended_at,
            self.stop_wanted_by,
            self.ends_at,
            self.extended_by,
            self.layout_wanted_at,
            self.layout_shown,
            self.shown.refused_at,
            self.ending,
            self.files,
            self.unwatched_to,
            self._present_matters and self.present,
            self.part,
            self.up_at,
            self.gaps,
            self.told.failing_told,
            self.told.silent_told,
            self.state is State.INTERRUPTED and self.told.moving,
            self.state is State.UPLOADING and self.told.tenths,
            self.over and self.files_awaited,
            self.delivery.shown if self.delivery else Delivered.AWAITED,
        )
