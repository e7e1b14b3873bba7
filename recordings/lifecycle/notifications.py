"""What Agora's notifications mean for a recording.

They arrive twice, late, out of order, or never: in whatever order, the same is known in the end. None of them ends a
recording. One that reports an end makes the engine query at once, and the answer decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from recordings.lifecycle.actions import Change
from recordings.lifecycle.policy import Turn
from recordings.lifecycle.probing import merge_files
from recordings.model.alerts import Alert, AlertKind
from recordings.model.notifications import Notification, NotificationEvent
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import ExitCause, Gap, Reported, Stream
from recordings.model.segments import LostSegment, newest_uploading_status

_SIGNAL, _NOBODY, _LEFT = 2, 4, 16
"""Bits of the `leaveCode`."""
_RECORDER, _UPLOADER, _SERVICE = 0, 1, 2
"""Agora's modules."""
_UPLOAD_ERRORS = frozenset({(_UPLOADER, 32), (_UPLOADER, 47), (_UPLOADER, 51), (_SERVICE, 50)})
_MODULES = {_RECORDER: "the recorder", _UPLOADER: "the upload", _SERVICE: "Agora's service"}
_ERRORS = {
    (_UPLOADER, 32): "the storage settings are wrong",
    (_UPLOADER, 47): "a file could not be uploaded",
    (_UPLOADER, 51): "a recorded file could not be processed",
    (_SERVICE, 50): "the upload took too long",
    (_SERVICE, 52): "the start took too long",
}
_WARNINGS = {
    (_UPLOADER, 31): "a file is being uploaded again",
    (_UPLOADER, 32): "a file goes to Agora's backup",
}
_FATAL = 5
"""The highest `errorLevel`."""
_UPLOAD_WARNING_SECONDS = 600.0
"""The shortest time between two warnings of failing uploads. Uploads can fail and succeed by turns."""
_SHORTEST_GAP = timedelta(seconds=1)
_AFTER_THE_END = frozenset(
    {NotificationEvent.SLICE, NotificationEvent.UPLOADED, NotificationEvent.IN_BACKUP, NotificationEvent.PROGRESS}
)
"""Events that still matter when the recording is over."""
_QUERY_NOW = frozenset(
    {
        NotificationEvent.EXITED,
        NotificationEvent.LEFT,
        NotificationEvent.MOVED,
        NotificationEvent.STARTED,
        NotificationEvent.PLAYLIST,
    }
)
_CHECK_FILES_NOW = frozenset({NotificationEvent.UPLOADED, NotificationEvent.IN_BACKUP})
_NAMES_FILES = _CHECK_FILES_NOW | {NotificationEvent.PLAYLIST}


def apply(recording: Recording, recorder: Recorder | None, notifications: Sequence[Notification], turn: Turn) -> Change:
    """Adds the facts of these notifications, and makes a query or a delivery check happen at once if one matters."""
    processed = tuple(notification.id for notification in notifications)
    before, recorder = recorder, _learn_sid(recorder, notifications, turn)
    sid = _current_sid(recording, recorder)
    current = [
        notification for notification in notifications if notification.sid == sid and _matters(recording, notification)
    ]
    recording = _complete_lost_segments(recording, notifications, turn)
    if not current:
        return Change(recording, processed=processed)
    reported = replace(recording.reported, notifications=recording.reported.notifications + len(current))
    for notification in current:
        reported = _add_fact(reported, notification)
    recorder = _with_moved_uid(recorder, current, recording.reported, reported)
    after = _add_files(replace(recording, reported=reported, sid=sid), current)
    after = _interrupt_if_moved(after, current)
    after, alerts = _raise_upload_and_silence_alerts(after, turn)
    after = replace(after, next_step_at=_next_step_at(after, current, turn))
    if recording.is_over and recording.nobody_joined and not after.nobody_joined:
        # Somebody joined between two user lists: there are files after all.
        after = replace(after, files_awaited=True, next_step_at=turn.now)
    recorders = () if recorder is None or recorder == before else (recorder,)
    return Change(after, recorders, alerts, processed)


def _matters(recording: Recording, notification: Notification) -> bool:
    return not recording.is_over or notification.event in _AFTER_THE_END


def _has_any(notifications: Iterable[Notification], events: frozenset[NotificationEvent]) -> bool:
    return any(notification.event in events for notification in notifications)


def describe_error(notification: Notification) -> str:
    """What an error or a warning is about, in words. Doc page event-types: error and warning codes."""
    if notification.event not in (NotificationEvent.ERROR, NotificationEvent.WARNING):
        return ""
    module, code = notification.module or 0, notification.code or 0
    table = _ERRORS if notification.event is NotificationEvent.ERROR else _WARNINGS
    description = table.get((module, code), "") or _MODULES.get(module, "")
    return ": ".join(text for text in (description, notification.words) if text)


# lost segments


