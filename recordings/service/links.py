"""Links to the files of a recording: only for members of its Slack channel, and each one is in the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from recordings.errors import PersonError
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.delivery import Delivery, MediaFile
from recordings.model.playlists import basename
from recordings.model.recording import Recording
from recordings.model.requester import Requester
from recordings.ports import Bucket, Clock
from recordings.repositories import AuditRepository, RecordingRepository
from recordings.service.lookup import in_channel


class NotAMember(PersonError):
    """The requester is not a member of the recording's Slack channel at this moment."""


class NoFiles(PersonError):
    """No MP4 file of the recording is known to be in the bucket."""


@dataclass(frozen=True, slots=True)
class Link:
    """A file and its signed URL. Anybody who has the URL can read the file."""

    name: str
    size: int
    """Bytes."""
    url: str = field(repr=False)
    number: int = 1
    """Which part of the recording it is, from 1."""
    length: timedelta | None = None
    """None: unknown, as are the times below."""
    begun_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """Links to every file of a recording. They expire at `until`."""

    recording: Recording
    links: tuple[Link, ...]
    until: datetime


class IsMember(Protocol):
    """Whether a person is a member of a Slack channel at this moment. Raises `SlackError` if Slack does not answer."""

    def __call__(self, channel: str, user: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class LinkService:
    """Signs links that expire after `lifetime` seconds."""

    recordings: RecordingRepository
    audit_log: AuditRepository
    is_member: IsMember
    bucket: Bucket
    clock: Clock
    lifetime: float

    def links(self, recording_id: str, requester: Requester) -> Links:
        """Raises `NothingHere`, `NotAMember`, `NoFiles`, `SlackError`, `StorageUnavailable`, `BucketError`."""
        recording = in_channel(self.recordings, recording_id, requester.slack_channel)
        if not self.is_member(recording.slack_channel, requester.id):
            raise NotAMember(requester.id)
        delivery = recording.delivery
        if delivery is None or not delivery.downloadable:
            raise NoFiles(recording_id)
        now = self.clock.now()
        links = tuple(self._link(delivery, file, number) for number, file in enumerate(delivery.downloadable, start=1))
        names = ", ".join(link.name for link in links)
        self.audit_log.add(
            AuditEvent.of(recording, AuditAction.GOT_LINKS, Source.BUTTON, now, who=requester.id, detail=names)
        )
        return Links(recording, links, now + timedelta(seconds=self.lifetime))

    def _link(self, delivery: Delivery, media_file: MediaFile, number: int) -> Link:
        url = self.bucket.link(media_file.key, self.lifetime)
        link = Link(basename(media_file.key), media_file.size, url, number)
        footage = delivery.footage_of(media_file)
        if footage is None:
            return link
        return replace(link, length=footage.length, begun_at=footage.begun_at, ended_at=footage.ended_at)
