"""A recorder that is lost while people may still be in the channel: another one records on in its place.

The recording stays the same row and the same card. What the lost recorder made of it is one of its parts.
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
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.model.segments import LostSegment

_ANOTHER_CALL_SECONDS = 3600.0
"""Whoever is there so long after it was last found up may be in a call of which nobody has asked a recording."""


def handle_loss(recording: Recording, recorder: Recorder, outcome: Outcome, detail: str, turn: Turn) -> Change:
    """Not found past the grace: it is recorded on, unless nobody is there to record, that was done often enough, or it
    was not watched for so long (a database of yesterday) that it may be another call by now."""
    enough = len(recording.lost_segments) >= turn.policy.max_resumes
    if enough or may_be_another_call(recording, turn) or outcome.people == frozenset() or recording.sid is None:
        return fail(recording, recorder, Reason.LOST, detail, turn)
    return Change(
        _afresh(recording, _lost_part(recording, recording.sid, recorder, turn), turn), mark_unwanted(recorder, turn)
    )


def is_untried(recording: Recording) -> bool:
    """Whether it was lost, and nobody has tried to record on yet: no replica led since."""
    return recording.awaiting_segment and recording.recorders_tried == 0


def may_be_another_call(recording: Recording, turn: Turn) -> bool:
    """Whether it was last found up so long ago that whoever is there may be in another call."""
    last = recording.lost_segments[-1].found_at if recording.awaiting_segment else recording.probe.found_at
    return turn.past(last or recording.started_at, turn.policy.failover_grace + _ANOTHER_CALL_SECONDS)


def _lost_part(recording: Recording, sid: str, recorder: Recorder, turn: Turn) -> LostSegment:
    told = recording.reported
    found_at = recording.probe.found_at or recording.probe.not_found_since or turn.now
    return LostSegment(
        sid=sid,
        uid=recorder.uid,
        resource_id=recorder.resource_id,
        up_at=recording.up_at or found_at,
        found_at=found_at,
        lost_at=turn.now,
        moved_at=_between(found_at, told.moved_at, turn.now) if told.moving and told.moved_at else None,
        files=recording.files,
        uploaded_at=told.uploaded_at,
        backup_at=told.backup_at,
        recorder_count=recording.recorder_count,
    )


def _afresh(recording: Recording, part: LostSegment, turn: Turn) -> Recording:
    """The recording without a recorder, as it was before its first start, with as much time to come up."""
    nothing_stored = recording.first_file_at is None
    return replace(
        recording,
        lost_segments=(*recording.lost_segments, part),
        recorder_id=None,
        sid=None,
        detail="",
        tries=0,
        attempt_started_at=turn.now,
        next_step_at=turn.now,
        first_file_at=None,
        probe=replace(recording.probe, found_at=None, status=None, not_found=0, not_found_since=None, found_empty=0),
        people_since=None,
        # A warning that still holds is not told again, and what ends it is.
        nothing_stored_at=recording.nothing_stored_at if nothing_stored else None,
        files=(),
        uploading_status="",
        reported=recording.reported.for_new_recorder(),
    )


def resume(recording: Recording, turn: Turn) -> Recording:
    """The recording with the moment when another recorder was up, where it waited for one."""
    if not recording.awaiting_segment:
        return recording
    last = recording.lost_segments[-1]
    told = recording.reported.up_at or turn.now
    on = replace(last, resumed_at=_between(last.lost_at, told, turn.now))
    return replace(recording, lost_segments=(*recording.lost_segments[:-1], on))


def warn_resumed(change: Change, turn: Turn) -> Change:
    """The change with the word that it was lost and is recorded on, and the act of the bot's that this is."""
    recording = change.recording
    cause = f"{Reason.LOST}-{recording.segment_number}"
    alert = Alert(kind=AlertKind.WARNING, reason=Reason.LOST, cause=cause, recording=recording, raised_at=turn.now)
    audit_event = AuditEvent(
        at=turn.now,
        who="",
        what=AuditAction.RECORDED_ON,
        source=Source.LOSS,
        recording_id=recording.id,
        slack_channel=recording.slack_channel,
        detail=f"part {recording.segment_number}",
    )
    return replace(change, alerts=(alert, *change.alerts), audit_events=(*change.audit_events, audit_event))


def _between(earliest: datetime, moment: datetime, latest: datetime) -> datetime:
    """A moment by Agora's clock, as far as the bot's own knows that it can be so."""
    return max(earliest, min(moment, latest))
