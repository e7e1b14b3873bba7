"""A recording with a running recorder: what the answers to the queries mean, and which of them deserve an alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recordings.errors import AgoraError, NotFound
from recordings.lifecycle import probing, recovery
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.outcomes import end, fail, mark_unwanted
from recordings.lifecycle.policy import Turn
from recordings.lifecycle.probing import mark_answered, mark_unanswered
from recordings.model.alerts import Alert, AlertKind
from recordings.model.reason import Reason
from recordings.model.recorder import Probe, Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import ExitCause, RecorderStatus

_STALE_SECONDS = 10.0
"""A query answered within this time of an exit notification may be stale."""
_CAUSE_SECONDS = 5.0
"""How long to wait for the notification that carries the cause of an exit."""
_NOTIFICATION_SECONDS = 30.0
"""After this long, an expected notification counts as missed."""
_UNWATCHED_INTERVALS = 3
"""After this many query intervals without a query, nothing is known about the time between."""


def after_query(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    was_unwatched = turn.past(recording.probe.queried_at, _UNWATCHED_INTERVALS * turn.policy.query_interval)
    probe = replace(recording.probe, queried_at=turn.now)
    queried = replace(recording, probe=probe, people_since=None if was_unwatched else recording.people_since)
    match outcome.answer:
        case RecorderStatus(status=20):
            return fail(mark_answered(queried, outcome.answer), recorder, Reason.CRASHED, "status 20", turn)
        case RecorderStatus(status=6 | 7 | 8) as status:
            stopped = mark_answered(queried, status)
            if recording.reported.exit_cause in (ExitCause.IDLE, ExitCause.CRASHED):
                return _after_exit(stopped, recorder, outcome, f"status {status.status}", turn)
            return end(stopped, Reason.STOPPED_ELSEWHERE, mark_unwanted(recorder, turn), turn)
        case RecorderStatus(status=4 | 5) as status:
            return _after_found(mark_answered(queried, status), recording.probe, outcome, turn)
        case RecorderStatus(status=0 | 1 | 2 | 3) as status:
            return _after_not_found(mark_answered(queried, status), recorder, outcome, f"status {status.status}", turn)
        case NotFound() as error:
            return _after_not_found(mark_answered(queried), recorder, outcome, str(error), turn)
        case AgoraError() as error:
            return Change(mark_unanswered(queried, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a query")


# The recorder is in the call.


def _after_found(recording: Recording, before: Probe, outcome: Outcome, turn: Turn) -> Change:
    resumed = recovery.mark_resumed(recording, turn)
    up_at = resumed.up_at or turn.now
    running = _contradict_notifications(resumed, up_at, turn).with_state(State.RECORDING)
    is_exit_unconfirmed = running.reported.exit_cause is not None
    running = replace(
        running,
        started_at=recording.started_at or turn.now,
        probe=probing.mark_found(running.probe, before, turn),
        next_step_at=turn.later(turn.policy.soon) if is_exit_unconfirmed else turn.next_query_at(),
    )
    stored_at = outcome.stored_at or recording.reported.stored_at
    if recording.probe.status == 5 or stored_at is not None:
        change = _after_file_stored(running, max(stored_at or turn.now, up_at), turn)
    else:
        change = _after_nothing_stored(running, outcome, turn)
    change = _warn_of_silence(change, outcome, turn)
    return recovery.warn_resumed(change, turn) if recording.awaiting_segment else change


def _contradict_notifications(recording: Recording, up_at: datetime, turn: Turn) -> Recording:
    """Agora finds the recorder: a reported move is over, and an exit reported a while ago is wrong."""
    reported = replace(recording.reported, moving=False)
    is_missed = turn.policy.expects_notifications and reported.up_at is None and turn.past(up_at, _NOTIFICATION_SECONDS)
    if turn.past(reported.exit_received_at, _STALE_SECONDS):
        reported = replace(reported, exit_cause=None, exit_received_at=None)
    reported = replace(reported, notification_missed=reported.notification_missed or is_missed)
    return replace(recording, reported=reported)


def _after_file_stored(recording: Recording, stored_at: datetime, turn: Turn) -> Change:
    is_first = recording.first_file_at is None
    stored = replace(recording, first_file_at=recording.first_file_at or stored_at, people_since=None)
    if is_first and recording.nothing_stored_warned_at is not None:
        return Change(stored, alerts=(_nothing_stored_alert(AlertKind.RECOVERED, stored, turn),))
    return Change(stored)


def _after_nothing_stored(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    """Warns once if people are in the channel for a while and nothing is stored."""
    if recording.nothing_stored_warned_at is not None or recording.first_file_at is not None or outcome.people is None:
        return Change(recording)
    if not outcome.people:
        return Change(replace(recording, people_since=None))
    since = recording.people_since or turn.now
    if turn.past(since, turn.policy.nothing_stored):
        warned = replace(recording, people_since=since, nothing_stored_warned_at=turn.now)
        return Change(warned, alerts=(_nothing_stored_alert(AlertKind.WARNING, warned, turn),))
    next_step_at = turn.capped(recording.next_step_at, since, turn.policy.nothing_stored)
    return Change(replace(recording, people_since=since, next_step_at=next_step_at))


def _nothing_stored_alert(kind: AlertKind, recording: Recording, turn: Turn) -> Alert:
    number = recording.segment_number if recording.lost_segments else None
    return Alert.raised(kind, Reason.NOTHING_STORED, recording, turn.now, of=number)


def is_silence_warning_due(recording: Recording, turn: Turn) -> bool:
    """Whether nobody has been heard for so long that the channel should know, if people are there."""
    reported = recording.reported
    return not reported.silence_warning_open and turn.past(reported.silent_since, turn.policy.silence_alert)


def _warn_of_silence(change: Change, outcome: Outcome, turn: Turn) -> Change:
    recording = change.recording
    if not is_silence_warning_due(recording, turn) or not outcome.people:
        return change
    warned = replace(recording, reported=replace(recording.reported, silence_warning_open=True))
    since = recording.reported.silent_since
    alert = Alert.raised(AlertKind.WARNING, Reason.SILENT, warned, turn.now, of=since)
    return Change(warned, change.recorders, (*change.alerts, alert))


# The recorder is not in the call.


def _after_not_found(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """Agora does not find the recorder, or not in the channel: it may be moving to another server."""
    is_not_found = isinstance(outcome.answer, NotFound)
    if is_not_found and recording.reported.has_left:
        return _after_exit(recording, recorder, outcome, detail, turn)
    was_up = recording.started_at is not None
    is_empty = was_up and is_not_found and outcome.people == frozenset()
    # On another server the recorder stores a first file again, so the time that people wait for it starts again too.
    missing = replace(recording, probe=probing.mark_not_found(recording.probe, turn, empty=is_empty), people_since=None)
    if not was_up:
        return _after_not_up(missing, recorder, outcome, detail, turn)
    missing = missing.with_state(State.INTERRUPTED)
    if missing.probe.found_empty >= 2:
        return end(missing, Reason.IDLE, mark_unwanted(recorder, turn), turn)
    if missing.up_at is None:
        return _after_not_up(missing, recorder, outcome, detail, turn)
    if missing.probe.not_found >= 2 and probing.is_gone(missing.probe, turn):
        if missing.reported.exit_cause is not None:
            return _after_exit(missing, recorder, outcome, detail, turn)
        return recovery.handle_loss(missing, recorder, outcome, detail, turn)
    return Change(replace(missing, next_step_at=probing.next_query_at(missing.probe, turn)))


def _after_exit(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """Agora reported an exit and does not find the recorder any more, so there is no grace period."""
    match recording.reported.exit_cause:
        case ExitCause.CRASHED:
            return fail(recording, recorder, Reason.CRASHED, detail, turn)
        case ExitCause.LEFT:
            return fail(recording, recorder, Reason.LEFT, detail, turn)
    is_empty = recording.reported.exit_cause is ExitCause.IDLE or outcome.people == frozenset()
    if not is_empty and not turn.past(recording.reported.exit_received_at, _CAUSE_SECONDS):
        return Change(replace(recording, next_step_at=turn.later(_CAUSE_SECONDS)))
    return end(recording, Reason.IDLE if is_empty else Reason.STOPPED_ELSEWHERE, mark_unwanted(recorder, turn), turn)


def _after_not_up(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """The recorder has not come up yet."""
    if turn.past(recorder.sid_at, turn.policy.start_timeout):
        return fail(recording, recorder, Reason.NEVER_STARTED, detail, turn)
    is_found = isinstance(outcome.answer, RecorderStatus)
    retry_at = turn.later(turn.policy.soon) if is_found else turn.retry_not_found_at(recording.probe.not_found)
    next_step_at = turn.capped(retry_at, recorder.sid_at or turn.now, turn.policy.start_timeout)
    return Change(replace(recording, next_step_at=next_step_at))
