"""Looks into the bucket for the engine's steps. What the storage refuses comes back as a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from recordings.errors import BucketError, ObjectMissing
from recordings.model.inventory import BucketListing, expected_files
from recordings.model.playlists import StoredFile, effective_playlists, of_sid
from recordings.model.recording import Recording
from recordings.ports import Bucket, Clock, Meter, NoMeter

_AFTER_A_FAULT = 60.0
"""Seconds until a bucket that could not be looked into is asked again for what is not urgent."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class BucketChecks:
    """`folders`: the place of a recording in the bucket."""

    bucket: Bucket
    folders: Callable[[Recording], tuple[str, ...]]
    clock: Clock
    meter: Meter = field(default_factory=NoMeter)
    _not_before: float = float("-inf")

    def check(self, recording: Recording) -> BucketListing | BucketError:
        """Everything of this recording that is in the bucket, or the error."""
        begun = self.clock.monotonic()
        outcome = "ok"
        try:
            sids = [part.sid for part in expected_files(recording)]
            files = self._files(recording, *sids, "bak") if sids else []
            of_parts = [of_sid(files, sid) for sid in sids]
            lists = [key for part in of_parts for key in effective_playlists(part)]
            texts = dict(self._texts(lists))
            found = [file for part in of_parts for file in part if file.key in texts or file.key not in lists]
            return BucketListing(tuple(found), texts)
        except BucketError as error:
            outcome = type(error).__name__
            _log.warning("bucket_not_readable", recording=recording.id, error=str(error))
            return error
        finally:
            self.meter.bucket_check(self.clock.monotonic() - begun, outcome)

    def first_stored_at(self, recording: Recording) -> datetime | None:
        """When the first file of the part that goes on was stored; None where there is none, or nobody can tell."""
        if recording.sid is None or self.clock.monotonic() < self._not_before:
            return None
        try:
            files = of_sid(self._files(recording, recording.sid), recording.sid)
        except BucketError as error:
            self._not_before = self.clock.monotonic() + _AFTER_A_FAULT
            _log.info("bucket_not_readable", recording=recording.id, error=str(error))
            return None
        return min((file.stored_at for file in files), default=None)

    def _texts(self, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
        for key in keys:
            with suppress(ObjectMissing):  # it was there a moment ago, and is judged missing
                yield key, self.bucket.text(key)

    def _files(self, recording: Recording, *beginnings: str) -> list[StoredFile]:
        """Everything in the recording's folder whose name begins so."""
        folder = "".join(f"{name}/" for name in self.folders(recording))
        return [file for beginning in beginnings for file in self.bucket.list(folder + beginning)]
