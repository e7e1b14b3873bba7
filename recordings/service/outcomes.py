"""Outcomes that several services share."""

from __future__ import annotations

from dataclasses import dataclass

from recordings.model.recording import Recording, State


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The recording is being stopped; `already_requested`: before this request."""

    recording: Recording
    already_requested: bool = False


@dataclass(frozen=True, slots=True)
class AlreadyOver:
    """The recording was over before this request."""

    recording: Recording


def has_finished(recording: Recording) -> bool:
    """Whether Agora records nothing any more. Files may still be uploaded; people see such a recording as over."""
    return recording.is_over or recording.state is State.UPLOADING


def too_late(recording: Recording) -> StopRequested | AlreadyOver:
    """Why nothing about this recording can be changed any more."""
    return AlreadyOver(recording) if has_finished(recording) else StopRequested(recording, already_requested=True)
