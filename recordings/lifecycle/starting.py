"""From the request to a recorder with a sid: post the card, allocate a uid, acquire, start."""

from __future__ import annotations

from dataclasses import replace

from recordings.errors import (
    AgoraError,
    AgoraRefused,
    AlreadyStarted,
    NotFound,
    NotSent,
    NoWorker,
    Overloaded,
    RateLimited,
    SlackBusy,
    SlackPaced,
    SlackRefused,
    TaskConflict,
    Unauthorized,
)
from recordings.lifecycle.actions import Change, Outcome, Start
from recordings.lifecycle.layouts import initial_layout
from recordings.lifecycle.outcomes import fail, mark_unwanted
from recordings.lifecycle.policy import Turn
from recordings.lifecycle.recovery import is_resume_untried
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording

_NOT_CARRIED_OUT = (NotSent, RateLimited, AgoraRefused, NotFound, NoWorker, TaskConflict)
"""Errors after which the recorder surely does not run."""


def after_card(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    is_late = recording.tries == 0 and turn.past(recording.requested_at, turn.policy.start_timeout / 2)
    if is_late and recording.attempt_started_at is None:
        # No replica led meanwhile: the start timeout counts from now on.
        recording = replace(recording, attempt_started_at=turn.as_of)
    match outcome.answer:
        case SlackRefused() as error:
            return fail(recording, None, Reason.UNDELIVERABLE, str(error), turn)
        case SlackPaced() as error:
            at = turn.later(error.retry_after or 0)
            return Change(replace(recording, attempt_started_at=at, next_step_at=at))
        case SlackBusy() as error:
            tries = recording.tries + 1
            retry_at = turn.retry_at(tries, retry_after=error.retry_after)
            retry_at = turn.capped(retry_at, recording.attempt_since, turn.policy.start_timeout)
            return Change(replace(recording, tries=tries, detail=str(error), next_step_at=retry_at))
        case str() as ts:
            return Change(replace(recording, card_ts=ts, tries=0, detail="", next_step_at=turn.now))
    raise TypeError(f"{outcome.answer!r} is no answer to a post")


def after_allocate(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    """Adds the new recorder, with the uid in `outcome`."""
    if not isinstance(outcome.answer, int):
        raise TypeError(f"{outcome.answer!r} is no uid")
    number = recording.recorder_count + 1
    recorder = Recorder(
        id=f"{recording.id}.{number}",
        recording_id=recording.id,
        agora_channel=recording.agora_channel,
        uid=outcome.answer,
        created_at=turn.now,
        next_step_at=turn.now,
        segment_number=recording.segment_number,
    )
    layout = initial_layout(recording, outcome)
    if is_resume_untried(recording) and turn.past(recording.attempt_started_at, turn.policy.start_timeout / 2):
        recording = replace(recording, attempt_started_at=turn.now)
    allocated = replace(
        recording, recorder_id=recorder.id, recorder_count=number, applied_layout=layout, next_step_at=turn.now
    )
    return Change(allocated, (recorder,))


def after_acquire(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    error = outcome.error
    if error is None:
        acquired = replace(recorder, resource_id=str(outcome.answer), acquired_at=turn.now)
        return Change(replace(recording, tries=0, detail="", next_step_at=turn.now), (acquired,))
    if isinstance(error, AgoraRefused):
        return fail(recording, recorder, _failure_reason(error), str(error), turn)
    tried = _count_try(recording, error, turn)
    if tried.tries > len(turn.policy.retry_backoff) * turn.policy.endpoint_count:
        return give_up(tried, recorder, turn)
    return Change(tried)


def after_start(recording: Recording, recorder: Recorder, action: Start, outcome: Outcome, turn: Turn) -> Change:
    error = outcome.error
    if isinstance(error, AlreadyStarted) and error.sid:
        return _started(recording, recorder, error.sid, turn)
    if error is None:
        return _started(recording, recorder, str(outcome.answer), turn)
    if action.first and isinstance(error, _NOT_CARRIED_OUT):
        recorder = replace(recorder, start_sent_at=None)
    if isinstance(error, AgoraRefused):
        return fail(recording, recorder, _failure_reason(error), str(error), turn)
    tried = _count_try(recording, error, turn)
    if not error.retry and not isinstance(error, AlreadyStarted):
        retry_at = turn.retry_at(recording.recorders_tried, retry_after=error.retry_after)
        retry_at = turn.capped(retry_at, recording.attempt_since, turn.policy.start_timeout)
        most = 1 + len(turn.policy.retry_backoff) * turn.policy.endpoint_count
        return replace_recorder(replace(tried, next_step_at=retry_at), recorder, turn, most=most)
    if tried.tries > len(turn.policy.retry_backoff):
        return replace_recorder(tried, recorder, turn, most=max(2, turn.policy.endpoint_count))
    return Change(tried, (recorder,))


def _started(recording: Recording, recorder: Recorder, sid: str, turn: Turn) -> Change:
    running = replace(recorder, sid=sid, sid_at=turn.now)
    started = replace(
        recording,
        sid=sid,
        tries=0,
        detail="",
        probe=replace(recording.probe, unanswered_since=None, unanswered_reason=None, unreadable_answer=""),
        next_step_at=turn.later(turn.policy.soon),
    )
    return Change(started, (running,))


def replace_recorder(recording: Recording, recorder: Recorder | None, turn: Turn, most: int | None = None) -> Change:
    """Gives this recorder up, so that the next step allocates another one. `most`: the most recorders to try."""
    if most is not None and recording.recorders_tried >= most:
        return give_up(recording, recorder, turn)
    return Change(replace(recording, recorder_id=None, tries=0), mark_unwanted(recorder, turn))


def give_up(recording: Recording, recorder: Recorder | None, turn: Turn) -> Change:
    was_posted = recording.card_ts is not None or bool(recording.lost_segments)
    reason = Reason.UNAVAILABLE if was_posted else Reason.UNDELIVERABLE
    if is_resume_untried(recording):
        reason = Reason.LOST
    return fail(recording, recorder, reason, recording.detail or "no answer in time", turn)


def _count_try(recording: Recording, error: AgoraError, turn: Turn) -> Recording:
    """The recording after a failed try. Rate limiting is not counted: the request was not carried out."""
    tries = recording.tries if isinstance(error, RateLimited) else recording.tries + 1
    retry_at = turn.retry_at(max(tries, 1), retry_after=error.retry_after)
    retry_at = turn.capped(retry_at, recording.attempt_since, turn.policy.start_timeout)
    return replace(recording, tries=tries, detail=str(error), next_step_at=retry_at)


def _failure_reason(error: AgoraRefused) -> Reason:
    match error:
        case Unauthorized():
            return Reason.UNAUTHORIZED
        case Overloaded():
            return Reason.OVERLOADED
    return Reason.REJECTED
