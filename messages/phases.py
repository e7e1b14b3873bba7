"""The phase of a recording as people see it, finer than its state, and how each phase is called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from recordings.lifecycle.end_times import is_ongoing
from recordings.model.confirmation import Doubt, Unconfirmed
from recordings.model.delivery import DeliveryState
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State


class Phase(Enum):
    """What people see a recording do. Finer than its state: no phase claims more than the last answers support."""

    STARTING = auto()
    WAITING_FOR_PEOPLE = auto()
    WAITING_FOR_MEDIA = auto()
    RECORDING = auto()
    CHECKING = auto()
    """Nobody knows whether the recorder is still there, or whether it ever recorded."""
    UNCONFIRMED = auto()
    """It was recording, and Agora does not say whether it still is."""
    INTERRUPTED = auto()
    """The recorder was lost, and another one is starting."""
    EMPTY = auto()
    """Everybody left, and the recorder ends by itself."""
    STOPPING = auto()
    SAVING = auto()
    READY = auto()
    SAVED = auto()
    """In the bucket, but without a file to open."""
    INCOMPLETE = auto()
    NOT_SAVED = auto()
    NOT_CHECKED = auto()
    DONE = auto()
    """It ended, and nobody looks for its files."""
    NOTHING_TO_SAVE = auto()
    NOBODY_JOINED = auto()
    CANCELLED = auto()
    NOT_STARTED = auto()
    NOT_JOINED = auto()
    BROKEN_OFF = auto()


@dataclass(frozen=True, slots=True)
class Headline:
    """How a phase is called."""

    emoji: str
    label: str
    """In a list, beside the name of the call."""
    title: str
    """Of the card. `CALL` stands for the name of the call, `WHEN` for a time or a progress."""


WHEN = "{when}"
HEADLINES: dict[Phase, Headline] = {
    Phase.STARTING: Headline("⏳", "Starting", "Starting to record {call}…"),
    Phase.WAITING_FOR_PEOPLE: Headline("🟡", "Waiting for people", "Waiting for people to join {call}"),
    Phase.WAITING_FOR_MEDIA: Headline(
        "🟡", "Waiting for audio or video", "Recorder is in {call}, waiting for audio or video"
    ),
    Phase.RECORDING: Headline("🔴", "Recording", "Recording {call}"),
    Phase.CHECKING: Headline("🟠", "Checking", "Checking on {call}: can't confirm it's recording"),
    Phase.UNCONFIRMED: Headline("🟠", "Not confirmed", "Recording {call}, not confirmed since {when}"),
    Phase.INTERRUPTED: Headline("🟠", "Not being recorded right now", "{call} isn't being recorded right now"),
    Phase.EMPTY: Headline("⏹️", "Ending", "{call} is ending"),
    Phase.STOPPING: Headline("⏹️", "Stopping", "Stopping {call}…"),
    Phase.SAVING: Headline("⏫", "Saving", "Saving {call}…{when}"),
    Phase.READY: Headline("✅", "Ready", "{call} is ready"),
    Phase.SAVED: Headline("✅", "Saved", "{call} is saved, without a file to open"),
    Phase.INCOMPLETE: Headline("⚠️", "Not completely saved", "{call} isn't completely saved"),
    Phase.NOT_SAVED: Headline("⚠️", "Not saved", "{call} isn't saved"),
    Phase.NOT_CHECKED: Headline("✅", "Done, not checked", "{call} is done, not checked"),
    Phase.DONE: Headline("✅", "Done", "{call} is done"),
    Phase.NOTHING_TO_SAVE: Headline("⚪", "Nothing to save", "Nothing to save from {call}"),
    Phase.NOBODY_JOINED: Headline("⚪", "No one joined", "No one joined {call}, so nothing was recorded"),
    Phase.CANCELLED: Headline("⚪", "Cancelled", "{call} wasn't recorded"),
    Phase.NOT_STARTED: Headline("❌", "Failed", "{call} isn't being recorded"),
    Phase.NOT_JOINED: Headline("❌", "Failed", "The recorder couldn't join {call}"),
    Phase.BROKEN_OFF: Headline("❌", "Failed", "Recording of {call} stopped at {when}"),
}
_LEFT_THE_CALL = frozenset({Reason.NEVER_STARTED, Reason.LOST, Reason.CRASHED, Reason.LEFT})


def phase_of(recording: Recording, doubt: Unconfirmed | None = None) -> Phase:
    """`doubt`: why it can't be shown as being recorded, if it can't (see `recordings.model.confirmation`)."""
    if recording.state is State.FAILED:
        return _failure(recording)
    if recording.state is State.ENDED:
        return _end(recording)
    if recording.state is State.UPLOADING and not recording.nobody_joined:
        return Phase.SAVING
    if not is_ongoing(recording):
        return Phase.STOPPING
    return Phase.STARTING if recording.state is State.STARTING else _running(recording, doubt)


def _failure(recording: Recording) -> Phase:
    if recording.started_at is not None:
        return Phase.BROKEN_OFF
    return Phase.NOT_JOINED if recording.reason in _LEFT_THE_CALL else Phase.NOT_STARTED


def _running(recording: Recording, doubt: Unconfirmed | None) -> Phase:
    if recording.awaiting_segment:
        return Phase.INTERRUPTED
    if recording.everyone_left:
        return Phase.EMPTY
    why = recording.doubt if doubt is None else doubt.doubt
    if why is not None:
        was_recording = recording.first_file_at is not None
        return Phase.UNCONFIRMED if was_recording and why is not Doubt.NOT_FOUND else Phase.CHECKING
    if recording.first_file_at is not None:
        return Phase.RECORDING
    return Phase.WAITING_FOR_PEOPLE if recording.people_count == 0 else Phase.WAITING_FOR_MEDIA


def _end(recording: Recording) -> Phase:
    delivery = recording.delivery
    match delivery and delivery.state:
        case DeliveryState.READY if delivery is not None:
            return Phase.READY if delivery.downloadable else Phase.SAVED
        case _ if recording.nobody_joined:
            return Phase.NOBODY_JOINED
        case DeliveryState.MISSING if delivery is not None:
            is_stored = any(delivery.is_stored(footage) for footage in delivery.known_footage)
            return Phase.INCOMPLETE if delivery.downloadable or is_stored else Phase.NOT_SAVED
        case DeliveryState.UNVERIFIED:
            return Phase.NOT_CHECKED
    if recording.files_awaited:
        return Phase.SAVING
    if recording.reason is Reason.NO_MEDIA:
        return Phase.NOTHING_TO_SAVE
    return Phase.CANCELLED if recording.started_at is None else Phase.DONE


def state_emoji(recording: Recording, doubt: Unconfirmed | None = None) -> str:
    return HEADLINES[phase_of(recording, doubt)].emoji


def state_label(recording: Recording, doubt: Unconfirmed | None = None) -> str:
    """The phase in a few words."""
    return HEADLINES[phase_of(recording, doubt)].label


def has_missing_files(recording: Recording) -> bool:
    return recording.delivery is not None and recording.delivery.state is DeliveryState.MISSING
