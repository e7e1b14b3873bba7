"""A recording: one call that is, was, or should have been recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.intent import NO_INTENT, Intent
from recordings.model.options import DEFAULT_OPTIONS, NO_LAYOUT_APPLIED, AppliedLayout, Layout, Options
from recordings.model.reason import Reason
from recordings.model.recorder import NOT_PROBED, Doubt, Probe
from recordings.model.reported import NOTHING_REPORTED, Gap, Reported
from recordings.model.segments import IN_BACKUP, LostSegment


class State(StrEnum):
    """The state of a recording. `TRANSITIONS` lists the legal transitions.

    `uploading` has two phases, which `Recording.files_awaited` distinguishes:
    False: the stop was accepted, and the recorder is queried until Agora agrees that it is gone;
    True: the recorder is gone, and the bucket is checked for the files.
    """

    STARTING = "starting"
    RECORDING = "recording"
    INTERRUPTED = "interrupted"
    STOPPING = "stopping"
    UPLOADING = "uploading"
    ENDED = "ended"
    FAILED = "failed"


TRANSITIONS: dict[State, frozenset[State]] = {
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
"""The states in which nobody can start a second recording of the same Agora channel."""


_TRIES_OF_A_STOP = 3
"""After so many failed tries of a stop, about ten seconds, people read that it takes longer."""


class IllegalTransition(Exception):
    """A transition that `TRANSITIONS` does not list: a bug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What people see: one call that is, was, or should have been recorded.

    Listeners write `intent`; the engine alone writes everything below it. Only `with_state` changes `state`.
    """

    id: str
    agora_channel: str
    slack_team: str
    slack_channel: str
    started_by: str
    requested_at: datetime
    options: Options = DEFAULT_OPTIONS

    intent: Intent = NO_INTENT

    state: State = State.STARTING
    reason: Reason | None = None
    detail: str = ""
    """Agora's or Slack's text about a failure."""
    next_step_at: datetime
    attempt_started_at: datetime | None = None
    """Since when the start timeout counts, if not since the request: the turn of its card in a busy Slack channel, the
    moment when a replica led again, or the moment when a recorder was lost."""
    tries: int = 0
    """Consecutive calls that failed at the current step."""
    recorder_id: str | None = None
    recorder_count: int = 0
    """How many recorders have been allocated to it."""
    sid: str | None = None
    started_at: datetime | None = None
    """When a query first answered status 4 or 5."""
    first_file_at: datetime | None = None
    """When the first file of the current segment was stored, or status 5 was first seen."""
    lost_segments: tuple[LostSegment, ...] = ()
    """The segments whose recorders were lost, oldest first. The current segment is not among them."""
    ended_at: datetime | None = None
    probe: Probe = NOT_PROBED
    people_since: datetime | None = None
    """Since when people are in the channel while nothing is stored."""
    nothing_stored_warned_at: datetime | None = None
    people_count: int | None = None
    """How many people were in the channel when Agora last listed them."""
    people_counted_at: datetime | None = None
    most_people: int | None = None
    """The most people that Agora ever listed in the channel; 0 only if it listed them from the start, else None."""
    end_warning: str | None = None
    """The `cause` of the last alert that the recording ends soon."""
    stop_reason: Reason | None = None
    """Why the engine stops it; None while it is not being stopped."""
    stop_accepted_at: datetime | None = None
    files: tuple[str, ...] = ()
    """The files of the current segment that Agora named."""
    uploading_status: str = ""
    """Agora's `uploadingStatus` of the current segment, or `inventory.NOTHING_TO_UPLOAD`."""
    files_awaited: bool = False
    """The recorder is gone, and the engine checks the bucket for the files.

    In state `uploading` it is the second of two phases (see `State`). It can also be true in `ended` and `failed`: a
    recording that ended by itself or died is over at once, and files reported as missing are still checked for a day.
    """
    delivery: Delivery | None = None
    reported: Reported = NOTHING_REPORTED
    applied_layout: AppliedLayout = NO_LAYOUT_APPLIED
    card_ts: str | None = None
    unwatched_from: datetime | None = None
    unwatched_to: datetime | None = None
    """The last span in which no replica ran the engine."""

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def segment_number(self) -> int:
        """The number of the current segment: 1, or more if recorders were lost."""
        return len(self.lost_segments) + 1

    @property
    def up_at(self) -> datetime | None:
        """When the recorder of the current segment came up; None: not yet."""
        return self.lost_segments[-1].resumed_at if self.lost_segments else self.started_at

    @property
    def awaiting_segment(self) -> bool:
        """Whether its recorder was lost and the next one is not up yet."""
        return bool(self.lost_segments) and self.up_at is None

    @property
    def is_starting(self) -> bool:
        """Whether a recorder is being started, the first one or one that replaces a lost one."""
        return self.state is State.STARTING or (self.state is State.INTERRUPTED and self.awaiting_segment)

    @property
    def expects_recorder(self) -> bool:
        """Whether a recorder should be in the call now."""
        return self.state in (State.RECORDING, State.INTERRUPTED) and not self.awaiting_segment

    @property
    def everyone_left(self) -> bool:
        """Whether Agora did not find the recorder, and nobody is in the channel either: the call has just ended."""
        return self.expects_recorder and self.probe.found_empty > 0

    @property
    def doubt(self) -> Doubt | None:
        """Why the row itself says that the recording is unconfirmed. `confirmation.unconfirmed` adds the time."""
        if not self.expects_recorder or self.everyone_left:
            return None
        if self.probe.is_rejected:
            return Doubt.REJECTED
        if self.state is State.INTERRUPTED or self.probe.not_found_since is not None:
            return Doubt.NOT_FOUND
        return Doubt.NO_ANSWER if self.probe.confirmation_expired else None

    @property
    def is_stop_rejected(self) -> bool:
        """Whether it can't be stopped yet, because Agora rejects the credentials."""
        return self.state is State.STOPPING and self.probe.is_rejected

    @property
    def nobody_joined(self) -> bool:
        """Whether the recorder was in the call and nobody else ever was, as far as Agora says: it owes no files."""
        is_stored = self.first_file_at is not None or self.probe.status == 5 or bool(self.files)
        has_media = is_stored or self.uploading_status == IN_BACKUP or self.reported.has_media
        return self.started_at is not None and self.most_people == 0 and not self.lost_segments and not has_media

    @property
    def upload_tenths(self) -> int | None:
        """The upload progress, 1 to 10, while it tells how much is saved; None while files can't be stored."""
        is_failing = self.reported.upload_warning_open or self.reported.is_upload_failing
        is_in_backup = self.delivery is not None and self.delivery.state is DeliveryState.IN_BACKUP
        if self.state is not State.UPLOADING or is_failing or is_in_backup or self.uploading_status == IN_BACKUP:
            return None
        return self.reported.progress_tenths or None

    @property
    def recorders_tried(self) -> int:
        """How many recorders have been allocated to the current segment."""
        return self.recorder_count - (self.lost_segments[-1].recorder_count if self.lost_segments else 0)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What is missing in it: the gaps that Agora reported, and those between a lost segment and the next one."""
        reported = self.reported.gaps
        between = [gap for segment in self.lost_segments if (gap := segment.gap_unless_reported(reported)) is not None]
        return tuple(sorted([*reported, *between], key=lambda gap: gap.begun_at))

    @property
    def stop_delayed_by(self) -> Reason | None:
        """Why Agora has not accepted the stop for a while; None if a stop usually takes this long. Rejected credentials
        don't mend themselves within seconds."""
        is_late = self.state is State.STOPPING and self.tries >= _TRIES_OF_A_STOP
        return self.probe.unanswered_reason if is_late or self.is_stop_rejected else None

    @property
    def is_complete(self) -> bool:
        """Whether no step is left."""
        return self.is_over and not self.files_awaited

    def with_state(self, state: State) -> Recording:
        """The recording in another state, or the same one. Raises `IllegalTransition`."""
        if state is not self.state and state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id}: {self.state} does not lead to {state}")
        return replace(self, state=state)

    @property
    def attempt_since(self) -> datetime:
        """Since when the start timeout counts."""
        return self.attempt_started_at or self.requested_at

    @property
    def wanted_layout(self) -> Layout:
        """The layout that somebody chose last."""
        return self.intent.layout or self.options.layout

    @property
    def is_layout_refused(self) -> bool:
        """Whether Agora refused the layout that somebody chose last."""
        return self.applied_layout.refused_at == (self.intent.layout_at or self.requested_at)

    @property
    def layout(self) -> Layout:
        """The layout that it should have: the one that it has if Agora refused the wanted one."""
        return self.current_layout if self.is_layout_refused else self.wanted_layout

    @property
    def current_layout(self) -> Layout:
        """The layout that it has, as Agora confirmed."""
        return self.applied_layout.layout or self.options.layout

    @property
    def requested_seconds(self) -> float | None:
        """The duration that was requested with the start, or that followed from an end time; None: the default one."""
        if self.options.lasts is not None or self.intent.ends_at is None or self.intent.extended_by is not None:
            return self.options.lasts
        # People chose the end by the minute.
        return 60.0 * -((self.requested_at - self.intent.ends_at) // timedelta(minutes=1))

    @property
    def current_options(self) -> Options:
        """The options with which the same recording would be started now."""
        return replace(self.options, layout=self.layout, lasts=self.requested_seconds)

    @property
    def _shows_people_count(self) -> bool:
        """Whether the number of people is worth an edit of the card: only while it may be the wrong channel."""
        return self.started_at is not None and self.first_file_at is None and not self.is_over

    @property
    def card_content(self) -> tuple[object, ...]:
        """Everything the card renders; it is redrawn when this changes. Fields that never matter alone (the sid) are
        left out: Slack limits edits."""
        return (
            self.state,
            self.reason,
            self.detail if self.is_over else "",
            self.started_at,
            self.first_file_at,
            self.ended_at,
            self.intent.stop_by,
            self.intent.ends_at,
            self.stop_reason,
            self.files,
            self.unwatched_to,
            self._shows_people_count and self.people_count,
            self.segment_number,
            self.up_at,
            self.awaiting_segment and self.lost_segments[-1].recorded_until,
            self.gaps,
            self.reported.upload_warning_open,
            self.reported.silence_warning_open,
            self.state is State.INTERRUPTED and self.reported.moving,
            self.stop_delayed_by,
            self.upload_tenths,
            self.everyone_left,
            self.doubt,
            self.expects_recorder and bool(self.probe.unreadable_answer),
            self.is_over and self.nobody_joined,
            self.is_over and self.files_awaited,
            self.delivery.card_content if self.delivery else DeliveryState.AWAITED,
        )
