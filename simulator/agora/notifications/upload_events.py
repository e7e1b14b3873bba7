"""The events about a recorder's uploads: they follow from the time, so they are found by looking."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.agora.notifications import notification as kinds
from simulator.agora.notifications.notification import milliseconds
from simulator.agora.notifications.recorder_events import Event, RecorderEvents, upload_failure
from simulator.agora.state.file_names import base_name
from simulator.agora.state.recorder import Recorder
from simulator.agora.state.upload_rules import UploadRule
from simulator.agora.uploads import plan

_UPLOADER_READY, _RECORDS = 3, 5
"""A recorder with a forced status below these has no uploader, or records nothing."""


def new_events(events: RecorderEvents, rule: UploadRule, now: float) -> Iterator[Event]:
    """The events since the last call."""
    if events.closed:
        return
    yield from _uploader(events, now)
    if _storage_refuses(events.recorder, now) and events.first(kinds.ERROR):
        yield from upload_failure(now, storage_wrong=True)
    if playlist_stored(events.recorder, rule, now) and events.first(kinds.PLAYLIST):
        # Of several in individual mode the first one stands for all.
        yield Event(now, kinds.PLAYLIST, {"fileList": events.recorder.all_files(now)[0]["fileName"]})
    yield from _progress(events, rule, now)
    if events.recorder.ended_at is not None:
        yield from _end(events, rule, now)


def next_moment(events: RecorderEvents, rule: UploadRule, now: float) -> float:
    """When time alone causes the next event, at the latest."""
    if events.closed:
        return math.inf
    recorder = events.recorder
    moments = [recorder.started_at + recorder.timing.partly_ready, events.progress_due or 0.0]
    moments.append(plan.next_change(recorder, rule, now))
    return min((moment for moment in moments if moment > now), default=math.inf)


def _uploader(events: RecorderEvents, now: float) -> Iterator[Event]:
    recorder = events.recorder
    number = recorder.media.number
    if recorder.forced is not None and recorder.forced < _UPLOADER_READY:
        return
    moment = events.joined.get(number) if number else recorder.started_at + recorder.timing.partly_ready
    over = recorder.ended_at is not None and moment is not None and recorder.ended_at <= moment
    if moment is not None and moment <= now and not over and events.first(kinds.UPLOADER):
        yield Event(moment, kinds.UPLOADER, {"status": 0})


def _storage_refuses(recorder: Recorder, now: float) -> bool:
    """Without a bucket: whether a first file could exist, and the storage is a wrong one."""
    ready = recorder.media.flushed or recorder.media_seconds(now) >= recorder.timing.first_slice
    return not recorder.uploads and not recorder.storage_works and ready and _has_media(recorder)


def playlist_stored(recorder: Recorder, rule: UploadRule, now: float) -> bool:
    """Whether the playlist of its present server is stored, or Agora claims that."""
    if recorder.forced is not None and recorder.forced < _RECORDS:
        return False
    if recorder.uploads and not rule.is_silent(recorder.restored_at):
        base = base_name(recorder, recorder.media.number)
        names = (key.rpartition("/")[2] for key in recorder.uploaded if key.endswith(".m3u8"))
        return any(name.startswith(base) for name in names)
    ended = recorder.ended_at
    if ended is not None and now < ended + rule.delay + recorder.timing.upload:
        return False
    return recorder.has_stored(now)


def _progress(events: RecorderEvents, rule: UploadRule, now: float) -> Iterator[Event]:
    due, every = events.progress_due, events.recorder.timing.progress
    if due is None or now < due:
        return
    missed = int((now - due) / every)  # after a leap of time only the newest is sent
    events.progress_due = due + (missed + 1) * every
    events.progress = max(events.progress, share(events.recorder, rule, now))
    yield Event(due + missed * every, kinds.PROGRESS, {"progress": events.progress})


def share(recorder: Recorder, rule: UploadRule, now: float) -> int:
    """Uploaded slices in ten thousandths of the recorded ones."""
    timing, alone = recorder.timing, recorder.mode == "individual"
    tracks = [track for server in recorder.servers for track in (server.streams.values() if alone else [server.mix])]
    cut = [track.slices(now, timing.first_slice, timing.slice_length, tail=True) for track in tracks]
    complete = [track.slices(now, timing.first_slice, timing.slice_length, tail=False) for track in tracks]
    recorded, uploaded = sum(map(len, cut)), sum(map(len, complete))
    if recorder.uploads and not rule.is_silent(recorder.restored_at):
        uploaded = sum(key.endswith(".ts") for key in recorder.uploaded)
    return 10_000 * min(uploaded, recorded) // recorded if recorded else 0


# At the end


def _end(events: RecorderEvents, rule: UploadRule, now: float) -> Iterator[Event]:
    recorder = events.recorder
    last = plan.complete_at(recorder, rule)
    if last is None or now < last:
        return
    if not _has_media(recorder):
        yield from _exit(events, now)
        events.closed = True
    elif is_complete(recorder, rule, now):
        yield Event(now, kinds.UPLOADED, _outcome(recorder, now))
        yield from _exit(events, now)
        events.closed = True
    elif is_backed_up(recorder, rule) and events.first(kinds.BACKUPED):
        if "backup" not in rule.modes:
            yield Event(now, kinds.WARNING, {"module": 1, "warnCode": 32})
        yield Event(now, kinds.BACKUPED, _outcome(recorder, now))
        yield from _exit(events, now)


def is_complete(recorder: Recorder, rule: UploadRule, now: float) -> bool:
    """Whether everything is in the bucket, or Agora claims that."""
    if "backup" in rule.modes and recorder.restored_at is None:
        return False
    if not recorder.uploads:
        return recorder.storage_works
    return all(recorder.uploaded.get(file.key) == file.content for file in plan.files_due(recorder, rule, now))


def is_backed_up(recorder: Recorder, rule: UploadRule) -> bool:
    """Whether Agora's backup holds some of its files."""
    waits = "backup" in rule.modes and recorder.restored_at is None
    return waits or recorder.upload_failed or not (recorder.uploads or recorder.storage_works)


def _outcome(recorder: Recorder, now: float) -> dict[str, object]:
    if recorder.mode == "web":
        return {"status": 0}
    began = milliseconds(recorder.wall(recorder.media.began or 0.0))
    return {"status": 0, "fileList": [{**file, "sliceStartTime": began} for file in recorder.all_files(now)]}


def _exit(events: RecorderEvents, now: float) -> Iterator[Event]:
    if not events.exited:
        events.exited = True
        yield Event(now, kinds.EXIT, {"exitStatus": 0})


def _has_media(recorder: Recorder) -> bool:
    return any(server.began is not None for server in recorder.servers)
