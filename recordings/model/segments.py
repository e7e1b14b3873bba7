"""The parts of a recording: what one recorder made of it until it was lost, and another one went on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from recordings.model.reported import Gap

IN_BACKUP, UPLOADED = "backuped", "uploaded"
"""Agora's words for where the files are: in its backup, or in the bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSegment:
    """A part whose recorder was lost though the call went on: what its files and its late notices are known by."""

    sid: str
    uid: int
    resource_id: str | None = None
    up_at: datetime
    found_at: datetime
    """When a query last found it up."""
    lost_at: datetime
    """When it was given up, and another recorder was wanted in its place."""
    moved_at: datetime | None = None
    """When Agora began to move it, where that was the last that was heard of it."""
    left_at: datetime | None = None
    """When it left, as Agora told in the end."""
    resumed_at: datetime | None = None
    """When another recorder was up in its place."""
    files: tuple[str, ...] = ()
    """Those that Agora named."""
    uploaded_at: datetime | None = None
    backup_at: datetime | None = None
    recorder_count: int = 1
    """How many recorders had been allotted to the recording until then."""

    @property
    def recorded_until(self) -> datetime:
        """From when on it recorded nothing: as Agora told, else since a query last found it. What it left before that
        was a server from which it was moved."""
        return max(self.found_at, self.left_at or self.moved_at or self.found_at)

    @property
    def gap(self) -> Gap | None:
        """What is missing between it and the part after it; None where nothing is, or it is not known yet."""
        return self.gap_beside(())

    def gap_beside(self, told: Iterable[Gap]) -> Gap | None:
        """The same, given the gaps that Agora told: None where one of those is this one. After one that ended before
        the loss it recorded again."""
        begun_at = self.recorded_until
        for gap in told:
            if gap.ended_at >= self.lost_at and (self.resumed_at is None or gap.begun_at <= self.resumed_at):
                return None
            if gap.ended_at < self.lost_at:
                begun_at = max(begun_at, gap.ended_at)
        if self.resumed_at is None or self.resumed_at <= begun_at:
            return None
        return Gap(begun_at=begun_at, ended_at=self.resumed_at)

    @property
    def uploading_status(self) -> str:
        """Whether its files are in the bucket or in Agora's backup: the newer word counts."""
        return where_files_are(self.uploaded_at, self.backup_at)


def where_files_are(uploaded_at: datetime | None, backup_at: datetime | None) -> str:
    """The newer of the two words of Agora's; empty where there is none."""
    if backup_at is not None and (uploaded_at is None or uploaded_at < backup_at):
        return IN_BACKUP
    return "" if uploaded_at is None else UPLOADED
