"""A recorder that nobody wants costs money: it is ended, and seen to be gone.

One with a sid is stopped; one whose sid was never learnt is thrown out of the channel by its uid.
"""

from __future__ import annotations

from dataclasses import replace

from recordings.errors import AgoraError, Leaving, NotFound, NothingRecorded
from recordings.lifecycle import probing
from recordings.lifecycle.actions import Action, Outcome, Query, Reevaluate, Stop, ThrowOut
from recordings.lifecycle.policy import Turn
from recordings.model.recorder import Recorder
from recordings.model.reported import RecorderStatus, StopAccepted


def decide(recorder: Recorder, turn: Turn) -> Action:
    """The next step of an unwanted recorder that is not gone."""
    if recorder.start_sent_at is None or turn.past(recorder.expires_at):
        return Reevaluate()
    if recorder.sid is None:
        return ThrowOut()
    return Query() if recorder.stop_accepted_at is not None else Stop()


def follow(recorder: Recorder, action: Action, outcome: Outcome, turn: Turn) -> Recorder:
    """The recorder after the outcome of `action`."""
    match action, outcome.answer:
        case Reevaluate(), _:
            return replace(recorder, gone_at=turn.now)
        case ((Stop() | Query()), NothingRecorded()):
            return replace(recorder, gone_at=turn.now)
        case Stop(), StopAccepted():
            return replace(recorder, stop_accepted_at=turn.now, tries=0, next_step_at=turn.later(turn.policy.soon))
        case Stop(), NotFound() | Leaving():
            return _not_found(recorder, turn)
        case Query(), NotFound() | RecorderStatus(status=7 | 8 | 20):
            return replace(recorder, gone_at=turn.now)
        case Query(), RecorderStatus() as seen:
            return _still_there(recorder, seen, turn)
        case ThrowOut(), None:
            return _thrown_out(recorder, outcome, turn)
        case _, AgoraError() as error:
            again = turn.retry_at(recorder.tries + 1, retry_after=error.retry_after, patient=True)
            return replace(recorder, tries=recorder.tries + 1, next_step_at=again)
    raise TypeError(f"{outcome.answer!r} is no answer to {action}")


def _not_found(recorder: Recorder, turn: Turn) -> Recorder:
    """It may be moving to another server: believed after the grace."""
    probe = probing.missing(recorder.probe, turn)
    if probing.is_gone(probe, turn):
        return replace(recorder, gone_at=turn.now)
    return replace(
        recorder,
        not_found_since=probe.not_found_since,
        tries=probe.not_found,
        next_step_at=probing.ask_again_at(probe, turn),
    )


def _still_there(recorder: Recorder, seen: RecorderStatus, turn: Turn) -> Recorder:
    if seen.status == 6 and turn.past(recorder.stop_accepted_at, turn.policy.failover_grace):
        return replace(recorder, gone_at=turn.now)
    again = turn.later(turn.policy.soon)
    ignored = seen.status <= 5 and turn.past(recorder.stop_accepted_at, 3 * turn.policy.soon)
    return replace(recorder, stop_accepted_at=None if ignored else recorder.stop_accepted_at, next_step_at=again)


def _thrown_out(recorder: Recorder, outcome: Outcome, turn: Turn) -> Recorder:
    """Whether a recorder is listed among the users is not documented, and a lost start may come up late: it is
    thrown out again and again until no start of it can be under way any more."""
    listed = outcome.users is not None and recorder.uid in outcome.users.hosts | outcome.users.audience
    absent = 0 if listed or outcome.users is None else recorder.absent + 1
    too_late_to_come_up = turn.past(recorder.start_sent_at, turn.policy.start_timeout)
    if absent >= 2 and too_late_to_come_up:
        return replace(recorder, absent=absent, gone_at=turn.now)
    return replace(recorder, absent=absent, tries=0, next_step_at=turn.not_found_at(absent + 1))
