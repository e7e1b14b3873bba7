"""Links to the files of a recording: for members of its Slack channel alone, and each noted in the log of acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from recordings.errors import PersonError
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.recording import Recording
from recordings.ports import Bucket, Clock
from recordings.repositories import AuditRepository, RecordingRepository
from recordings.service.start_stop import NothingHere, SlackChannelRef


class NotAMember(PersonError):
    """Who asks is not a member of the recording's Slack channel at this moment."""


class NoFiles(PersonError):
    """There is nothing that a link could give: no MP4 file was found in the bucket."""


@dataclass(frozen=True, slots=True)
class Link:
    """A file and a URL that gives it to whoever has it."""

    name: str
    size: int
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Links:
    """Links to every part, which work until `until`."""

    recording: Recording
    links: tuple[Link, ...]
    until: datetime


class IsMember(Protocol):
    """Whether a person is a member of a Slack channel at this moment. Raises `SlackError` where Slack does not tell."""

    def __call__(self, channel: str, user: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class LinkService:
    """Makes links that work for so many `seconds`."""

    recordings: RecordingRepository
    audit_log: AuditRepository
    is_member: IsMember
    bucket: Bucket
    clock: Clock
    seconds: float

    def links(self, recording_id: str, place: SlackChannelRef, by: str) -> Links:
        """Raises `NothingHere`, `NotAMember`, `NoFiles`, `SlackError`, `StorageUnavailable`, `BucketError`."""
        recording = self.recordings.recording(recording_id)
        if recording is None or recording.slack_channel != place.channel:
            raise NothingHere(recording_id)
        if not self.is_member(recording.slack_channel, by):
            raise NotAMember(by)
        parts = recording.delivery.downloadable if recording.delivery is not None else ()
        if not parts:
            raise NoFiles(recording_id)
        now = self.clock.now()
        links = tuple(
            Link(part.key.rsplit("/", 1)[-1], part.size, self.bucket.link(part.key, self.seconds)) for part in parts
        )
        self.audit_log.add(
            AuditEvent(
                at=now,
                who=by,
                what=AuditAction.GOT_LINKS,
                source=Source.BUTTON,
                recording_id=recording.id,
                slack_channel=recording.slack_channel,
                detail=", ".join(link.name for link in links),
            )
        )
        return Links(recording, links, now + timedelta(seconds=self.seconds))
