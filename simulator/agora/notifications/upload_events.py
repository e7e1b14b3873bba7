"""What a recorder tells of its uploads: it comes with time, whoever looks sees it."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.agora.notifications import notification as notices
from simulator.agora.notifications.notification import milliseconds
from simulator.agora.notifications.recorder_events import Line, Story, refusal
from simulator.agora.state.file_names import base_name
from simulator.agora.state.recorder import Recorder
from simulator.agora.uploads import plan as uploads
from simulator.agora.uploads.plan import Rule

_UPLOADER_READY, _RECORDS = 3, 5
"""Statuses; a recorder that is made to show a lower one never gets so far."""


def look(story: Story, rule: Rule, now: float) -> Iterator[Line]:
    """What has become true since the last look."""
    if story.closed:
        return
    yield from _uploader(story, now)
    if _refused_by_itself(story.recorder, now) and story.once(notices.ERROR):
        yield from refusal(now, storage_wrong=True)
    if playlist_stored(story.recorder, rule, now) and story.once(notices.PLAYLIST):
        # Of several in individual mode the first one stands for all.
        yield Line(now, notices.PLAYLIST, {"fileList": story.recorder.all_files(now)[0]["fileName"]})
    yield from _progress(story, rule, now)
    if story.recorder.ended_at is not None:
        yield from _end(story, rule, now)


def _uploader(story: Story, now: float) -> Iterator[Line]:
    recorder = story.recorder
    number = recorder.part.number
    if recorder.forced is not None and recorder.forced < _UPLOADER_READY:
        return
    moment = story.joined.get(number) if number else recorder.started_at + recorder.timing.partly_ready
    over = recorder.ended_at is not None and moment is not None and recorder.ended_at <= moment
    if moment is not None and moment <= now and not over and story.once(notices.UPLOADER):
        yield Line(moment, notices.UPLOADER, {"status": 0})


def _refused_by_itself(recorder: Recorder, now: float) -> bool:
    """Without a bucket: whether a first file could be there and its storage is a wrong one."""
    ready = recorder.part.flushed or recorder.heard(now) >= recorder.timing.first_slice
    return not recorder.uploads and not recorder.storage_works and ready and _has_media(recorder)


def playlist_stored(recorder: Recorder, rule: Rule, now: float) -> bool:
    """Whether the playlist of its newest part is where Agora says that it is."""
    if recorder.forced is not None and recorder.forced < _RECORDS:
        return False
    if recorder.uploads and not rule.silent(recorder):
        base = base_name(recorder, recorder.part.number)
        names = (key.rpartition("/")[2] for key in recorder.brought if key.endswith(".m3u8"))
        return any(name.startswith(base) for name in names)
    ended = recorder.ended_at
    if ended is not None and now < ended + rule.delay + recorder.timing.upload:
        return False
    return recorder.stored(now)


def _progress(story: Story, rule: Rule, now: float) -> Iterator[Line]:
    due, every = story.progress_due, story.recorder.timing.progress
    if due is None or now < due:
        return
    missed = int((now - due) / every)  # after a leap of time only the newest is told
    story.progress_due = due + (missed + 1) * every
    story.progress = max(story.progress, share(story.recorder, rule, now))
    yield Line(due + missed * every, notices.PROGRESS, {"progress": story.progress})


def share(recorder: Recorder, rule: Rule, now: float) -> int:
    """How many of ten thousand slices are uploaded."""
    timing, alone = recorder.timing, recorder.mode == "individual"
    tapes = [tape for part in recorder.parts for tape in (part.streams.values() if alone else [part.whole])]
    cut = [tape.slices(now, timing.first_slice, timing.slice_length, tail=True) for tape in tapes]
    whole = [tape.slices(now, timing.first_slice, timing.slice_length, tail=False) for tape in tapes]
    recorded, uploaded = sum(map(len, cut)), sum(map(len, whole))
    if recorder.uploads and not rule.silent(recorder):
        uploaded = sum(key.endswith(".ts") for key in recorder.brought)
    return 10_000 * min(uploaded, recorded) // recorded if recorded else 0


# When it is over


def _end(story: Story, rule: Rule, now: float) -> Iterator[Line]:
    recorder = story.recorder
    last = uploads.settled_at(recorder, rule)
    if last is None or now < last:
        return
    if not _has_media(recorder):
        yield from _exit(story, now)
        story.closed = True
    elif complete(recorder, rule, now):
        yield Line(now, notices.UPLOADED, _outcome(recorder, now))
        yield from _exit(story, now)
        story.closed = True
    elif backed_up(recorder, rule) and story.once(notices.BACKUPED):
        if "backup" not in rule.modes:
            yield Line(now, notices.WARNING, {"module": 1, "warnCode": 32})
        yield Line(now, notices.BACKUPED, _outcome(recorder, now))
        yield from _exit(story, now)


def complete(recorder: Recorder, rule: Rule, now: float) -> bool:
    """Whether everything is in the bucket, or Agora says so."""
    if "backup" in rule.modes and recorder.restored_at is None:
        return False
    if not recorder.uploads:
        return recorder.storage_works
    return all(recorder.brought.get(file.key) == file.content for file in uploads.wanted(recorder, rule, now))


def backed_up(recorder: Recorder, rule: Rule) -> bool:
    """Whether something is with Agora's backup."""
    waits = "backup" in rule.modes and recorder.restored_at is None
    return waits or recorder.upload_failed or not (recorder.uploads or recorder.storage_works)


def _outcome(recorder: Recorder, now: float) -> dict[str, object]:
    if recorder.mode == "web":
        return {"status": 0}
    began = milliseconds(recorder.wall(recorder.part.began or 0.0))
    return {"status": 0, "fileList": [{**file, "sliceStartTime": began} for file in recorder.all_files(now)]}


def _exit(story: Story, now: float) -> Iterator[Line]:
    if not story.exited:
        story.exited = True
        yield Line(now, notices.EXIT, {"exitStatus": 0})


def _has_media(recorder: Recorder) -> bool:
    return any(part.began is not None for part in recorder.parts)
