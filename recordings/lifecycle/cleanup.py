"""An unwanted recorder costs money: the engine stops it, and steps it until it is gone.

A recorder with a sid is stopped. One whose sid was never learned is removed from the channel by its uid.
"""

from __future__ import annotations

from dataclasses import replace

from recordings.errors import AgoraError, Leaving, NotFound, NothingRecorded, Unreadable
from recordings.lifecycle import probing
from recordings.lifecycle.actions import Action, Outcome, Query, Reevaluate, Stop, ThrowOut
from recordings.lifecycle.policy import Turn
from recordings.model.recorder import Recorder
from recordings.model.reported import RecorderStatus, StopAccepted

ABSENT_ENOUGH = 2
"""Consecutive user lists without the removed uid before the recorder counts as gone."""


def decide(recorder: Recorder, turn: Turn) -> Action:
    """The next step of an unwanted recorder that is not gone."""
    if recorder.start_sent_at is None or turn.past(recorder.expires_at):
        return Reevaluate()
    if recorder.sid is None:
        return ThrowOut()
    return Query() if recorder.stop_accepted_at is not None else Stop()


def apply_outcome(recorder: Recorder, action: Action, outcome: Outcome, turn: Turn) -> Recorder:
    """The recorder after the outcome of `action`."""
    match action, outcome.answer:
        case Reevaluate(), _:
            return replace(recorder, gone_at=turn.now)
        case ((Stop() | Query()), NothingRecorded()):
            return replace(recorder, gone_at=turn.now)
        case Stop(), StopAccepted():
            return replace(recorder, stop_accepted_at=turn.now, tries=0, next_step_at=turn.later(turn.policy.soon))
        case Stop(), NotFound() | Leaving():
            return _after_stop_not_found(recorder, turn)
        case Query(), NotFound() | RecorderStatus(status=7 | 8 | 20):
            return replace(recorder, gone_at=turn.now)
        case Query(), RecorderStatus() as status:
            return _after_status(recorder, status, turn)
        case ThrowOut(), None:
            return _after_removal(recorder, outcome, turn)
        case Query(), Unreadable() as error if turn.past(recorder.stop_accepted_at, turn.policy.failover_grace):
            # Whether it is gone can't be read: the answer to another stop may say it.
            return replace(_retry_later(recorder, error, turn), stop_accepted_at=None)
        case _, AgoraError() as error:
            return _retry_later(recorder, error, turn)
    raise TypeError(f"{outcome.answer!r} is no answer to {action}")


def _retry_later(recorder: Recorder, error: AgoraError, turn: Turn) -> Recorder:
    retry_at = turn.retry_at(recorder.tries + 1, retry_after=error.retry_after, patient=True)
    return replace(recorder, tries=recorder.tries + 1, next_step_at=retry_at)


def _after_stop_not_found(recorder: Recorder, turn: Turn) -> Recorder:
    """It may be moving to another server: it is gone after the grace period only."""
    probe = probing.mark_not_found(recorder.probe, turn)
    if probing.is_gone(probe, turn):
        return replace(recorder, gone_at=turn.now)
    return replace(
        recorder,
        not_found_since=probe.not_found_since,
        tries=probe.not_found,
        next_step_at=probing.next_query_at(probe, turn),
    )


def _after_status(recorder: Recorder, status: RecorderStatus, turn: Turn) -> Recorder:
    """A query still finds it. If it stays in the call, the stop had no effect and is sent again."""
    if status.status == 6 and turn.past(recorder.stop_accepted_at, turn.policy.failover_grace):
        return replace(recorder, gone_at=turn.now)
    had_no_effect = status.status <= 5 and turn.past(recorder.stop_accepted_at, 3 * turn.policy.soon)
    return replace(
        recorder,
        stop_accepted_at=None if had_no_effect else recorder.stop_accepted_at,
        next_step_at=turn.later(turn.policy.soon),
    )


def _after_removal(recorder: Recorder, outcome: Outcome, turn: Turn) -> Recorder:
    """Agora does not document whether a recorder is listed among the users, and a lost start may come up late. So the
    engine repeats the removal until no start can be under way any more."""
    is_listed = outcome.users is not None and recorder.uid in outcome.users.hosts | outcome.users.audience
    absent = 0 if is_listed or outcome.users is None else recorder.absent + 1
    too_late_to_come_up = turn.past(recorder.start_sent_at, turn.policy.start_timeout)
    if absent >= ABSENT_ENOUGH and too_late_to_come_up:
        return replace(recorder, absent=absent, gone_at=turn.now)
    return replace(recorder, absent=absent, tries=0, next_step_at=turn.retry_not_found_at(absent + 1))
