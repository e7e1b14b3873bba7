"""What happens next to a recording: `decide` names the one thing to do, `follow` says what its outcome means.

Pure: no clock, no randomness, no I/O. The rules for each part of a recording's life are in `starting`,
`watching`, `stopping` and `delivering`; a recorder that nobody wants is `cleanup`'s.
"""

from __future__ import annotations

from dataclasses import replace

from recordings.errors import Leaving, NotFound
from recordings.lifecycle import delivery, end_times, layouts, polling, recovery, starting, stopping
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
from recordings.model.reported import RecorderStatus


def decide(recording: Recording, recorder: Recorder | None, turn: Turn) -> Action:
    """The next step of a recording that is not settled. `recorder` is the one in `recorder_id`."""
    if recording.files_awaited:
        return CheckFiles()
    if recording.is_starting:
        due = ending(recording, turn) or end_times.warning_due(recording, turn)
        return Reevaluate() if due and recording.lost_segments else _decide_starting(recording, recorder, turn)
    match recording.state:
        case State.RECORDING | State.INTERRUPTED:
            if ending(recording, turn) or end_times.warning_due(recording, turn):
                return Reevaluate()
            return ChangeLayout() if layouts.due(recording, turn) else Query()
        case State.STOPPING:
            return _decide_stopping(recorder, turn)
        case State.UPLOADING:
            return _decide_uploading(recording, recorder, turn)
    raise ValueError(f"{recording.id} is over: nothing to do")


def _decide_starting(recording: Recording, recorder: Recorder | None, turn: Turn) -> Action:
    if recorder is not None and not recorder.wanted:
        # Its sid was learnt by a replica that had lost the lease: it is being ended, and another one takes its place.
        recorder = None
    if recorder is not None and recorder.sid is not None:
        return Reevaluate() if ending(recording, turn) else Query()
    if recording.intent.stop_at is not None or _too_late(recording, turn):
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


def _too_late(recording: Recording, turn: Turn) -> bool:
    """Whether it should have come up by now. One that nobody could work on yet, since no replica led, has its time."""
    if recovery.is_untried(recording):
        return recovery.may_be_another_call(recording, turn)
    untouched = recording.card_ts is None and recording.attempt_started_at is None and recording.tries == 0
    return not untouched and turn.past(recording.begun_at, turn.policy.start_timeout)


def _decide_stopping(recorder: Recorder | None, turn: Turn) -> Action:
    if recorder is None or not recorder.wanted or turn.past(recorder.expires_at):
        return Reevaluate()
    return Stop()


def _decide_uploading(recording: Recording, recorder: Recorder | None, turn: Turn) -> Action:
    if recorder is None or turn.past(recorder.expires_at):
        return Reevaluate()
    still_up = recording.probe.status is not None and recording.probe.status <= 5
    return Stop() if still_up and turn.past(recording.stop_accepted_at, 3 * turn.policy.soon) else Query()


def ending(recording: Recording, turn: Turn) -> Reason | None:
    """Why a recording that is up should be stopped now, if it should."""
    if recording.intent.stop_at is not None:
        return Reason.STOPPED
    return Reason.TIME_LIMIT if end_times.time_is_up(recording, turn) else None


def asks_for_users(recording: Recording, action: Action, answer: object, turn: Turn) -> bool:
    """Whether what an answer means depends on who is in the channel."""
    match action, answer:
        case Query(), NotFound():
            return recording.started_at is not None and recording.state is not State.UPLOADING
        case Query(), RecorderStatus(status=4 | 5 as status) if recording.state is not State.UPLOADING:
            nothing_stored = status == 4 and recording.nothing_stored_at is None
            return nothing_stored or polling.silence_due(recording, turn)
        case Stop(), NotFound() | Leaving():
            return recording.stop_accepted_at is None
    return False


def asks_for_files(recording: Recording, action: Action, answer: object) -> bool:
    """Whether the bucket may know of a first file before Agora tells."""
    in_channel = action == Query() and isinstance(answer, RecorderStatus) and answer.status == 4
    return in_channel and recording.up_at is not None and recording.first_file_at is None


def follow(recording: Recording, recorder: Recorder | None, action: Action, outcome: Outcome, turn: Turn) -> Change:
    """What the outcome of `action` means for the recording, its recorder and the people."""
    if outcome.present is not None:
        recording = replace(recording, present=outcome.present, present_at=turn.now)
    change = _follow(recording, recorder, action, outcome, turn)
    return replace(change, recording=layouts.in_time(end_times.in_time(change.recording, turn), turn))


def _follow(recording: Recording, recorder: Recorder | None, action: Action, outcome: Outcome, turn: Turn) -> Change:
    match action:
        case PostCard():
            return starting.after_card(recording, outcome, turn)
        case AllocateRecorder():
            return starting.after_allocate(recording, outcome, turn)
        case CheckFiles():
            return delivery.after_check(recording, outcome, turn)
        case Reevaluate():
            return _settle(recording, recorder, turn)
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


def _settle(recording: Recording, recorder: Recorder | None, turn: Turn) -> Change:
    if recording.state in (State.STOPPING, State.UPLOADING):
        return stopping.conclude(recording, recorder, turn)
    warned = not recording.is_starting or end_times.warning_due(recording, turn)
    if warned and ending(recording, turn) is None:
        return end_times.warn(recording, turn)
    up = recorder is not None and recorder.wanted and recorder.sid is not None
    if ending(recording, turn) is not None or up:
        why = ending(recording, turn) or Reason.STOPPED
        change = stopping.begin(recording, recorder, why, turn)
        return replace(change, only_if_unchanged=why is Reason.TIME_LIMIT)
    if _too_late(recording, turn):
        return starting.give_up(recording, recorder, turn)
    return starting.renew(recording, recorder, turn)
