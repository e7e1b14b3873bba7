"""From the request to stop until Agora agrees that the recorder is gone."""

from __future__ import annotations

from dataclasses import replace

from recordings.errors import AgoraError, Leaving, NotFound, NothingRecorded, Unreadable
from recordings.lifecycle import probing
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.cleanup import ABSENT_ENOUGH
from recordings.lifecycle.outcomes import end, end_alerts, expects_files, mark_ended, mark_gone, mark_unwanted
from recordings.lifecycle.policy import Turn
from recordings.lifecycle.probing import mark_answered, mark_unanswered, merge_files
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.inventory import NOTHING_TO_UPLOAD
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import RecorderStatus, StopAccepted


def begin(recording: Recording, recorder: Recorder | None, reason: Reason, turn: Turn) -> Change:
    """Begins to stop the recording, in whatever state it is."""
    probe = replace(recording.probe, not_found=0, not_found_since=None)
    recording = replace(recording, stop_reason=reason, tries=0, probe=probe, next_step_at=turn.now)
    audit_events = _stopped_by_bot(recording, turn) if reason is Reason.TIME_LIMIT else ()
    if recorder is None or recorder.start_sent_at is None:
        change = _recorder_gone(recording, mark_unwanted(recorder, turn), turn)
        return replace(change, audit_events=audit_events)
    stopping = recording.with_state(State.STOPPING)
    if recorder.sid is not None:
        return Change(stopping, audit_events=audit_events)
    # Without a sid it can't be stopped: `cleanup` removes it from the channel meanwhile.
    waiting = replace(stopping, next_step_at=turn.later(turn.policy.soon))
    return Change(waiting, mark_unwanted(recorder, turn), audit_events=audit_events)


def _stopped_by_bot(recording: Recording, turn: Turn) -> tuple[AuditEvent, ...]:
    return (AuditEvent.of(recording, AuditAction.STOPPED, Source.TIME_LIMIT, turn.now),)


def conclude(recording: Recording, recorder: Recorder | None, turn: Turn) -> Change:
    """No call is left: the recorder is gone, or the recording waits until `cleanup` has removed it."""
    if recorder is None or recorder.gone_at is not None or recorder.absent >= ABSENT_ENOUGH:
        return _recorder_gone(recording, (), turn)
    if turn.past(recorder.expires_at):
        return _recorder_gone(recording, mark_gone(recorder, turn), turn)
    return Change(replace(recording, next_step_at=turn.later(turn.policy.soon)))


def after_stop(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    match outcome.answer:
        case StopAccepted() as stopped:
            return Change(_accepted(mark_answered(recording), stopped, turn))
        case NothingRecorded() if recording.lost_segments:
            # This segment is empty, but the ones before it are not.
            empty = replace(mark_answered(recording), files=(), uploading_status=NOTHING_TO_UPLOAD)
            return _recorder_gone(empty, mark_gone(recorder, turn), turn)
        case NothingRecorded():
            return end(mark_answered(recording), Reason.NO_MEDIA, mark_gone(recorder, turn), turn)
        case NotFound() | Leaving():
            return _after_stop_not_found(mark_answered(recording), recorder, outcome, turn)
        case AgoraError() as error:
            return Change(mark_unanswered(recording, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a stop")


def _accepted(recording: Recording, stopped: StopAccepted, turn: Turn) -> Recording:
    return replace(
        recording.with_state(State.UPLOADING),
        probe=replace(recording.probe, status=None),
        stop_accepted_at=turn.now,
        ended_at=turn.now,
        files=merge_files(recording.files, stopped.files),
        uploading_status=stopped.uploading_status or recording.uploading_status,
        next_step_at=turn.later(turn.policy.soon),
    )


def _after_stop_not_found(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    """The recorder is leaving, has left, or is being moved. It counts as gone after the grace period, or at once if the
    channel is empty or Agora reported an exit."""
    probe = probing.mark_not_found(recording.probe, turn)
    if recording.stop_accepted_at is not None or probing.is_gone(probe, turn):
        return _recorder_gone(recording, mark_gone(recorder, turn), turn)
    if outcome.people == frozenset() or recording.reported.has_left:
        return _recorder_gone(recording, mark_unwanted(recorder, turn), turn)
    return Change(replace(recording, probe=probe, next_step_at=probing.next_query_at(probe, turn)))


def _recorder_gone(recording: Recording, recorders: tuple[Recorder, ...], turn: Turn) -> Change:
    """Starts the delivery check, or ends the recording at once if no files can exist."""
    reason = recording.stop_reason or Reason.STOPPED
    if not expects_files(recording, reason):
        return end(recording, reason, recorders, turn)
    # No more calls to Agora: an answer that is still missing does not matter any more.
    uploading = replace(
        mark_answered(recording).with_state(State.UPLOADING),
        files_awaited=True,
        ended_at=recording.ended_at or turn.now,
        next_step_at=turn.now,
    )
    # The channel is told of the end now, not when the files are there.
    return Change(uploading, recorders, end_alerts(mark_ended(recording, reason, turn), turn))


def after_query(recording: Recording, recorder: Recorder, outcome: Outcome, turn: Turn) -> Change:
    """The stop was accepted: the recorder is gone once Agora does not find it any more."""
    queried = replace(recording, probe=replace(recording.probe, queried_at=turn.now))
    match outcome.answer:
        case NotFound():
            return _recorder_gone(mark_answered(queried), mark_gone(recorder, turn), turn)
        case RecorderStatus(status=7 | 8 | 20) as status:
            return _recorder_gone(mark_answered(queried, status), mark_gone(recorder, turn), turn)
        case RecorderStatus(status=6) as status if turn.past(recording.stop_accepted_at, turn.policy.failover_grace):
            return _recorder_gone(mark_answered(queried, status), mark_unwanted(recorder, turn), turn)
        case RecorderStatus() as status:
            return Change(replace(mark_answered(queried, status), next_step_at=turn.later(turn.policy.soon)))
        case Unreadable() if turn.past(recording.stop_accepted_at, turn.policy.failover_grace):
            # Its files are not left unchecked for that; `cleanup` goes on until Agora agrees that it is gone.
            return _recorder_gone(queried, mark_unwanted(recorder, turn), turn)
        case AgoraError() as error:
            return Change(mark_unanswered(queried, error, turn))
    raise TypeError(f"{outcome.answer!r} is no answer to a query")
