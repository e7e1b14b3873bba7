"""A recorder with a sid: what the answers to its queries mean, and when they are worth an alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recordings.errors import AgoraError, NotFound
from recordings.lifecycle import probing, recovery
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.outcomes import end, fail, mark_unwanted
from recordings.lifecycle.policy import Turn
from recordings.lifecycle.probing import answered, unanswered
from recordings.model.alerts import Alert, AlertKind
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import Exit, RecorderStatus

_STALE_SECONDS = 10.0
"""A query answered within this time of an exit notification may be stale."""
_CAUSE_SECONDS = 5.0
"""How long to wait for the notification that carries the reason of an exit."""
_NOTIFICATION_SECONDS = 30.0
"""After this long, count an expected notification as missed."""
_UNWATCHED_INTERVALS = 3
"""After this many intervals without a query, nobody knows what happened meanwhile."""


def after_query(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    unwatched = turn.past(recording.probe.queried_at, _UNWATCHED_INTERVALS * turn.policy.query_interval)
    probe = replace(recording.probe, queried_at=turn.now)
    queried = replace(recording, probe=probe, people_since=None if unwatched else recording.people_since)
    match outcome.answer:
        case RecorderStatus(status=20):
            return fail(answered(queried, outcome.answer), recorder, Reason.CRASHED, "status 20", turn)
        case RecorderStatus(status=6 | 7 | 8):
            over = answered(queried, outcome.answer)
            if recording.reported.exit in (Exit.IDLE, Exit.CRASHED):
                return _left(over, recorder, outcome, f"status {over.probe.status}", turn)
            return end(over, Reason.STOPPED_ELSEWHERE, mark_unwanted(recorder, turn), turn)
        case RecorderStatus(status=4 | 5) as seen:
            return _up(answered(queried, seen), outcome, turn)
        case RecorderStatus() as seen:
            return _not_ready(answered(queried, seen), recorder, outcome, f"status {seen.status}", turn)
        case NotFound() as error:
            return _not_ready(answered(queried), recorder, outcome, str(error), turn)
        case AgoraError() as error:
            return Change(unanswered(queried, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a query")


def _up(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    again = recovery.resume(recording, turn)
    up_at = again.up_at or turn.now
    there = _still_there(again, up_at, turn).moved(State.RECORDING)
    next_step_at = turn.at_interval() if there.reported.exit is None else turn.later(turn.policy.soon)
    up = replace(
        there,
        started_at=recording.started_at or turn.now,
        probe=probing.found(there.probe, turn),
        next_step_at=next_step_at,
    )
    stored_at = outcome.stored_at or recording.reported.stored_at
    if recording.probe.status == 5 or stored_at is not None:
        change = _heard(_storing(up, max(stored_at or turn.now, up_at), turn), outcome, turn)
    else:
        change = _heard(_nothing_stored_yet(up, outcome, turn), outcome, turn)
    return recovery.warn_resumed(change, turn) if recording.awaiting_segment else change


def _still_there(recording: Recording, up_at: datetime, turn: Turn) -> Recording:
    """Whatever a notice said of its end or its move, Agora has it; and one that should have come by now did not."""
    told = replace(recording.reported, moving=False)
    missed = turn.policy.notified and told.up_at is None and turn.past(up_at, _NOTIFICATION_SECONDS)
    if turn.past(told.exit_at, _STALE_SECONDS):
        told = replace(told, exit=None, exit_at=None)
    return replace(recording, reported=replace(told, missed=told.missed or missed))


def silence_due(recording: Recording, turn: Turn) -> bool:
    """Whether nobody has been heard for so long that people should know, if they are there."""
    told = recording.reported
    return not told.silence_warning_open and turn.past(told.silent_since, turn.policy.silence_alert)


def _heard(change: Change, outcome: Outcome, turn: Turn) -> Change:
    recording = change.recording
    if not silence_due(recording, turn) or not outcome.people:
        return change
    since = recording.reported.silent_since
    silent = replace(recording, reported=replace(recording.reported, silence_warning_open=True))
    cause = f"{Reason.SILENT}-{since:%Y%m%d%H%M%S%f}"
    alert = Alert(kind=AlertKind.WARNING, reason=Reason.SILENT, cause=cause, recording=silent, raised_at=turn.now)
    return Change(silent, change.recorders, (*change.alerts, alert))


def _storing(recording: Recording, stored_at: datetime, turn: Turn) -> Change:
    first = recording.first_file_at is None
    storing = replace(recording, first_file_at=recording.first_file_at or stored_at, people_since=None)
    warned = first and recording.nothing_stored_at is not None
    return Change(storing, alerts=(_nothing_stored(AlertKind.RECOVERED, storing, turn),) if warned else ())


def _nothing_stored_yet(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    if recording.nothing_stored_at is not None or recording.first_file_at is not None or outcome.people is None:
        return Change(recording)
    if not outcome.people:
        return Change(replace(recording, people_since=None))
    since = recording.people_since or turn.now
    if turn.past(since, turn.policy.nothing_stored):
        warned = replace(recording, people_since=since, nothing_stored_at=turn.now)
        return Change(warned, alerts=(_nothing_stored(AlertKind.WARNING, warned, turn),))
    again = turn.by(recording.next_step_at, since, turn.policy.nothing_stored)
    return Change(replace(recording, people_since=since, next_step_at=again))


def _nothing_stored(kind: AlertKind, recording: Recording, turn: Turn) -> Alert:
    reason = Reason.NOTHING_STORED
    cause = f"{reason}-{recording.segment_number}" if recording.lost_segments else reason
    return Alert(kind=kind, reason=reason, cause=cause, recording=recording, raised_at=turn.now)


def _not_ready(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """Agora does not find it just now, or finds it not in the channel: it may be moving to another server."""
    not_found = isinstance(outcome.answer, NotFound)
    if not_found and recording.reported.has_left:
        return _left(recording, recorder, outcome, detail, turn)
    was_up = recording.started_at is not None
    empty = was_up and not_found and outcome.people == frozenset()
    # On another server the recorder has to store a first file again, so the people there wait anew as well.
    missing = replace(recording, probe=probing.missing(recording.probe, turn, empty=empty), people_since=None)
    if not was_up:
        return _not_up_yet(missing, recorder, outcome, detail, turn)
    missing = missing.moved(State.INTERRUPTED)
    if missing.probe.found_empty >= 2:
        return end(missing, Reason.IDLE, mark_unwanted(recorder, turn), turn)
    if missing.up_at is None:
        return _not_up_yet(missing, recorder, outcome, detail, turn)
    if missing.probe.not_found >= 2 and probing.is_gone(missing.probe, turn):
        if missing.reported.exit is not None:
            return _left(missing, recorder, outcome, detail, turn)
        return recovery.handle_loss(missing, recorder, outcome, detail, turn)
    return Change(replace(missing, next_step_at=probing.ask_again_at(missing.probe, turn)))


def _left(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """Agora told that it left, and does not find it any more: no grace is waited for."""
    match recording.reported.exit:
        case Exit.CRASHED:
            return fail(recording, recorder, Reason.CRASHED, detail, turn)
        case Exit.LEFT:
            return fail(recording, recorder, Reason.LEFT, detail, turn)
    nobody = recording.reported.exit is Exit.IDLE or outcome.people == frozenset()
    if not nobody and not turn.past(recording.reported.exit_at, _CAUSE_SECONDS):
        return Change(replace(recording, next_step_at=turn.later(_CAUSE_SECONDS)))
    return end(recording, Reason.IDLE if nobody else Reason.STOPPED_ELSEWHERE, mark_unwanted(recorder, turn), turn)


def _not_up_yet(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    if turn.past(recorder.sid_at, turn.policy.start_timeout):
        return fail(recording, recorder, Reason.NEVER_STARTED, detail, turn)
    found = isinstance(outcome.answer, RecorderStatus)
    again = turn.later(turn.policy.soon) if found else turn.not_found_at(recording.probe.not_found)
    by_then = turn.by(again, recorder.sid_at or turn.now, turn.policy.start_timeout)
    return Change(replace(recording, next_step_at=by_then))
