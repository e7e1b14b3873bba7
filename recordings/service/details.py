"""Everything about one recording that Agora's support asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.repositories import RecorderRepository, RecordingRepository
from recordings.service.start_stop import NothingHere, SlackChannelRef


@dataclass(frozen=True, slots=True)
class Details:
    """A recording, and every recorder that was allotted to it, the oldest first."""

    recording: Recording
    recorders: Sequence[Recorder]


@dataclass(frozen=True, slots=True)
class DetailService:
    """Looks it up."""

    recordings: RecordingRepository
    recorders: RecorderRepository

    def details(self, recording_id: str, place: SlackChannelRef) -> Details:
        """Of a recording of this Slack channel. Raises `NothingHere`, `StorageUnavailable`."""
        recording = self.recordings.recording(recording_id)
        if recording is None or recording.slack_channel != place.channel:
            raise NothingHere(recording_id)
        return Details(recording, self.recorders.of_recording(recording_id))
