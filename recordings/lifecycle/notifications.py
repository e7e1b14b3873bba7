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
from recordings.lifecycle.polling import merged
from recordings.model.alerts import Alert, AlertKind
from recordings.model.notifications import Event, Notice
from recordings.model.recorder import Recorder
from recordings.model.recording import Reason, Recording, State
from recordings.model.reported import Exit, Gap, Stream, Told
from recordings.model.segments import LostPart, where_files_are

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
_AFTER_THE_END = frozenset({Event.SLICE, Event.UPLOADED, Event.IN_BACKUP, Event.PROGRESS})
_ASK_NOW = frozenset({Event.EXITED, Event.LEFT, Event.MOVED, Event.STARTED, Event.PLAYLIST})
_LOOK_NOW = frozenset({Event.UPLOADED, Event.IN_BACKUP})


def heed(recording: Recording, recorder: Recorder | None, notices: Sequence[Notice], turn: Turn) -> Change:
    """The recording with everything that these notices add, and whether to ask Agora, or the bucket, at once."""
    heeded = tuple(notice.id for notice in notices)
    known, recorder = recorder, _with_sid(recorder, notices, turn)
    sid = _sid(recording, recorder)
    news = [notice for notice in notices if notice.sid == sid and _matters(recording, notice)]
    recording = _of_lost_parts(recording, notices, turn)
    if not news:
        return Change(recording, heeded=heeded)
    told = replace(recording.told, notices=recording.told.notices + len(news))
    for notice in news:
        told = _adds(told, notice)
    after = _facts(replace(recording, told=told, sid=sid), news)
    after = _moving(after, news)
    after, alerts = _tell(after, turn)
    after = replace(after, next_step_at=_next(after, news, turn))
    return Change(after, _changed(known, recorder, news, recording.told, told), alerts, heeded)


def _of_lost_parts(recording: Recording, notices: Iterable[Notice], turn: Turn) -> Recording:
    """What came late about recorders that were lost: it completes their parts, and moves nothing else."""
    lost_sids = {part.sid for part in recording.lost_parts}
    late = [notice for notice in notices if notice.sid in lost_sids]
    if not late:
        return recording
    told = replace(recording.told, notices=recording.told.notices + len(late))
    parts = {part.sid: part for part in recording.lost_parts}
    for notice in late:
        parts[notice.sid] = _completed(parts[notice.sid], notice)
        if notice.event is Event.SLICE:
            told = replace(told, gaps=_gaps(told, notice))
    looked_for = recording.files_awaited and any(notice.event in _LOOK_NOW for notice in late)
    next_step_at = turn.now if looked_for else recording.next_step_at
    return replace(recording, lost_parts=tuple(parts.values()), told=told, next_step_at=next_step_at)


def _completed(part: LostPart, notice: Notice) -> LostPart:
    match notice.event:
        case Event.EXITED | Event.LEFT:
            left_at = min(notice.sent_at, notice.received_at)
            return replace(part, left_at=_latest(part.left_at, left_at))
        case Event.UPLOADED if not notice.code:
            part = replace(part, uploaded_at=_latest(part.uploaded_at, notice.sent_at))
        case Event.IN_BACKUP:
            part = replace(part, backup_at=_latest(part.backup_at, notice.sent_at))
    if notice.event in (*_LOOK_NOW, Event.PLAYLIST):
        return replace(part, files=merged(part.files, notice.files))
    return part


def in_words(notice: Notice) -> str:
    """What an error or a warning is about. Doc page event-types: error and warning codes."""
    if notice.event not in (Event.ERROR, Event.WARNING):
        return ""
    table = _ERRORS if notice.event is Event.ERROR else _WARNINGS
    known = table.get((notice.module or 0, notice.code or 0), "")
    return ": ".join(part for part in (known or _MODULES.get(notice.module or 0, ""), notice.words) if part)


