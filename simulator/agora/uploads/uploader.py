"""Uploads the files of every recorder to the bucket as they come into being, with the keys of its start request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.agora.fields import Fields, section
from simulator.agora.state.agora_state import AgoraState
from simulator.agora.state.recorder import Recorder
from simulator.agora.uploads import plan
from simulator.agora.uploads.plan import Content, File, Mp4Media, SliceMedia
from simulator.bucket.client import BucketAccount, put
from simulator.bucket.simulator import BucketSimulator

_BYTES_PER_SECOND = 2500
_S3 = (1, 11)
"""Vendors whose storage is this bucket: Amazon S3, and self-hosted storage of that endpoint."""


@dataclass
class Uploader:
    """No thread of its own: `run_once` uploads everything that is due."""

    state: AgoraState
    bucket: BucketSimulator
    render: Callable[[Content], bytes]
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _retry_at: dict[str, float] = field(default_factory=dict)
    """By sid, after a failed upload."""
    _complete: dict[str, tuple[object, float]] = field(default_factory=dict)
    """By sid of a recorder without due files: its fingerprint, and when it can next have one."""

    def run_once(self) -> int:
        """Upload everything that is due, or try to; the number of files that were uploaded."""
        with self._turn:
            with self.state.reading() as now:
                loads = [(recorder, self._due(recorder, now)) for recorder in self.state.recorders.values()]
            return sum(self._upload(recorder, files) for recorder, files in loads if files)

    def next_due(self) -> float | None:
        """When a file is due next, as far as it is known; after `run_once`."""
        with self.state.reading() as now:
            return min((self._next_due(recorder, now) for recorder in self.state.recorders.values()), default=None)

    def _next_due(self, recorder: Recorder, now: float) -> float:
        retry = self._retry_at.get(recorder.sid, now)
        return retry if retry > now else plan.next_change(recorder, self.state.upload_rule(recorder.channel), now)

    def _due(self, recorder: Recorder, now: float) -> list[File]:
        rule = self.state.upload_rule(recorder.channel)
        fingerprint = plan.fingerprint(recorder, rule)
        known, until = self._complete.get(recorder.sid, (None, 0.0))
        if (known == fingerprint and now < until) or now < self._retry_at.get(recorder.sid, now):
            return []
        if rule.is_silent(recorder.restored_at) and recorder.media_seconds(now) >= recorder.timing.first_slice:
            recorder.media.uploaded = True
        due = plan.files_due(recorder, rule, now)
        files = [file for file in due if recorder.uploaded.get(file.key) != file.content]
        if not files:
            self._complete[recorder.sid] = (fingerprint, plan.next_change(recorder, rule, now))
        return files

    def _upload(self, recorder: Recorder, files: list[File]) -> int:
        """Number of files uploaded; the first failure ends it."""
        for count, file in enumerate(files):
            content = self.render(file.content)
            status = self._put(section(recorder.request, "storageConfig"), file.key, content)
            with self.state.changing("recorder", recorder.sid):
                self._record(recorder, file, status)
            if status != 200:
                return count
        return len(files)

    def _record(self, recorder: Recorder, file: File, status: int | None) -> None:
        now = self.state.clock.monotonic()
        if status == 200:
            recorder.upload_failed = False
            recorder.uploaded[file.key] = file.content
            file.server.uploaded = True
        else:
            recorder.mark_upload_failed(now, storage_wrong=status in (None, 403, 404))
            self._retry_at[recorder.sid] = now + self.state.timing.upload_retry

    def _put(self, storage: Fields, key: str, content: bytes) -> int | None:
        """The bucket's HTTP status; None if the storage is not this bucket, 0 if it did not answer."""
        if _endpoint(storage, self.bucket.endpoint) != self.bucket.endpoint:
            return None
        names = ("bucket", "accessKey", "secretKey")
        return put(self.bucket, BucketAccount(*(str(storage.get(name, "")) for name in names)), key, content)


def _endpoint(storage: Mapping[str, object], own: str) -> object:
    if storage.get("vendor") not in _S3:
        return None
    return section(storage, "extensionParams").get("endpoint") if storage["vendor"] == 11 else own


def render(content: Content) -> bytes:
    """A file that can be played."""
    from simulator.bucket import media  # slow to import, and many tests never upload

    match content:
        case SliceMedia():
            return media.segment(content.offset, content.seconds, content.kinds)
        case Mp4Media():
            return media.mp4(content.seconds, content.kinds)
    return content


def render_sizes(content: Content) -> bytes:
    """A file of plausible size and, for MP4, a correct beginning; it can't be played, but takes no time to make."""
    match content:
        case SliceMedia():
            return b"\x47" + bytes(188 + int(content.seconds * _BYTES_PER_SECOND))
        case Mp4Media():
            return b"\0\0\0\x18ftypisom\0\0\x02\0isommp41" + bytes(1000 + int(content.seconds * _BYTES_PER_SECOND))
    return content
