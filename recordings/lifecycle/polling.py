"""A recorder with a sid: what the answers to its queries mean, and when they are worth an alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recordings.errors import AgoraError, NotFound, RateLimited, Unauthorized
from recordings.lifecycle import recovery
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.outcomes import end, fail, unwanted
from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.recorder import Recorder
from recordings.model.recording import Reason, Recording, State
from recordings.model.reported import Exit, RecorderStatus

_LONGEST_PAUSE = 60.0
_DOUBT_SECONDS = 10.0
"""For so long an answer that still finds it may be older than the word that it has left."""
_CAUSE_SECONDS = 5.0
"""For so long the word why it left can come after the one that it has."""
_NOTICE_SECONDS = 30.0
"""A notice that has not come so long after what it tells of does not come any more."""
_ABSENCE = 3
"""Intervals without a query after which nobody can tell what was meanwhile."""


def after_query(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    unwatched = turn.past(recording.queried_at, _ABSENCE * turn.policy.query_interval)
    queried = replace(recording, queried_at=turn.now, people_since=None if unwatched else recording.people_since)
    match outcome.answer:
        case RecorderStatus(status=20):
            return fail(answered(queried, outcome.answer), recorder, Reason.CRASHED, "status 20", turn)
        case RecorderStatus(status=6 | 7 | 8):
            over = answered(queried, outcome.answer)
            if recording.told.exit in (Exit.IDLE, Exit.CRASHED):
                return _left(over, recorder, outcome, f"status {over.status}", turn)
            return end(over, Reason.STOPPED_ELSEWHERE, unwanted(recorder, turn), turn)
        case RecorderStatus(status=4 | 5) as seen:
            return _up(answered(queried, seen), outcome, turn)
        case RecorderStatus() as seen:
            return _not_ready(answered(queried, seen), recorder, outcome, f"status {seen.status}", turn)
        case NotFound() as error:
            return _not_ready(answered(queried), recorder, outcome, str(error), turn)
        case AgoraError() as error:
            return Change(unanswered(queried, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a query")


def answered(recording: Recording, seen: RecorderStatus | None = None) -> Recording:
    """The recording after a usable answer."""
    told = replace(recording, tries=0, unanswered_since=None, unanswered_reason=None)
    if seen is None:
        return told
    return replace(told, status=seen.status, files=merged(told.files, seen.files))


def unanswered(recording: Recording, error: AgoraError, turn: Turn) -> Recording:
    """The recording after an answer that says nothing about it: asked again, and never a failure."""
    tries = recording.tries + 1
    patient = tries if not isinstance(error, RateLimited) else len(turn.policy.retry_backoff) + 1
    reason = Reason.UNAUTHORIZED if isinstance(error, Unauthorized) else Reason.AGORA_UNREACHABLE
    # Agora may ask for a pause, but not for so long that nobody would know how the recording is.
    pause = min(error.retry_after or 0, max(_LONGEST_PAUSE, 3 * turn.policy.query_interval))
    again = turn.retry_at(patient, retry_after=pause, patient=True)
    return replace(
        recording,
        tries=tries,
        not_found=0,
        found_empty=0,
        unanswered_since=recording.unanswered_since or turn.asked,
        queried_at=turn.now,
        unanswered_reason=reason,
        next_step_at=min(again, max(turn.at_interval(), turn.later(pause))),
    )


def merged(known: tuple[str, ...], named: tuple[str, ...]) -> tuple[str, ...]:
    """The files known so far and those named now, each once, in the order in which they came up."""
    return tuple(dict.fromkeys((*known, *named)))


def _up(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    again = recovery.up_again(recording, turn)
    up_at = again.up_at or turn.now
    there = _still_there(again, up_at, turn).moved(State.RECORDING)
    next_step_at = turn.at_interval() if there.told.exit is None else turn.later(turn.policy.soon)
    up = replace(
        there,
        started_at=recording.started_at or turn.now,
        found_at=turn.asked,
        not_found=0,
        not_found_since=None,
        found_empty=0,
        next_step_at=next_step_at,
    )
    stored_at = outcome.stored_at or recording.told.stored_at
    if recording.status == 5 or stored_at is not None:
        change = _heard(_storing(up, max(stored_at or turn.now, up_at), turn), outcome, turn)
    else:
        change = _heard(_nothing_stored_yet(up, outcome, turn), outcome, turn)
    return recovery.told(change, turn) if recording.between_parts else change


def _still_there(recording: Recording, up_at: datetime, turn: Turn) -> Recording:
    """Whatever a notice said of its end or its move, Agora has it; and one that should have come by now did not."""
    told = replace(recording.told, moving=False)
    missed = turn.policy.notified and told.up_at is None and turn.past(up_at, _NOTICE_SECONDS)
    if turn.past(told.exit_at, _DOUBT_SECONDS):
        told = replace(told, exit=None, exit_at=None)
    return replace(recording, told=replace(told, missed=told.missed or missed))


def silence_due(recording: Recording, turn: Turn) -> bool:
    """Whether nobody has been heard for so long that people should know, if they are there."""
    told = recording.told
    return not told.silent_told and turn.past(told.silent_since, turn.policy.silence_alert)


def _heard(change: Change, outcome: Outcome, turn: Turn) -> Change:
    recording = change.recording
    if not silence_due(recording, turn) or not outcome.people:
        return change
    since = recording.told.silent_since
    silent = replace(recording, told=replace(recording.told, silent_told=True))
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
    cause = f"{reason}-{recording.part}" if recording.lost_parts else reason
    return Alert(kind=kind, reason=reason, cause=cause, recording=recording, raised_at=turn.now)


def _not_ready(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """Agora does not find it just now, or finds it not in the channel: it may be moving to another server."""
    if isinstance(outcome.answer, NotFound) and left_for_good(recording):
        return _left(recording, recorder, outcome, detail, turn)
    count = recording.not_found + 1
    since = recording.not_found_since or turn.now
    # On another server it has to store a first file anew.
    missing = replace(recording, not_found=count, not_found_since=since, people_since=None)
    if missing.started_at is None:
        return _not_up_yet(missing, recorder, outcome, detail, turn)
    empty = isinstance(outcome.answer, NotFound) and outcome.people == frozenset()
    missing = replace(missing.moved(State.INTERRUPTED), found_empty=missing.found_empty + 1 if empty else 0)
    if missing.found_empty >= 2:
        return end(missing, Reason.IDLE, unwanted(recorder, turn), turn)
    if missing.up_at is None:
        return _not_up_yet(missing, recorder, outcome, detail, turn)
    if count >= 2 and turn.asked_past(missing.not_found_since, turn.policy.failover_grace):
        if missing.told.exit is not None:
            return _left(missing, recorder, outcome, detail, turn)
        return recovery.lost(missing, recorder, outcome, detail, turn)
    again = turn.by(turn.not_found_at(count), since, turn.policy.failover_grace)
    return Change(replace(missing, next_step_at=again))


def left_for_good(recording: Recording) -> bool:
    """Whether Agora told that it left, and not only from a server from which it is being moved."""
    return recording.told.exit is not None and not recording.told.moving


def _left(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """Agora told that it left, and does not find it any more: no grace is waited for."""
    match recording.told.exit:
        case Exit.CRASHED:
            return fail(recording, recorder, Reason.CRASHED, detail, turn)
        case Exit.LEFT:
            return fail(recording, recorder, Reason.LEFT, detail, turn)
    nobody = recording.told.exit is Exit.IDLE or outcome.people == frozenset()
    if not nobody and not turn.past(recording.told.exit_at, _CAUSE_SECONDS):
        return Change(replace(recording, next_step_at=turn.later(_CAUSE_SECONDS)))
    return end(recording, Reason.IDLE if nobody else Reason.STOPPED_ELSEWHERE, unwanted(recorder, turn), turn)


def _not_up_yet(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    if turn.past(recorder.sid_at, turn.policy.start_timeout):
        return fail(recording, recorder, Reason.NEVER_STARTED, detail, turn)
    found = isinstance(outcome.answer, RecorderStatus)
    again = turn.later(turn.policy.soon) if found else turn.not_found_at(recording.not_found)
    by_then = turn.by(again, recorder.sid_at or turn.now, turn.policy.start_timeout)
    return Change(replace(recording, next_step_at=by_then))
