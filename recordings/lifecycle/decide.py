"""The next step of a recording: `decide` chooses the action, `apply_outcome` says what its outcome means.

The rules are in the modules for each phase: `starting`, `polling`, `recovery`, `stopping`, `delivery`. `cleanup` has
those for an unwanted recorder.
"""

from __future__ import annotations

from dataclasses import replace

from recordings.errors import Leaving, NotFound
from recordings.lifecycle import confirming, delivery, end_times, layouts, polling, recovery, starting, stopping
from recordings.lifecycle.actions import (
    Acquire,
    Action,
    AllocateRecorder,
    Change,
    ChangeLayout,
    CheckFiles,
    Outcome,
    PostCard,
    Query,
    Reevaluate,
    Start,
    Stop,
)
from recordings.lifecycle.policy import Turn
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import RecorderStatus, StopAccepted


def decide(recording: Recording, recorder: Recorder | None, turn: Turn) -> Action:
    """The next action for a recording that is not complete. `recorder` is the one in `recorder_id`."""
    if recording.files_awaited:
        return CheckFiles()
    if recording.is_starting:
        due = reason_to_stop(recording, turn) or end_times.is_warning_due(recording, turn)
        return Reevaluate() if due and recording.lost_segments else _decide_starting(recording, recorder, turn)
    match recording.state:
        case State.RECORDING | State.INTERRUPTED:
            if reason_to_stop(recording, turn) or end_times.is_warning_due(recording, turn):
                return Reevaluate()
            if confirming.is_expiry_due(recording, turn):
                return Reevaluate()
            return ChangeLayout() if layouts.is_change_due(recording, turn) else Query()
        case State.STOPPING:
            return _decide_stopping(recorder, turn)
        case State.UPLOADING:
            return _decide_uploading(recording, recorder, turn)
    raise ValueError(f"{recording.id} is over: nothing to do")


def _decide_starting(recording: Recording, recorder: Recorder | None, turn: Turn) -> Action:
    if recorder is not None and not recorder.wanted:
        # A replica that had lost the lease learned its sid. `cleanup` ends it, and another recorder takes its place.
        recorder = None
    if recorder is not None and recorder.sid is not None:
        return Reevaluate() if reason_to_stop(recording, turn) else Query()
    if recording.intent.stop_at is not None or _is_too_late(recording, turn):
        return Reevaluate()
    if recording.card_ts is None and not recording.lost_segments:
        return PostCard()
    if recorder is None:
        return AllocateRecorder()
    if recorder.resource_id is None:
        return Acquire()
    if turn.past(recorder.acquired_at, turn.policy.resource_life):
        return Reevaluate()
    return Start(first=recorder.start_sent_at is None)


def _is_too_late(recording: Recording, turn: Turn) -> bool:
    """Whether the start timeout has passed. It does not count while no step was taken because no replica led."""
    if recovery.is_resume_untried(recording):
        return recovery.may_be_another_call(recording, turn)
    is_untouched = recording.card_ts is None and recording.attempt_started_at is None and recording.tries == 0
    return not is_untouched and turn.past(recording.attempt_since, turn.policy.start_timeout)


def _decide_stopping(recorder: Recorder | None, turn: Turn) -> Action:
    if recorder is None or not recorder.wanted or turn.past(recorder.expires_at):
        return Reevaluate()
    return Stop()


def _decide_uploading(recording: Recording, recorder: Recorder | None, turn: Turn) -> Action:
    if recorder is None or turn.past(recorder.expires_at):
        return Reevaluate()
    is_still_up = recording.probe.status is not None and recording.probe.status <= 5
    return Stop() if is_still_up and turn.past(recording.stop_accepted_at, 3 * turn.policy.soon) else Query()


def reason_to_stop(recording: Recording, turn: Turn) -> Reason | None:
    """Why a running recording should be stopped now; None if it should not."""
    if recording.intent.stop_at is not None:
        return Reason.STOPPED
    return Reason.TIME_LIMIT if end_times.is_time_up(recording, turn) else None