def _complete_lost_segments(recording: Recording, notifications: Iterable[Notification], turn: Turn) -> Recording:
    """Late notifications about lost recorders complete their segments, and change nothing else."""
    segments = {segment.sid: segment for segment in recording.lost_segments}
    late = [notification for notification in notifications if notification.sid in segments]
    if not late:
        return recording
    reported = replace(recording.reported, notifications=recording.reported.notifications + len(late))
    for notification in late:
        segments[notification.sid] = _complete_segment(segments[notification.sid], notification)
        if notification.event is NotificationEvent.SLICE:
            reported = replace(reported, gaps=_add_gap(reported, notification))
    check_now = recording.files_awaited and _has_any(late, _CHECK_FILES_NOW)
    next_step_at = turn.now if check_now else recording.next_step_at
    return replace(recording, lost_segments=tuple(segments.values()), reported=reported, next_step_at=next_step_at)


def _complete_segment(segment: LostSegment, notification: Notification) -> LostSegment:
    match notification.event:
        case NotificationEvent.EXITED | NotificationEvent.LEFT:
            left_at = min(notification.sent_at, notification.received_at)
            return replace(segment, left_at=_latest(segment.left_at, left_at))
        case NotificationEvent.UPLOADED if not notification.code:
            segment = replace(segment, uploaded_at=_latest(segment.uploaded_at, notification.sent_at))
        case NotificationEvent.IN_BACKUP:
            segment = replace(segment, backup_at=_latest(segment.backup_at, notification.sent_at))
    if notification.event in _NAMES_FILES:
        return replace(segment, files=merge_files(segment.files, notification.files))
    return segment


# the recorder


def _learn_sid(recorder: Recorder | None, notifications: Iterable[Notification], turn: Turn) -> Recorder | None:
    """Takes the sid from a notification if the answer to `start` was lost."""
    if recorder is None or recorder.sid is not None or recorder.start_sent_at is None or not recorder.wanted:
        return recorder
    sid = next((notification.sid for notification in notifications if notification.uid == recorder.uid), None)
    return recorder if sid is None else replace(recorder, sid=sid, sid_at=turn.now)


def _current_sid(recording: Recording, recorder: Recorder | None) -> str | None:
    return recording.sid or (recorder.sid if recorder is not None and recorder.wanted else None)


def _with_moved_uid(
    recorder: Recorder | None, notifications: Iterable[Notification], before: Reported, after: Reported
) -> Recorder | None:
    """The recorder with the uid that the newest move gave it. Of two moves at the same moment the higher uid counts, so
    that the order of the notifications makes no difference."""
    if recorder is None:
        return None
    uids = [
        notification.new_uid
        for notification in notifications
        if notification.event is NotificationEvent.MOVED and notification.sent_at == after.moved_at
    ]
    if before.moved_at == after.moved_at:
        uids.append(recorder.moved_uid)
    return replace(recorder, moved_uid=max((uid for uid in uids if uid is not None), default=None))


# the facts


def _add_fact(reported: Reported, notification: Notification) -> Reported:
    match notification.event:
        case NotificationEvent.STARTED if not notification.code:
            return replace(reported, up_at=_earliest(reported.up_at, notification.sent_at))
        case NotificationEvent.EXITED | NotificationEvent.LEFT:
            return _add_exit(reported, notification)
        case NotificationEvent.MOVED:
            return replace(reported, moved_at=_latest(reported.moved_at, notification.sent_at), moving=True)
        case NotificationEvent.PLAYLIST:
            stored_at = min(notification.sent_at, notification.received_at)
            return replace(reported, stored_at=_earliest(reported.stored_at, stored_at))
        case NotificationEvent.SLICE:
            return replace(reported, gaps=_add_gap(reported, notification), media_received=True)
        case NotificationEvent.ERROR if (notification.module, notification.code) in _UPLOAD_ERRORS:
            return replace(reported, upload_error_at=_latest(reported.upload_error_at, notification.sent_at))
        case NotificationEvent.UPLOADED if not notification.code:
            return replace(reported, uploaded_at=_latest(reported.uploaded_at, notification.sent_at))
        case NotificationEvent.IN_BACKUP:
            return replace(reported, backup_at=_latest(reported.backup_at, notification.sent_at))
        case NotificationEvent.PROGRESS:
            return _add_progress(reported, notification)
        case NotificationEvent.AUDIO | NotificationEvent.VIDEO:
            is_received = reported.media_received or notification.code == 0
            return replace(reported, streams=_add_stream(reported, notification), media_received=is_received)
    return reported


def _add_exit(reported: Reported, notification: Notification) -> Reported:
    causes = {cause for cause in (reported.exit_cause, _exit_cause(notification)) if cause is not None}
    first = next(cause for cause in ExitCause if cause in causes)
    received_at = _latest(reported.exit_received_at, notification.received_at)
    return replace(reported, exit_cause=first, exit_received_at=received_at)


def _exit_cause(notification: Notification) -> ExitCause:
    """Doc page event-types: 11 `exitStatus`, 41 `leaveCode`. The `leaveCode` can have several bits: an empty channel
    counts first."""
    code = notification.code
    if notification.event is NotificationEvent.EXITED:
        return ExitCause.CRASHED if code else ExitCause.UNKNOWN
    if code is None:
        return ExitCause.UNKNOWN
    if code == 0:
        return ExitCause.CRASHED
    if code & _NOBODY:
        return ExitCause.IDLE
    return ExitCause.LEFT if code & (_SIGNAL | _LEFT) else ExitCause.UNKNOWN


