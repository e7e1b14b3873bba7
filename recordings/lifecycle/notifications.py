"""What Agora's notices mean for a recording.

They come twice, late, out of order or never: whatever their order, the same is known in the end. None ends a recording:
what says that one is over makes a query happen at once, and that decides.
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
from recordings.model.reported import Exit, Gap, Reported, Stream
from recordings.model.segments import LostSegment, where_files_are

_SIGNAL, _NOBODY, _LEFT = 2, 4, 16
_RECORDER, _UPLOADER, _SERVICE = 0, 1, 2
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
_QUIET_SECONDS = 600.0
"""Uploads that fail and go on by turns are told once in so long."""
_SHORTEST_GAP = timedelta(seconds=1)
_PRECEDENCE = tuple(Exit)
_AFTER_THE_END = frozenset(
    {NotificationEvent.SLICE, NotificationEvent.UPLOADED, NotificationEvent.IN_BACKUP, NotificationEvent.PROGRESS}
)
_ASK_NOW = frozenset(
    {
        NotificationEvent.EXITED,
        NotificationEvent.LEFT,
        NotificationEvent.MOVED,
        NotificationEvent.STARTED,
        NotificationEvent.PLAYLIST,
    }
)
_LOOK_NOW = frozenset({NotificationEvent.UPLOADED, NotificationEvent.IN_BACKUP})


def apply(recording: Recording, recorder: Recorder | None, notifications: Sequence[Notification], turn: Turn) -> Change:
    """The recording with everything that these notices add, and whether to ask Agora, or the bucket, at once."""
    processed = tuple(notification.id for notification in notifications)
    known, recorder = recorder, _with_sid(recorder, notifications, turn)
    sid = _sid(recording, recorder)
    news = [
        notification for notification in notifications if notification.sid == sid and _matters(recording, notification)
    ]
    recording = _of_lost_parts(recording, notifications, turn)
    if not news:
        return Change(recording, processed=processed)
    told = replace(recording.reported, notifications=recording.reported.notifications + len(news))
    for notification in news:
        told = _adds(told, notification)
    after = _facts(replace(recording, reported=told, sid=sid), news)
    after = _moving(after, news)
    after, alerts = _tell(after, turn)
    after = replace(after, next_step_at=_next(after, news, turn))
    return Change(after, _changed(known, recorder, news, recording.reported, told), alerts, processed)


def _of_lost_parts(recording: Recording, notifications: Iterable[Notification], turn: Turn) -> Recording:
    """What came late about recorders that were lost: it completes their parts, and moves nothing else."""
    lost_sids = {part.sid for part in recording.lost_segments}
    late = [notification for notification in notifications if notification.sid in lost_sids]
    if not late:
        return recording
    told = replace(recording.reported, notifications=recording.reported.notifications + len(late))
    parts = {part.sid: part for part in recording.lost_segments}
    for notification in late:
        parts[notification.sid] = _completed(parts[notification.sid], notification)
        if notification.event is NotificationEvent.SLICE:
            told = replace(told, gaps=_gaps(told, notification))
    looked_for = recording.files_awaited and any(notification.event in _LOOK_NOW for notification in late)
    next_step_at = turn.now if looked_for else recording.next_step_at
    return replace(recording, lost_segments=tuple(parts.values()), reported=told, next_step_at=next_step_at)


def _completed(part: LostSegment, notification: Notification) -> LostSegment:
    match notification.event:
        case NotificationEvent.EXITED | NotificationEvent.LEFT:
            left_at = min(notification.sent_at, notification.received_at)
            return replace(part, left_at=_latest(part.left_at, left_at))
        case NotificationEvent.UPLOADED if not notification.code:
            part = replace(part, uploaded_at=_latest(part.uploaded_at, notification.sent_at))
        case NotificationEvent.IN_BACKUP:
            part = replace(part, backup_at=_latest(part.backup_at, notification.sent_at))
    if notification.event in (*_LOOK_NOW, NotificationEvent.PLAYLIST):
        return replace(part, files=merge_files(part.files, notification.files))
    return part


def in_words(notification: Notification) -> str:
    """What an error or a warning is about. Doc page event-types: error and warning codes."""
    if notification.event not in (NotificationEvent.ERROR, NotificationEvent.WARNING):
        return ""
    table = _ERRORS if notification.event is NotificationEvent.ERROR else _WARNINGS
    known = table.get((notification.module or 0, notification.code or 0), "")
    return ": ".join(part for part in (known or _MODULES.get(notification.module or 0, ""), notification.words) if part)


def _matters(recording: Recording, notification: Notification) -> bool:
    return not recording.over or notification.event in _AFTER_THE_END


# the recorder


def _with_sid(recorder: Recorder | None, news: Iterable[Notification], turn: Turn) -> Recorder | None:
    """A sid whose answer got lost is learnt from a notice of our recorder."""
    if recorder is None or recorder.sid is not None or recorder.start_sent_at is None or not recorder.wanted:
        return recorder
    sid = next((notification.sid for notification in news if notification.uid == recorder.uid), None)
    return recorder if sid is None else replace(recorder, sid=sid, sid_at=turn.now)


def _sid(recording: Recording, recorder: Recorder | None) -> str | None:
    return recording.sid or (recorder.sid if recorder is not None and recorder.wanted else None)


def _changed(
    known: Recorder | None, recorder: Recorder | None, news: Iterable[Notification], before: Reported, after: Reported
) -> tuple[Recorder, ...]:
    """The recorder with its sid and the uid that the newest move gave it, where that is new."""
    if recorder is None:
        return ()
    uids = [n.new_uid for n in news if n.event is NotificationEvent.MOVED and n.sent_at == after.moved_at]
    if before.moved_at == after.moved_at:
        uids.append(recorder.moved_uid)
    named = replace(recorder, moved_uid=max((uid for uid in uids if uid is not None), default=None))
    return () if named == known else (named,)


# what is known


def _adds(told: Reported, notification: Notification) -> Reported:
    match notification.event:
        case NotificationEvent.STARTED if not notification.code:
            return replace(told, up_at=_earliest(told.up_at, notification.sent_at))
        case NotificationEvent.EXITED | NotificationEvent.LEFT:
            exit_ = min(filter(None, (told.exit, _exit(notification))), key=_PRECEDENCE.index)
            return replace(told, exit=exit_, exit_at=_latest(told.exit_at, notification.received_at))
        case NotificationEvent.MOVED:
            return replace(told, moved_at=_latest(told.moved_at, notification.sent_at), moving=True)
        case NotificationEvent.PLAYLIST:
            return replace(
                told, stored_at=_earliest(told.stored_at, min(notification.sent_at, notification.received_at))
            )
        case NotificationEvent.SLICE:
            return replace(told, gaps=_gaps(told, notification))
        case NotificationEvent.ERROR if (notification.module, notification.code) in _UPLOAD_ERRORS:
            return replace(told, failing_at=_latest(told.failing_at, notification.sent_at))
        case NotificationEvent.UPLOADED if not notification.code:
            return replace(told, uploaded_at=_latest(told.uploaded_at, notification.sent_at))
        case NotificationEvent.IN_BACKUP:
            return replace(told, backup_at=_latest(told.backup_at, notification.sent_at))
        case NotificationEvent.PROGRESS:
            return _progress(told, notification)
        case NotificationEvent.AUDIO | NotificationEvent.VIDEO:
            return replace(told, streams=_streams(told, notification))
    return told


def _exit(notification: Notification) -> Exit:
    """Doc page event-types: 11 `exitStatus`, 41 `leaveCode`. Of several bits, that nobody was there counts."""
    code = notification.code
    if notification.event is NotificationEvent.EXITED:
        return Exit.CRASHED if code else Exit.UNKNOWN
    if code is None:
        return Exit.UNKNOWN
    if code == 0:
        return Exit.CRASHED
    if code & _NOBODY:
        return Exit.IDLE
    return Exit.LEFT if code & (_SIGNAL | _LEFT) else Exit.UNKNOWN


def _gaps(told: Reported, notification: Notification) -> tuple[Gap, ...]:
    begun, lost = notification.begun_at, notification.lost_from
    if begun is None or lost is None or begun - lost < _SHORTEST_GAP:
        return told.gaps
    new = Gap(begun_at=lost, ended_at=begun)
    # Told twice, as after a move, a gap can differ by a little.
    same = [gap for gap in told.gaps if gap.meets(new)]
    whole = Gap(begun_at=min(gap.begun_at for gap in (*same, new)), ended_at=max(gap.ended_at for gap in (*same, new)))
    others = [gap for gap in told.gaps if gap not in same]
    return tuple(sorted([*others, whole], key=lambda each: each.begun_at))


def _progress(told: Reported, notification: Notification) -> Reported:
    done = notification.code or 0
    if done > told.progress:
        return replace(told, progress=done, progress_at=notification.sent_at)
    if done == told.progress and done:
        return replace(told, progress_at=_earliest(told.progress_at, notification.sent_at))
    return told


def _streams(told: Reported, notification: Notification) -> tuple[Stream, ...]:
    """The newest word about each; where two came at the same moment, that it is received."""
    if notification.code not in (0, 1):
        return told.streams
    new = Stream(
        sound=notification.event is NotificationEvent.AUDIO,
        uid=notification.stream_uid or 0,
        received=notification.code == 0,
        since=notification.sent_at,
        learnt_at=notification.received_at,
    )
    known = {(stream.sound, stream.uid): stream for stream in told.streams}
    key = (new.sound, new.uid)
    newest = max(known.get(key, new), new, key=lambda stream: (stream.since, stream.received))
    return tuple(stream for _, stream in sorted((known | {key: newest}).items()))


def _facts(recording: Recording, news: Iterable[Notification]) -> Recording:
    """Files, and whether they are in the bucket or in Agora's backup: the newer word counts."""
    for notification in news:
        if notification.event in (*_LOOK_NOW, NotificationEvent.PLAYLIST):
            recording = replace(recording, files=merge_files(recording.files, notification.files))
    told = where_files_are(recording.reported.uploaded_at, recording.reported.backup_at)
    return replace(recording, uploading_status=told) if told else recording