def _matters(recording: Recording, notice: Notice) -> bool:
    return not recording.over or notice.event in _AFTER_THE_END


# the recorder


def _with_sid(recorder: Recorder | None, news: Iterable[Notice], turn: Turn) -> Recorder | None:
    """A sid whose answer got lost is learnt from a notice of our recorder."""
    if recorder is None or recorder.sid is not None or recorder.start_sent_at is None or not recorder.wanted:
        return recorder
    sid = next((notice.sid for notice in news if notice.uid == recorder.uid), None)
    return recorder if sid is None else replace(recorder, sid=sid, sid_at=turn.now)


def _sid(recording: Recording, recorder: Recorder | None) -> str | None:
    return recording.sid or (recorder.sid if recorder is not None and recorder.wanted else None)


def _changed(
    known: Recorder | None, recorder: Recorder | None, news: Iterable[Notice], before: Told, after: Told
) -> tuple[Recorder, ...]:
    """The recorder with its sid and the uid that the newest move gave it, where that is new."""
    if recorder is None:
        return ()
    uids = [n.new_uid for n in news if n.event is Event.MOVED and n.sent_at == after.moved_at]
    if before.moved_at == after.moved_at:
        uids.append(recorder.moved_uid)
    named = replace(recorder, moved_uid=max((uid for uid in uids if uid is not None), default=None))
    return () if named == known else (named,)


# what is known


def _adds(told: Told, notice: Notice) -> Told:
    match notice.event:
        case Event.STARTED if not notice.code:
            return replace(told, up_at=_earliest(told.up_at, notice.sent_at))
        case Event.EXITED | Event.LEFT:
            exit_ = min(filter(None, (told.exit, _exit(notice))), key=_PRECEDENCE.index)
            return replace(told, exit=exit_, exit_at=_latest(told.exit_at, notice.received_at))
        case Event.MOVED:
            return replace(told, moved_at=_latest(told.moved_at, notice.sent_at), moving=True)
        case Event.PLAYLIST:
            return replace(told, stored_at=_earliest(told.stored_at, min(notice.sent_at, notice.received_at)))
        case Event.SLICE:
            return replace(told, gaps=_gaps(told, notice))
        case Event.ERROR if (notice.module, notice.code) in _UPLOAD_ERRORS:
            return replace(told, failing_at=_latest(told.failing_at, notice.sent_at))
        case Event.UPLOADED if not notice.code:
            return replace(told, uploaded_at=_latest(told.uploaded_at, notice.sent_at))
        case Event.IN_BACKUP:
            return replace(told, backup_at=_latest(told.backup_at, notice.sent_at))
        case Event.PROGRESS:
            return _progress(told, notice)
        case Event.AUDIO | Event.VIDEO:
            return replace(told, streams=_streams(told, notice))
    return told


def _exit(notice: Notice) -> Exit:
    """Doc page event-types: 11 `exitStatus`, 41 `leaveCode`. Of several bits, that nobody was there counts."""
    code = notice.code
    if notice.event is Event.EXITED:
        return Exit.CRASHED if code else Exit.UNKNOWN
    if code is None:
        return Exit.UNKNOWN
    if code == 0:
        return Exit.CRASHED
    if code & _NOBODY:
        return Exit.IDLE
    return Exit.LEFT if code & (_SIGNAL | _LEFT) else Exit.UNKNOWN


def _gaps(told: Told, notice: Notice) -> tuple[Gap, ...]:
    begun, lost = notice.begun_at, notice.lost_from
    if begun is None or lost is None or begun - lost < _SHORTEST_GAP:
        return told.gaps
    new = Gap(begun_at=lost, ended_at=begun)
    # Told twice, as after a move, a gap can differ by a little.
    same = [gap for gap in told.gaps if gap.meets(new)]
    whole = Gap(begun_at=min(gap.begun_at for gap in (*same, new)), ended_at=max(gap.ended_at for gap in (*same, new)))
    others = [gap for gap in told.gaps if gap not in same]
    return tuple(sorted([*others, whole], key=lambda each: each.begun_at))