def needs_users(recording: Recording, action: Action, answer: object, turn: Turn) -> bool:
    """Whether the meaning of an answer depends on who is in the channel."""
    match action, answer:
        case Query(), NotFound():
            return recording.started_at is not None and recording.state is not State.UPLOADING
        case Query(), RecorderStatus(status=4 | 5 as status) if recording.state is not State.UPLOADING:
            may_warn = status == 4 and recording.nothing_stored_warned_at is None
            return may_warn or polling.is_silence_warning_due(recording, turn)
        case Query(), RecorderStatus(status=6 | 7 | 8):
            return recording.nobody_joined and recording.state is not State.UPLOADING
        case Stop(), NotFound() | Leaving():
            return recording.stop_accepted_at is None
        case Stop(), StopAccepted():
            return recording.nobody_joined
    return False


def needs_listing(recording: Recording, action: Action, answer: object) -> bool:
    """Whether to look in the bucket for a first file: it may be there before Agora's status says so, and it shows that
    somebody joined between two user lists."""
    if recording.up_at is None or recording.first_file_at is not None:
        return False
    match action, answer:
        case Query(), RecorderStatus(status=4):
            return True
        case Query(), NotFound() | RecorderStatus(status=6 | 7 | 8 | 20):
            return recording.nobody_joined
        case Stop(), NotFound() | Leaving():
            return recording.nobody_joined
    return False


def apply_outcome(
    recording: Recording, recorder: Recorder | None, action: Action, outcome: Outcome, turn: Turn
) -> Change:
    """What the outcome of `action` changes."""
    recording = _with_first_file(_with_people(recording, outcome, turn), outcome)
    change = _apply_outcome(recording, recorder, action, outcome, turn)
    scheduled = end_times.schedule_next_warning(confirming.note_expiry(change.recording, turn), turn)
    return replace(change, recording=layouts.schedule_next_try(scheduled, turn))


def _with_people(recording: Recording, outcome: Outcome, turn: Turn) -> Recording:
    count = outcome.people_count
    if count is None:
        return recording
    most = max(count, recording.people_count or 0, recording.most_people or 0)
    is_counted_from_start = recording.most_people is not None or recording.started_at is None
    # A row of an earlier release does not know who has been there: 0 would claim that nobody was.
    most_people = most if most or is_counted_from_start else None
    return replace(recording, people_count=count, people_counted_at=turn.now, most_people=most_people)


def _with_first_file(recording: Recording, outcome: Outcome) -> Recording:
    """A file in the bucket contradicts the user lists, in which nobody was."""
    if outcome.stored_at is None or recording.up_at is None or not recording.nobody_joined:
        return recording
    return replace(recording, first_file_at=max(outcome.stored_at, recording.up_at))


def _apply_outcome(
    recording: Recording, recorder: Recorder | None, action: Action, outcome: Outcome, turn: Turn
) -> Change:
    match action:
        case PostCard():
            return starting.after_card(recording, outcome, turn)
        case AllocateRecorder():
            return starting.after_allocate(recording, outcome, turn)
        case CheckFiles():
            return delivery.after_check(recording, outcome, turn)
        case Reevaluate():
            return _reevaluate(recording, recorder, turn)
    if recorder is None:
        raise ValueError(f"{recording.id}: {action} without a recorder")
    match action:
        case Acquire():
            return starting.after_acquire(recording, recorder, outcome, turn)
        case Start():
            return starting.after_start(recording, recorder, action, outcome, turn)
        case Query() if recording.state is State.UPLOADING:
            return stopping.after_query(recording, recorder, outcome, turn)
        case Query():
            return polling.after_query(recording, recorder, outcome, turn)
        case ChangeLayout():
            return layouts.after_layout_change(recording, outcome, turn)
        case Stop():
            return stopping.after_stop(recording, recorder, outcome, turn)
    raise ValueError(f"{action} is no step of a recording")


def _reevaluate(recording: Recording, recorder: Recorder | None, turn: Turn) -> Change:
    if recording.state in (State.STOPPING, State.UPLOADING):
        return stopping.conclude(recording, recorder, turn)
    reason = reason_to_stop(recording, turn)
    # Without a warning the confirmation of the recording has expired: `apply_outcome` notes that.
    may_warn = not recording.is_starting or end_times.is_warning_due(recording, turn)
    if may_warn and reason is None:
        return end_times.warn(recording, turn)
    has_started = recorder is not None and recorder.wanted and recorder.sid is not None
    if reason is not None or has_started:
        change = stopping.begin(recording, recorder, reason or Reason.STOPPED, turn)
        return replace(change, only_if_unchanged=reason is Reason.TIME_LIMIT)
    if _is_too_late(recording, turn):
        return starting.give_up(recording, recorder, turn)
    return starting.replace_recorder(recording, recorder, turn)
