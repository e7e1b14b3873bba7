"""A lost recorder is replaced while people may still be in the channel.

The recording keeps its row and its card. What the lost recorder made becomes a lost segment of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.outcomes import fail, mark_unwanted
from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.reason import Reason
from recordings.model.recorder import Probe, Recorder
from recordings.model.recording import Recording
from recordings.model.segments import LostSegment

_ANOTHER_CALL_SECONDS = 3600.0
"""If the recorder was last seen over an hour ago, people may be in another call, which nobody asked to record."""


def handle_loss(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """The recorder was not found within the grace period. Another one replaces it, unless the channel is empty, too
    many were replaced already, or no replica watched for so long that the people there may be in another call."""
    too_many = len(recording.lost_segments) >= turn.policy.max_resumes
    if too_many or may_be_another_call(recording, turn) or outcome.people == frozenset() or recording.sid is None:
        return fail(recording, recorder, Reason.LOST, detail, turn)
    segment = _lost_segment(recording, recording.sid, recorder, turn)
    return Change(_without_recorder(recording, segment, turn), mark_unwanted(recorder, turn))


def is_resume_untried(recording: Recording) -> bool:
    """Whether the recorder was lost and no other one was tried yet, because no replica led since."""
    return recording.awaiting_segment and recording.recorders_tried == 0


def may_be_another_call(recording: Recording, turn: Turn) -> bool:
    """Whether the recorder was last seen so long ago that the people there may be in another call."""
    last = recording.lost_segments[-1].found_at if recording.awaiting_segment else recording.probe.found_at
    return turn.past(last or recording.started_at, turn.policy.failover_grace + _ANOTHER_CALL_SECONDS)


def _lost_segment(recording: Recording, sid: str, recorder: Recorder, turn: Turn) -> LostSegment:
    reported = recording.reported
    found_at = recording.probe.found_at or recording.probe.not_found_since or turn.now
    return LostSegment(
        sid=sid,
        uid=recorder.uid,
        resource_id=recorder.resource_id,
        up_at=recording.up_at or found_at,
        found_at=found_at,
        lost_at=turn.now,
        moved_at=_clamp(found_at, reported.moved_at, turn.now) if reported.moving and reported.moved_at else None,
        files=recording.files,
        uploaded_at=reported.uploaded_at,
        backup_at=reported.backup_at,
        recorder_count=recording.recorder_count,
    )


def _without_recorder(recording: Recording, segment: LostSegment, turn: Turn) -> Recording:
    """The recording as before its first start, with a full start timeout."""
    nothing_stored = recording.first_file_at is None
    return replace(
        recording,
        lost_segments=(*recording.lost_segments, segment),
        recorder_id=None,
        sid=None,
        detail="",
        tries=0,
        attempt_started_at=turn.now,
        next_step_at=turn.now,
        first_file_at=None,
        probe=Probe(queried_at=recording.probe.queried_at),
        people_since=None,
        # An open warning stays open: it is not repeated, and its end is reported.
        nothing_stored_warned_at=recording.nothing_stored_warned_at if nothing_stored else None,
        files=(),
        uploading_status="",
        reported=recording.reported.for_new_recorder(),
    )


def mark_resumed(recording: Recording, turn: Turn) -> Recording:
    """Completes the lost segment with the time when the next recorder came up, if the recording waits for one."""
    if not recording.awaiting_segment:
        return recording
    last = recording.lost_segments[-1]
    resumed_at = _clamp(last.lost_at, recording.reported.up_at or turn.now, turn.now)
    return replace(recording, lost_segments=(*recording.lost_segments[:-1], replace(last, resumed_at=resumed_at)))


def warn_resumed(change: Change, turn: Turn) -> Change:
    """Adds the warning that a recorder was lost and another one continues, and its audit event."""
    recording, number = change.recording, change.recording.segment_number
    alert = Alert.raised(AlertKind.WARNING, Reason.LOST, recording, turn.now, of=number)
    audit_event = AuditEvent.of(recording, AuditAction.RESUMED, Source.LOSS, turn.now, detail=f"part {number}")
    return replace(change, alerts=(alert, *change.alerts), audit_events=(*change.audit_events, audit_event))


def _clamp(earliest: datetime, moment: datetime, latest: datetime) -> datetime:
    """A moment by Agora's clock, within the limits that the bot's own clock sets."""
    return max(earliest, min(moment, latest))