def _progress(told: Told, notice: Notice) -> Told:
    done = notice.code or 0
    if done > told.progress:
        return replace(told, progress=done, progress_at=notice.sent_at)
    if done == told.progress and done:
        return replace(told, progress_at=_earliest(told.progress_at, notice.sent_at))
    return told


def _streams(told: Told, notice: Notice) -> tuple[Stream, ...]:
    """The newest word about each; where two came at the same moment, that it is received."""
    if notice.code not in (0, 1):
        return told.streams
    new = Stream(
        sound=notice.event is Event.AUDIO,
        uid=notice.stream_uid or 0,
        received=notice.code == 0,
        since=notice.sent_at,
        learnt_at=notice.received_at,
    )
    known = {(stream.sound, stream.uid): stream for stream in told.streams}
    key = (new.sound, new.uid)
    newest = max(known.get(key, new), new, key=lambda stream: (stream.since, stream.received))
    return tuple(stream for _, stream in sorted((known | {key: newest}).items()))


def _facts(recording: Recording, news: Iterable[Notice]) -> Recording:
    """Files, and whether they are in the bucket or in Agora's backup: the newer word counts."""
    for notice in news:
        if notice.event in (*_LOOK_NOW, Event.PLAYLIST):
            recording = replace(recording, files=merged(recording.files, notice.files))
    told = where_files_are(recording.told.uploaded_at, recording.told.backup_at)
    return replace(recording, uploading_status=told) if told else recording


def _moving(recording: Recording, news: Iterable[Notice]) -> Recording:
    moving = any(notice.event is Event.MOVED for notice in news)
    return recording.moved(State.INTERRUPTED) if moving and recording.state is State.RECORDING else recording


# what people are told


def _tell(recording: Recording, turn: Turn) -> tuple[Recording, tuple[Alert, ...]]:
    told, alerts = recording.told, []
    lately = told.failing_told_at is not None and not turn.past(told.failing_told_at, _QUIET_SECONDS)
    if told.failing and not told.failing_told and not lately and not recording.over:
        told = replace(told, failing_told=True, failing_told_at=turn.now)
        alerts.append((AlertKind.WARNING, Reason.UPLOAD_FAILING))
    elif told.failing_told and not told.failing:
        told = replace(told, failing_told=False)
        alerts.append((AlertKind.RECOVERED, Reason.UPLOAD_FAILING))
    if told.silent_told and told.silent_since is None and not recording.over:
        told = replace(told, silent_told=False)
        alerts.append((AlertKind.RECOVERED, Reason.SILENT))
    after = replace(recording, told=told)
    return after, tuple(_alert(kind, reason, after, turn) for kind, reason in alerts)


def _alert(kind: AlertKind, reason: Reason, recording: Recording, turn: Turn) -> Alert:
    since = recording.told.failing_at if reason is Reason.UPLOAD_FAILING else recording.told.silent_since
    cause = reason if since is None else f"{reason}-{since:%Y%m%d%H%M%S%f}"
    return Alert(kind=kind, reason=reason, cause=cause, recording=recording, raised_at=turn.now)


# what to do next


def _next(recording: Recording, news: Sequence[Notice], turn: Turn) -> datetime:
    if recording.files_awaited:
        return turn.now if any(notice.event in _LOOK_NOW for notice in news) else recording.next_step_at
    fatal = any(notice.event is Event.ERROR and (notice.level or 0) >= _FATAL for notice in news)
    if recording.sid is not None and (fatal or any(notice.event in _ASK_NOW for notice in news)):
        return turn.now
    silent_since = recording.told.silent_since
    if silent_since is None or recording.told.silent_told or recording.state is not State.RECORDING:
        return recording.next_step_at
    return turn.by(recording.next_step_at, silent_since, turn.policy.silence_alert)


def _earliest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _latest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
