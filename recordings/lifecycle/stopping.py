"""From the wish to stop until Agora agrees that the recorder is gone."""

from __future__ import annotations

from dataclasses import replace

from recordings.errors import AgoraError, Leaving, NotFound, NothingRecorded
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.outcomes import end, gone, unwanted
from recordings.lifecycle.policy import Turn
from recordings.lifecycle.polling import answered, left_for_good, merged, unanswered
from recordings.model.audit import Act, Deed, Source
from recordings.model.inventory import NOTHING
from recordings.model.recorder import Recorder
from recordings.model.recording import Reason, Recording, State
from recordings.model.reported import RecorderStatus, StopAccepted

ABSENT_ENOUGH = 2
"""A recorder without a sid that was thrown out and is not listed so many times in a row counts as gone."""


def begin(recording: Recording, recorder: Recorder | None, ending: Reason, turn: Turn) -> Change:
    """Stop it: the wish is carried out, whatever the recording has come to."""
    wished = replace(recording, ending=ending, tries=0, not_found=0, not_found_since=None, next_step_at=turn.now)
    acts = _by_itself(recording, turn) if ending is Reason.TIME_LIMIT else ()
    if recorder is None or recorder.start_sent_at is None:
        return replace(_recorder_gone(wished, unwanted(recorder, turn), turn), acts=acts)
    stopping = wished.moved(State.STOPPING)
    if recorder.sid is None:
        return Change(replace(stopping, next_step_at=turn.later(turn.policy.soon)), unwanted(recorder, turn), acts=acts)
    return Change(stopping, acts=acts)


def _by_itself(recording: Recording, turn: Turn) -> tuple[Act, ...]:
    """Nobody asked for this stop: the time that a recording may take was over."""
    return (
        Act(
            at=turn.now,
            who="",
            what=Deed.STOPPED,
            source=Source.TIME_LIMIT,
            recording_id=recording.id,
            slack_channel=recording.slack_channel,
        ),
    )


def conclude(recording: Recording, recorder: Recorder | None, turn: Turn) -> Change:
    """Nothing is left to ask Agora for: over, or waiting until a recorder without a sid is gone."""
    if recorder is None or recorder.gone_at is not None or recorder.absent >= ABSENT_ENOUGH:
        return _recorder_gone(recording, (), turn)
    if turn.past(recorder.expires_at):
        return _recorder_gone(recording, gone(recorder, turn), turn)
    return Change(replace(recording, next_step_at=turn.later(turn.policy.soon)))


def after_stop(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    match outcome.answer:
        case StopAccepted() as stopped:
            return Change(_accepted(answered(recording), stopped, turn))
        case NothingRecorded() if recording.lost_parts:
            # Of this part alone: the parts before it hold something.
            left_nothing = replace(answered(recording), files=(), uploading_status=NOTHING)
            return _recorder_gone(left_nothing, gone(recorder, turn), turn)
        case NothingRecorded():
            return end(answered(recording), Reason.NO_MEDIA, gone(recorder, turn), turn)
        case NotFound() | Leaving():
            return _gone_already(answered(recording), recorder, outcome, turn)
        case AgoraError() as error:
            return Change(unanswered(recording, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a stop")


def _accepted(recording: Recording, stopped: StopAccepted, turn: Turn) -> Recording:
    return replace(
        recording.moved(State.UPLOADING),
        status=None,
        stop_accepted_at=turn.now,
        ended_at=turn.now,
        files=merged(recording.files, stopped.files),
        uploading_status=stopped.uploading_status or recording.uploading_status,
        next_step_at=turn.later(turn.policy.soon),
    )


def _gone_already(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    """It is leaving, has left, or is being moved: believed after the grace, or when nobody is there to record,
    or Agora told that it left."""
    since = recording.not_found_since or turn.now
    if recording.stop_accepted_at is not None or turn.asked_past(since, turn.policy.failover_grace):
        return _recorder_gone(recording, gone(recorder, turn), turn)
    if outcome.people == frozenset() or left_for_good(recording):
        return _recorder_gone(recording, unwanted(recorder, turn), turn)
    count = recording.not_found + 1
    again = turn.by(turn.not_found_at(count), since, turn.policy.failover_grace)
    return Change(replace(recording, not_found=count, not_found_since=since, next_step_at=again))


def _recorder_gone(recording: Recording, recorders: tuple[Recorder, ...], turn: Turn) -> Change:
    """What it left is looked for; where it can have left nothing, it is over."""
    over = end(recording, recording.ending or Reason.STOPPED, recorders, turn)
    if not over.recording.files_awaited:
        return over
    # Agora is not asked about it any more, so that nobody waits for its answer either.
    uploading = replace(
        answered(recording).moved(State.UPLOADING),
        files_awaited=True,
        ended_at=over.recording.ended_at,
        next_step_at=turn.now,
    )
    # Whoever has to hear that it ended hears it now, and not when the files are there.
    return replace(over, recording=uploading)


def after_query(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    """Of a recorder whose stop was accepted: it is gone once Agora does not find it any more."""
    queried = replace(recording, queried_at=turn.now)
    match outcome.answer:
        case NotFound():
            return _recorder_gone(answered(queried), gone(recorder, turn), turn)
        case RecorderStatus(status=7 | 8 | 20) as seen:
            return _recorder_gone(answered(queried, seen), gone(recorder, turn), turn)
        case RecorderStatus(status=6) as seen if turn.past(recording.stop_accepted_at, turn.policy.failover_grace):
            return _recorder_gone(answered(queried, seen), unwanted(recorder, turn), turn)
        case RecorderStatus() as seen:
            return Change(replace(answered(queried, seen), next_step_at=turn.later(turn.policy.soon)))
        case AgoraError() as error:
            return Change(unanswered(queried, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a query")
