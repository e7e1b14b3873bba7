"""The segments of a recording: each is what one recorder made. People read "part" for it.

A segment is lost when its recorder is lost, and another one follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from recordings.model.reported import Gap

IN_BACKUP, UPLOADED = "backuped", "uploaded"
"""Agora's `uploadingStatus`: the files are in its backup, or in the bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSegment:
    """A segment whose recorder was lost while the call went on. It identifies its files and its late notifications."""

    sid: str
    uid: int
    resource_id: str | None = None
    up_at: datetime
    found_at: datetime
    """When a query last found the recorder in the call."""
    lost_at: datetime
    """When the engine gave the recorder up and asked for another one."""
    moved_at: datetime | None = None
    """When Agora began to move the recorder, if it was still being moved when it was lost."""
    left_at: datetime | None = None
    """When the recorder left, as a late notification reported."""
    resumed_at: datetime | None = None
    """When the next recorder was in the call."""
    files: tuple[str, ...] = ()
    """The files that Agora named."""
    uploaded_at: datetime | None = None
    backup_at: datetime | None = None
    recorder_count: int = 1
    """How many recorders had been allocated to the recording when the segment was lost."""

    @property
    def recorded_until(self) -> datetime:
        """The end of what it recorded: as Agora reported, else when a query last found the recorder. An exit before
        that was only the exit from a server during a move."""
        return max(self.found_at, self.left_at or self.moved_at or self.found_at)

    @property
    def gap(self) -> Gap | None:
        """The gap before the next segment; None if there is no gap, or the next segment has not begun."""
        return self.gap_unless_reported(())

    def gap_unless_reported(self, reported: Iterable[Gap]) -> Gap | None:
        """The gap before the next segment; None if one of the reported gaps covers it. It begins after a reported gap
        that ended before the loss, since the recorder was recording again then."""
        begun_at = self.recorded_until
        for gap in reported:
            if gap.ended_at >= self.lost_at and (self.resumed_at is None or gap.begun_at <= self.resumed_at):
                return None
            if gap.ended_at < self.lost_at:
                begun_at = max(begun_at, gap.ended_at)
        if self.resumed_at is None or self.resumed_at <= begun_at:
            return None
        return Gap(begun_at=begun_at, ended_at=self.resumed_at)

    @property
    def uploading_status(self) -> str:
        return newest_uploading_status(self.uploaded_at, self.backup_at)


def newest_uploading_status(uploaded_at: datetime | None, backup_at: datetime | None) -> str:
    """The `uploadingStatus` of the newer of the two reports; empty if there is none."""
    if backup_at is not None and (uploaded_at is None or uploaded_at < backup_at):
        return IN_BACKUP
    return "" if uploaded_at is None else UPLOADED
