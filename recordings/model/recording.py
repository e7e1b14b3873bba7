"""A recording: what people see of one call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.intent import NO_INTENT, Intent
from recordings.model.options import DEFAULT, NO_LAYOUT_APPLIED, AppliedLayout, Layout, Options
from recordings.model.probe import NOT_PROBED, Probe
from recordings.model.reason import Reason
from recordings.model.reported import NOTHING_REPORTED, Gap, Reported
from recordings.model.segments import LostSegment


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

    intent: Intent = NO_INTENT

    state: State = State.STARTING
    reason: Reason | None = None
    detail: str = ""
    """Agora's or Slack's own words about a failure."""
    next_step_at: datetime
    attempt_started_at: datetime | None = None
    """When its turn comes in a Slack channel that has many cards to take, or came after nobody led for a while; or
    when its recorder was lost, and another one was wanted."""
    tries: int = 0
    """Calls in a row that brought the work in hand no further."""
    recorder_id: str | None = None
    recorder_count: int = 0
    """How many recorders were allotted to it so far."""
    sid: str | None = None
    started_at: datetime | None = None
    """When status 4 or 5 was first seen."""
    first_file_at: datetime | None = None
    """When status 5 was first seen of the present part."""
    lost_segments: tuple[LostSegment, ...] = ()
    """What was recorded by recorders that were lost, the first part first."""
    ended_at: datetime | None = None
    probe: Probe = NOT_PROBED
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
    reported: Reported = NOTHING_REPORTED
    applied_layout: AppliedLayout = NO_LAYOUT_APPLIED
    card_ts: str | None = None
    unwatched_from: datetime | None = None
    unwatched_to: datetime | None = None
    """The last span in which no replica took steps."""

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def segment_number(self) -> int:
        """Which part is being recorded: 1, or more where recorders were lost."""
        return len(self.lost_segments) + 1

    @property
    def up_at(self) -> datetime | None:
        """When the recorder of the present part came up; None: it has not yet."""
        return self.lost_segments[-1].resumed_at if self.lost_segments else self.started_at

    @property
    def awaiting_segment(self) -> bool:
        """Whether its recorder was lost, and none came up in its place."""
        return bool(self.lost_segments) and self.up_at is None

    @property
    def is_starting(self) -> bool:
        """Whether a recorder is on its way up, for the first time or in the place of one that was lost."""
        return self.state is State.STARTING or (self.state is State.INTERRUPTED and self.awaiting_segment)

    @property
    def recorders_tried(self) -> int:
        """How many recorders were allotted to the present part so far."""
        return self.recorder_count - (self.lost_segments[-1].recorder_count if self.lost_segments else 0)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What it lacks: as Agora told it, else from when a part broke off until the next one was up."""
        between = [gap for part in self.lost_segments if (gap := part.gap_beside(self.reported.gaps)) is not None]
        return tuple(sorted([*self.reported.gaps, *between], key=lambda gap: gap.begun_at))

    @property
    def complete(self) -> bool:
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
        return self.attempt_started_at or self.requested_at

    @property
    def layout(self) -> Layout:
        """The layout that it should have."""
        return self.intent.layout or self.options.layout

    @property
    def current_layout(self) -> Layout:
        """The layout that it has, as far as Agora has agreed."""
        return self.applied_layout.layout or self.options.layout

    @property
    def current_options(self) -> Options:
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
            self.intent.stop_by,
            self.intent.ends_at,
            self.intent.extended_by,
            self.intent.layout_at,
            self.current_layout,
            self.applied_layout.refused_at,
            self.ending,
            self.files,
            self.unwatched_to,
            self._present_matters and self.present,
            self.segment_number,
            self.up_at,
            self.gaps,
            self.reported.upload_warning_open,
            self.reported.silence_warning_open,
            self.state is State.INTERRUPTED and self.reported.moving,
            self.state is State.UPLOADING and self.reported.tenths,
            self.over and self.files_awaited,
            self.delivery.visible if self.delivery else DeliveryState.AWAITED,
        )
