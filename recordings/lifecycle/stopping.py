"""From the wish to stop until Agora agrees that the recorder is gone."""

from __future__ import annotations

from dataclasses import replace

from recordings.errors import AgoraError, Leaving, NotFound, NothingRecorded
from recordings.lifecycle import probing
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.outcomes import end, end_alerts, ended, expects_files, mark_gone, mark_unwanted
from recordings.lifecycle.policy import Turn
from recordings.lifecycle.probing import answered, merge_files, unanswered
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.inventory import NOTHING
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import RecorderStatus, StopAccepted

ABSENT_ENOUGH = 2
"""A recorder without a sid that was thrown out and is not listed so many times in a row counts as gone."""


def begin(recording: Recording, recorder: Recorder | None, ending: Reason, turn: Turn) -> Change:
    """Stop it: the wish is carried out, whatever the recording has come to."""
    probe = replace(recording.probe, not_found=0, not_found_since=None)
    wished = replace(recording, ending=ending, tries=0, probe=probe, next_step_at=turn.now)
    audit_events = _by_itself(recording, turn) if ending is Reason.TIME_LIMIT else ()
    if recorder is None or recorder.start_sent_at is None:
        return replace(_recorder_gone(wished, mark_unwanted(recorder, turn), turn), audit_events=audit_events)
    stopping = wished.moved(State.STOPPING)
    if recorder.sid is None:
        return Change(
            replace(stopping, next_step_at=turn.later(turn.policy.soon)),
            mark_unwanted(recorder, turn),
            audit_events=audit_events,
        )
    return Change(stopping, audit_events=audit_events)


def _by_itself(recording: Recording, turn: Turn) -> tuple[AuditEvent, ...]:
    """Nobody asked for this stop: the time that a recording may take was over."""
    return (
        AuditEvent(
            at=turn.now,
            who="",
            what=AuditAction.STOPPED,
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
        return _recorder_gone(recording, mark_gone(recorder, turn), turn)
    return Change(replace(recording, next_step_at=turn.later(turn.policy.soon)))


def after_stop(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    match outcome.answer:
        case StopAccepted() as stopped:
            return Change(_accepted(answered(recording), stopped, turn))
        case NothingRecorded() if recording.lost_segments:
            # Of this part alone: the parts before it hold something.
            left_nothing = replace(answered(recording), files=(), uploading_status=NOTHING)
            return _recorder_gone(left_nothing, mark_gone(recorder, turn), turn)
        case NothingRecorded():
            return end(answered(recording), Reason.NO_MEDIA, mark_gone(recorder, turn), turn)
        case NotFound() | Leaving():
            return _gone_already(answered(recording), recorder, outcome, turn)
        case AgoraError() as error:
            return Change(unanswered(recording, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a stop")


def _accepted(recording: Recording, stopped: StopAccepted, turn: Turn) -> Recording:
    return replace(
        recording.moved(State.UPLOADING),
        probe=replace(recording.probe, status=None),
        stop_accepted_at=turn.now,
        ended_at=turn.now,
        files=merge_files(recording.files, stopped.files),
        uploading_status=stopped.uploading_status or recording.uploading_status,
        next_step_at=turn.later(turn.policy.soon),
    )


def _gone_already(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    """It is leaving, has left, or is being moved: believed after the grace, or when nobody is there to record,
    or Agora told that it left."""
    probe = probing.missing(recording.probe, turn)
    if recording.stop_accepted_at is not None or probing.is_gone(probe, turn):
        return _recorder_gone(recording, mark_gone(recorder, turn), turn)
    if outcome.people == frozenset() or recording.reported.has_left:
        return _recorder_gone(recording, mark_unwanted(recorder, turn), turn)
    return Change(replace(recording, probe=probe, next_step_at=probing.ask_again_at(probe, turn)))


def _recorder_gone(recording: Recording, recorders: tuple[Recorder, ...], turn: Turn) -> Change:
    """Starts the delivery check, or ends the recording at once if no files can exist."""
    reason = recording.ending or Reason.STOPPED
    if not expects_files(recording, reason):
        return end(recording, reason, recorders, turn)
    # Agora is not asked any more, so no answer of it is missing either.
    uploading = replace(
        answered(recording).moved(State.UPLOADING),
        files_awaited=True,
        ended_at=recording.ended_at or turn.now,
        next_step_at=turn.now,
    )
    # The channel hears now that the recording has ended, and not when the files are there.
    return Change(uploading, recorders, end_alerts(ended(recording, reason, turn), turn))


def after_query(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    """Of a recorder whose stop was accepted: it is gone once Agora does not find it any more."""
    queried = replace(recording, probe=replace(recording.probe, queried_at=turn.now))
    match outcome.answer:
        case NotFound():
            return _recorder_gone(answered(queried), mark_gone(recorder, turn), turn)
        case RecorderStatus(status=7 | 8 | 20) as seen:
            return _recorder_gone(answered(queried, seen), mark_gone(recorder, turn), turn)
        case RecorderStatus(status=6) as seen if turn.past(recording.stop_accepted_at, turn.policy.failover_grace):
            return _recorder_gone(answered(queried, seen), mark_unwanted(recorder, turn), turn)
        case RecorderStatus() as seen:
            return Change(replace(answered(queried, seen), next_step_at=turn.later(turn.policy.soon)))
        case AgoraError() as error:
            return Change(unanswered(queried, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a query")