def _add_gap(reported: Reported, notification: Notification) -> tuple[Gap, ...]:
    begun_at, lost_from = notification.begun_at, notification.lost_from
    if begun_at is None or lost_from is None or begun_at - lost_from < _SHORTEST_GAP:
        return reported.gaps
    new = Gap(begun_at=lost_from, ended_at=begun_at)
    # After a move two servers report the same gap, with slightly different times.
    same = [gap for gap in reported.gaps if gap.overlaps(new)]
    merged = Gap(begun_at=min(gap.begun_at for gap in (*same, new)), ended_at=max(gap.ended_at for gap in (*same, new)))
    others = [gap for gap in reported.gaps if gap not in same]
    return tuple(sorted([*others, merged], key=lambda gap: gap.begun_at))


def _add_progress(reported: Reported, notification: Notification) -> Reported:
    progress = notification.code or 0
    if progress > reported.progress:
        return replace(reported, progress=progress, progress_at=notification.sent_at)
    if progress == reported.progress and progress:
        return replace(reported, progress_at=_earliest(reported.progress_at, notification.sent_at))
    return reported


def _add_stream(reported: Reported, notification: Notification) -> tuple[Stream, ...]:
    """The newest state of each stream. Of two at the same moment, "received" counts."""
    if notification.code not in (0, 1):
        return reported.streams
    new = Stream(
        sound=notification.event is NotificationEvent.AUDIO,
        uid=notification.stream_uid or 0,
        received=notification.code == 0,
        since=notification.sent_at,
        received_at=notification.received_at,
    )
    streams = {(stream.sound, stream.uid): stream for stream in reported.streams}
    key = (new.sound, new.uid)
    newest = max(streams.get(key, new), new, key=lambda stream: (stream.since, stream.received))
    return tuple(stream for _, stream in sorted((streams | {key: newest}).items()))


def _add_files(recording: Recording, notifications: Iterable[Notification]) -> Recording:
    """Adds the files, and the newer of "in the bucket" and "in Agora's backup"."""
    for notification in notifications:
        if notification.event in _NAMES_FILES:
            recording = replace(recording, files=merge_files(recording.files, notification.files))
    status = newest_uploading_status(recording.reported.uploaded_at, recording.reported.backup_at)
    return replace(recording, uploading_status=status) if status else recording


def _interrupt_if_moved(recording: Recording, notifications: Iterable[Notification]) -> Recording:
    is_moved = _has_any(notifications, frozenset({NotificationEvent.MOVED}))
    return recording.with_state(State.INTERRUPTED) if is_moved and recording.state is State.RECORDING else recording


# alerts


def _raise_upload_and_silence_alerts(recording: Recording, turn: Turn) -> tuple[Recording, tuple[Alert, ...]]:
    reported, alerts = recording.reported, []
    warned_at = reported.upload_warned_at
    was_warned_lately = warned_at is not None and not turn.past(warned_at, _UPLOAD_WARNING_SECONDS)
    may_warn = not reported.upload_warning_open and not was_warned_lately and not recording.is_over
    if reported.is_upload_failing and may_warn:
        reported = replace(reported, upload_warning_open=True, upload_warned_at=turn.now)
        alerts.append((AlertKind.WARNING, Reason.UPLOAD_FAILING))
    elif reported.upload_warning_open and not reported.is_upload_failing:
        reported = replace(reported, upload_warning_open=False)
        alerts.append((AlertKind.RECOVERED, Reason.UPLOAD_FAILING))
    if reported.silence_warning_open and reported.silent_since is None and not recording.is_over:
        reported = replace(reported, silence_warning_open=False)
        alerts.append((AlertKind.RECOVERED, Reason.SILENT))
    after = replace(recording, reported=reported)
    return after, tuple(_alert(kind, reason, after, turn) for kind, reason in alerts)


def _alert(kind: AlertKind, reason: Reason, recording: Recording, turn: Turn) -> Alert:
    reported = recording.reported
    since = reported.upload_error_at if reason is Reason.UPLOAD_FAILING else reported.silent_since
    # When somebody is heard again nothing says since when nobody was: each recovery is an alert of its own.
    return Alert.raised(kind, reason, recording, turn.now, of=since or turn.now)


# the next step


def _next_step_at(recording: Recording, notifications: Sequence[Notification], turn: Turn) -> datetime:
    if recording.files_awaited:
        return turn.now if _has_any(notifications, _CHECK_FILES_NOW) else recording.next_step_at
    is_fatal = any(
        notification.event is NotificationEvent.ERROR and (notification.level or 0) >= _FATAL
        for notification in notifications
    )
    if recording.sid is not None and (is_fatal or _has_any(notifications, _QUERY_NOW)):
        return turn.now
    silent_since = recording.reported.silent_since
    if silent_since is None or recording.reported.silence_warning_open or recording.state is not State.RECORDING:
        return recording.next_step_at
    return turn.capped(recording.next_step_at, silent_since, turn.policy.silence_alert)


def _earliest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _latest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
