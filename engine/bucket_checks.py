"""Reads the bucket for the engine's steps. A refusal of the storage is returned as a value."""

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

_BACKUP_PREFIX = "bak"
"""Agora's backup servers upload under names that begin so (`bak0_<sid>_…`)."""
_RETRY_AFTER = 60.0
"""Seconds without a further try to find the first file after the bucket could not be read."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class BucketChecks:
    """`folders` returns the folders, one inside the other, that a recording's files are stored in."""

    bucket: Bucket
    folders: Callable[[Recording], tuple[str, ...]]
    clock: Clock
    meter: Meter = field(default_factory=NoMeter)
    _retry_at: float = float("-inf")

    def check(self, recording: Recording) -> BucketListing | BucketError:
        """Every file of this recording in the bucket with the text of its playlists, or the error."""
        started_at = self.clock.monotonic()
        outcome = "ok"
        try:
            return self._listing(recording)
        except BucketError as error:
            outcome = type(error).__name__
            _log.warning("bucket_not_readable", recording=recording.id, error=str(error))
            return error
        finally:
            self.meter.bucket_check(self.clock.monotonic() - started_at, outcome)

    def first_stored_at(self, recording: Recording) -> datetime | None:
        """When the running recorder's first file was stored; None if there is none, or the bucket can't be read."""
        if recording.sid is None or self.clock.monotonic() < self._retry_at:
            return None
        try:
            files = of_sid(self._files(recording, recording.sid), recording.sid)
        except BucketError as error:
            self._retry_at = self.clock.monotonic() + _RETRY_AFTER
            _log.info("bucket_not_readable", recording=recording.id, error=str(error))
            return None
        return min((file.stored_at for file in files), default=None)

    def _listing(self, recording: Recording) -> BucketListing:
        sids = [expected.sid for expected in expected_files(recording)]
        # A recording that never had a sid has no files; an empty prefix would match everybody's.
        files = self._files(recording, *sids, _BACKUP_PREFIX) if sids else []
        by_sid = [of_sid(files, sid) for sid in sids]
        playlists = [key for own in by_sid for key in effective_playlists(own)]
        texts = dict(self._texts(playlists))
        readable = [file for own in by_sid for file in own if file.key in texts or file.key not in playlists]
        return BucketListing(tuple(readable), texts)

    def _texts(self, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
        for key in keys:
            with suppress(ObjectMissing):  # Listed a moment ago and gone now: the check counts it as missing.
                yield key, self.bucket.text(key)

    def _files(self, recording: Recording, *prefixes: str) -> list[StoredFile]:
        """The files in the recording's folder whose names begin with one of these."""
        folder = "".join(f"{name}/" for name in self.folders(recording))
        return [file for prefix in prefixes for file in self.bucket.list(folder + prefix)]
