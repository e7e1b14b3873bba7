"""Carries the files of every recorder to the bucket, as they come to be: with the keys of its start, over HTTP."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.agora.http.checks import Fields, part
from simulator.agora.state.agora_state import World
from simulator.agora.state.recorder import Recorder
from simulator.agora.uploads import plan as uploads
from simulator.agora.uploads.plan import Content, File, Movie, Segment

if TYPE_CHECKING:
    from simulator.bucket import BucketSimulator

_LOOK = 0.02
_PATIENCE = 2.0
"""How long the bucket may take to answer."""
_S3 = (1, 11)


@dataclass
class Courier:
    """A thread of the simulator; it looks at the world with the lock held, and carries without it."""

    world: World
    bucket: BucketSimulator
    changed: threading.Condition
    rounds: int = 0
    """How often it has looked, and carried what was due."""
    _closing: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _not_before: dict[str, float] = field(default_factory=dict)
    """By sid, after a try that failed."""
    _quiet: dict[str, tuple[object, float]] = field(default_factory=dict)
    """By sid, where everything was there: in which state, and until when that stays so."""

    def start(self) -> None:
        """Begin to look."""
        self._closing.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._closing.wait(_LOOK):
            with self.changed:
                now = self.world.settle()
                loads = [(recorder, self._due(recorder, now)) for recorder in self.world.recorders.values()]
            for recorder, files in loads:
                self._carry(recorder, files)
            with self.changed:
                self.rounds += 1
                self.changed.notify_all()

    def _due(self, recorder: Recorder, now: float) -> list[File]:
        rule = self.world.upload_rule(recorder.channel)
        state = uploads.state(recorder, rule)
        known, until = self._quiet.get(recorder.sid, (None, 0.0))
        if (known == state and now < until) or now < self._not_before.get(recorder.sid, now):
            return []
        if rule.silent(recorder) and recorder.heard(now) >= recorder.timing.first_slice:
            recorder.part.brought = True
        files = [each for each in uploads.wanted(recorder, rule, now) if recorder.brought.get(each.key) != each.content]
        if not files:
            self._quiet[recorder.sid] = (state, uploads.next_change(recorder, rule, now))
        return files

    def _carry(self, recorder: Recorder, files: list[File]) -> None:
        for file in files:
            if self._closing.is_set():
                return
            content = render(file.content)
            status = self._put(part(recorder.request, "storageConfig"), file.key, content)
            with self.changed:
                self._note(recorder, file, status)
                self.changed.notify_all()
            if status != 200:
                return

    def _note(self, recorder: Recorder, file: File, status: int | None) -> None:
        now = self.world.clock.monotonic()
        if status == 200:
            recorder.upload_failed = False
            recorder.brought[file.key] = file.content
            file.part.brought = True
        else:
            recorder.refused(now, storage_wrong=status in (None, 403, 404))
            self._not_before[recorder.sid] = now + self.world.timing.upload_retry

    def _put(self, storage: Fields, key: str, content: bytes) -> int | None:
        """What the bucket answered; None where the storage is none that is here, 0 where nobody answered."""
        from simulator.bucket.client import Account, put

        endpoint = _endpoint(storage, self.bucket.endpoint)
        if endpoint != self.bucket.endpoint:
            return None  # nobody is there; and nothing here may ask anybody else
        names = ("bucket", "accessKey", "secretKey")
        account = Account(endpoint, *(str(storage.get(name, "")) for name in names))
        try:
            return put(account, key, content, _PATIENCE, self.bucket.now())
        except (OSError, http.client.HTTPException):
            return 0


def _endpoint(storage: Mapping[str, object], own: str) -> object:
    if storage.get("vendor") not in _S3:
        return None
    return part(storage, "extensionParams").get("endpoint") if storage["vendor"] == 11 else own


def render(content: Content) -> bytes:
    """The bytes of a file."""
    from simulator.bucket import media

    match content:
        case Segment():
            return media.segment(content.offset, content.seconds, content.kinds)
        case Movie():
            return media.mp4(content.seconds, content.kinds)
    return content
