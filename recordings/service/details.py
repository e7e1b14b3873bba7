"""Everything about one recording that Agora's support asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.service.start_stop import NothingHere, Place


@dataclass(frozen=True, slots=True)
class Details:
    """A recording, and every recorder that was allotted to it, the oldest first."""

    recording: Recording
    recorders: Sequence[Recorder]


class KnownRecordings(Protocol):
    def recording(self, recording_id: str) -> Recording | None: ...


class KnownRecorders(Protocol):
    def of_recording(self, recording_id: str) -> Sequence[Recorder]: ...


@dataclass(frozen=True, slots=True)
class DetailService:
    """Looks it up."""

    recordings: KnownRecordings
    recorders: KnownRecorders

    def details(self, recording_id: str, place: Place) -> Details:
        """Of a recording of this Slack channel. Raises `NothingHere`, `StorageUnavailable`."""
        recording = self.recordings.recording(recording_id)
        if recording is None or recording.slack_channel != place.channel:
            raise NothingHere(recording_id)
        return Details(recording, self.recorders.of_recording(recording_id))
