"""Everything about one recording that Agora's support asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.model.requester import SlackChannelRef
from recordings.repositories import RecorderRepository, RecordingRepository
from recordings.service.lookup import in_channel


@dataclass(frozen=True, slots=True)
class Details:
    """A recording and every recorder that was allocated to it, oldest first."""

    recording: Recording
    recorders: Sequence[Recorder]


@dataclass(frozen=True, slots=True)
class DetailService:
    """Reads the details of a recording."""

    recordings: RecordingRepository
    recorders: RecorderRepository

    def details(self, recording_id: str, slack_channel: SlackChannelRef) -> Details:
        """Raises `NothingHere`, `StorageUnavailable`."""
        recording = in_channel(self.recordings, recording_id, slack_channel)
        return Details(recording, self.recorders.of_recording(recording_id))