def _moving(recording: Recording, news: Iterable[Notification]) -> Recording:
    moving = any(notification.event is NotificationEvent.MOVED for notification in news)
    return recording.moved(State.INTERRUPTED) if moving and recording.state is State.RECORDING else recording


# what people are told


def _tell(recording: Recording, turn: Turn) -> tuple[Recording, tuple[Alert, ...]]:
    told, alerts = recording.reported, []
    lately = told.upload_warned_at is not None and not turn.past(told.upload_warned_at, _QUIET_SECONDS)
    if told.failing and not told.upload_warning_open and not lately and not recording.over:
        told = replace(told, upload_warning_open=True, upload_warned_at=turn.now)
        alerts.append((AlertKind.WARNING, Reason.UPLOAD_FAILING))
    elif told.upload_warning_open and not told.failing:
        told = replace(told, upload_warning_open=False)
        alerts.append((AlertKind.RECOVERED, Reason.UPLOAD_FAILING))
    if told.silence_warning_open and told.silent_since is None and not recording.over:
        told = replace(told, silence_warning_open=False)
        alerts.append((AlertKind.RECOVERED, Reason.SILENT))
    after = replace(recording, reported=told)
    return after, tuple(_alert(kind, reason, after, turn) for kind, reason in alerts)


def _alert(kind: AlertKind, reason: Reason, recording: Recording, turn: Turn) -> Alert:
    since = recording.reported.failing_at if reason is Reason.UPLOAD_FAILING else recording.reported.silent_since
    cause = reason if since is None else f"{reason}-{since:%Y%m%d%H%M%S%f}"
    return Alert(kind=kind, reason=reason, cause=cause, recording=recording, raised_at=turn.now)


# what to do next


def _next(recording: Recording, news: Sequence[Notification], turn: Turn) -> datetime:
    if recording.files_awaited:
        return turn.now if any(notification.event in _LOOK_NOW for notification in news) else recording.next_step_at
    fatal = any(
        notification.event is NotificationEvent.ERROR and (notification.level or 0) >= _FATAL for notification in news
    )
    if recording.sid is not None and (fatal or any(notification.event in _ASK_NOW for notification in news)):
        return turn.now
    silent_since = recording.reported.silent_since
    if silent_since is None or recording.reported.silence_warning_open or recording.state is not State.RECORDING:
        return recording.next_step_at
    return turn.by(recording.next_step_at, silent_since, turn.policy.silence_alert)


def _earliest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _latest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
