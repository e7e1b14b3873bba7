"""The texts for reasons and states: what happened, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from recordings.lifecycle.end_times import is_ongoing
from recordings.model.confirmation import Doubt, Unconfirmed
from recordings.model.delivery import DeliveryState
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State


@dataclass(frozen=True, slots=True)
class Wording:
    """The text for one reason."""

    happened: str
    """One sentence."""
    next_step: str = ""
    """What a person can do. Empty if nothing has to be done."""


FAILED: dict[Reason, Wording] = {
    Reason.REJECTED: Wording(
        "Agora refused to record it.",
        "Its own words are below. Show them to the person who set up this bot: the channel name, the storage settings"
        " or the Agora account need a look.",
    ),
    Reason.UNAUTHORIZED: Wording(
        "Agora did not accept this bot's credentials.",
        "Ask the person who set up this bot to check the App ID, the customer ID and secret, and that Cloud Recording"
        " is enabled for the project. `python bot.py check` names the one that is wrong.",
    ),
    Reason.OVERLOADED: Wording(
        "Agora allows no more recordings at the same time.",
        "Stop one that is no longer needed, then start again. If none of yours runs, ask Agora's support for a higher"
        " limit.",
    ),
    Reason.UNAVAILABLE: Wording(
        "Agora could not be reached, or kept answering with errors.",
        "Nothing is being recorded. Wait a minute and start again; Agora's status page tells if they have an outage.",
    ),
    Reason.UNDELIVERABLE: Wording(
        "The bot can't post in this channel, so nothing was recorded.", "Invite it, then start again."
    ),
    Reason.NEVER_STARTED: Wording(
        "The recorder did not come up in time.",
        "Nothing is being recorded. Start again. If it happens again, check that people are in that Agora channel, that"
        " the App ID is the one of the call, and that the app certificate is right.",
    ),
    Reason.LOST: Wording(
        "The recorder is gone: Agora has not found it for longer than a move to another server takes.",
        "What was recorded until then should be in the bucket. Start again at once if the call goes on.",
    ),
    Reason.CRASHED: Wording(
        "The recorder ended abnormally at Agora.",
        "What was recorded until then should be in the bucket. Start again at once if the call goes on.",
    ),
    Reason.LEFT: Wording(
        "The recorder left the call though nobody asked it to; perhaps it was thrown out.",
        "What was recorded until then should be in the bucket. Start again if the call goes on.",
    ),
}

ENDED: dict[Reason, Wording] = {
    Reason.STOPPED: Wording("It was stopped."),
    Reason.IDLE: Wording("It ended by itself: nobody was left in the call."),
    Reason.TIME_LIMIT: Wording("Its time was up, so it was stopped.", "If the call goes on, start again."),
    Reason.STOPPED_ELSEWHERE: Wording("Somebody stopped it outside Slack."),
    Reason.NO_MEDIA: Wording("Agora had nothing recorded: nobody had sent sound or picture."),
}

WARNING: dict[Reason, Wording] = {
    Reason.LOST: Wording(
        "The recorder was lost during the call, so I record on with another one.",
        "Nothing need be done: it stays one recording, with the files of every part. If it happens often, show the"
        " details to Agora's support.",
    ),
    Reason.NOTHING_STORED: Wording(
        "The recorder is in the call and so are people, but nothing has been stored yet.",
        "Likely causes, in this order: nobody has a microphone or camera on; the calls use the other channel profile"
        " (`AGORA_CHANNEL_PROFILE`); people join with text user IDs instead of numbers; the call is encrypted and the"
        " bot has no key; the storage settings are wrong.",
    ),
    Reason.AGORA_UNREACHABLE: Wording(
        "Agora does not answer, so nobody can tell how the recordings of this channel are.",
        "They most likely go on. The bot keeps asking and tells you when Agora answers again.",
    ),
    Reason.UNWATCHED: Wording(
        "Nobody watched the recordings of this channel for a while: the bot was away.",
        "They are watched again. Each card says from when to when; what was lost meanwhile is told on its own.",
    ),
    Reason.SILENT: Wording(
        "It is being recorded, but nobody can be heard.",
        "Is everybody muted? Where there is a picture, it is recorded all the same. I tell you when somebody is heard.",
    ),
    Reason.UPLOAD_FAILING: Wording(
        "Agora records, but can't put the files into the bucket just now.",
        "Agora keeps them and tries again. Let the person who set up this bot look: `/record doctor` checks the"
        " storage; most likely the key or the bucket was changed.",
    ),
    Reason.NOT_DELIVERED: Wording(
        "It is over, and its files are not in the bucket as they should be.",
        "Let the person who set up this bot look: `/record doctor` checks the storage, and Agora's support can search"
        " by the `sid` below.",
    ),
    Reason.IN_BACKUP: Wording(
        "Agora could not store every file in the bucket and keeps the rest in its own backup.",
        "Agora goes on trying for a day, and I tell you when the files are there. Let the person who set up this bot"
        " check that Agora's key may still write into the bucket.",
    ),
    Reason.ENDING_SOON: Wording(
        "Its time is nearly up.", "If the call goes on, press Extend here or on the card: anybody in the channel may."
    ),
    Reason.UNAUTHORIZED: Wording(
        "Agora no longer accepts this bot's credentials, so nobody can tell how the recordings of this channel are.",
        "They most likely go on, but can't be stopped from here. Ask the person who set up this bot to check the"
        " customer ID and secret.",
    ),
}

RECOVERED: dict[Reason, Wording] = {
    Reason.NOTHING_STORED: Wording("The first file is stored: it is being recorded."),
    Reason.SILENT: Wording("Somebody can be heard again."),
    Reason.UPLOAD_FAILING: Wording("Files go into the bucket again."),
    Reason.NOT_DELIVERED: Wording("The files that were missing are in the bucket now."),
    Reason.IN_BACKUP: Wording("The files that Agora kept in its backup are in the bucket now."),
    Reason.AGORA_UNREACHABLE: Wording("Agora answers again, and the recordings of this channel are watched."),
    Reason.UNAUTHORIZED: Wording("Agora accepts this bot's credentials again, and the recordings are watched."),
}


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
STATE_EMOJI = {
    State.STARTING: "⏳",
    State.RECORDING: "🔴",
    State.INTERRUPTED: "🟠",
    State.STOPPING: "⏹️",
    State.UPLOADING: "⏫",
    State.ENDED: "✅",
    State.FAILED: "❌",
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


def resume_failure(recording: Recording) -> str:
    """The sentence for a recording that failed because a lost recorder could not be replaced; else empty."""
    if recording.state is not State.FAILED or not recording.awaiting_segment:
        return ""
    return "The recorder was lost during the call, and I could not record on with another one."
