"""Recordings as one Slack channel sees them: those of another channel do not exist for it."""

from __future__ import annotations

from recordings.errors import PersonError
from recordings.model.listing import PAGE, Cursor, Page
from recordings.model.recording import Recording
from recordings.model.requester import SlackChannelRef
from recordings.repositories import RecordingRepository


class NothingHere(PersonError):
    """This Slack channel has no recording with the id or the name that was given."""


def in_channel(recordings: RecordingRepository, recording_id: str, slack_channel: SlackChannelRef) -> Recording:
    """A recording of this Slack channel. Raises `NothingHere`, `StorageUnavailable`."""
    recording = recordings.recording(recording_id)
    if recording is None or recording.slack_channel != slack_channel.channel:
        raise NothingHere(recording_id)
    return recording


def page(recordings: RecordingRepository, slack_channel: str, agora_channel: str | None, after: Cursor | None) -> Page:
    """The page that follows `after`, or the first one. Raises `StorageUnavailable`."""
    name = agora_channel if after is None else after.agora_channel
    rows = recordings.of_channel(slack_channel, agora_channel=name, before=after, limit=PAGE + 1)
    shown = rows[:PAGE]
    following = Cursor(shown[-1].requested_at, shown[-1].id, name) if len(rows) > PAGE else None
    return Page(shown, following, after is None, name)
