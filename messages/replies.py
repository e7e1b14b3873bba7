"""Replies that only the person who typed or pressed something sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from messages.blocks import (
    Message,
    call,
    code,
    cut,
    escape,
    person,
    plain,
    rounded_span,
    section,
    sections,
    time_of_day,
)
from messages.cards import stop_button
from messages.config import DEFAULT_CONTACT, MessageConfig
from messages.files import has_links
from messages.layout import options_summary
from messages.phases import state_emoji, state_label
from messages.summaries import card_link, files_note, named_links_button, outcome, span_of, started_by
from recordings.errors import SlackError
from recordings.lifecycle.end_times import LONGEST_SECONDS, end_of, is_ongoing
from recordings.model.alerts import Acknowledgement
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

_SHOWN = 10


def text(words: str) -> Message:
    """A reply in Slack's markup. The caller escapes what people typed."""
    return Message(text=words, blocks=(section(words),))


def starting(recording: Recording) -> Message:
    options = options_summary(recording.options)
    what = f"{call(recording.agora_channel)}, {options}" if options else call(recording.agora_channel)
    end = f" It ends {_day_and_time(recording.intent.ends_at)}." if recording.intent.ends_at is not None else ""
    return text(f"Starting to record {what}.{end} The card in this channel shows how it goes.")


def already_here(
    recording: Recording,
    domain: str,
    config: MessageConfig,
    *,
    other_end: bool = False,
    other_options: bool = False,
) -> Message:
    """`other_end`, `other_options`: the command had an end or options, which do not apply."""
    sentences = [_already(recording, config)]
    if is_ongoing(recording) and other_end:
        sentences.append(f"To record longer, press *Add {rounded_span(config.extension)}* on the card.")
    if is_ongoing(recording) and other_options:
        sentences.append("Its options stay as they are; the layout can be changed on the card.")
    return text(" ".join([*sentences, card_link(recording, domain) or "Its card is on the way."]))


def _already(recording: Recording, config: MessageConfig) -> str:
    """What is known about a recording that somebody else started: no more than the last answer of Agora says."""
    name = call(recording.agora_channel)
    if not is_ongoing(recording):
        return f"{name} is still being stopped. Try again in a minute."
    if recording.state is State.STARTING:
        return f"I'm already starting to record {name}."
    if not _is_confirmed(recording):
        return f"A recording of {name} is under way, but I can't confirm it right now."
    if recording.first_file_at is None:
        return f"The recorder is already in {name}, waiting for audio or video."
    return f"{name} is already being recorded. It ends {_day_and_time(end_of(recording, config.max_duration))}."


def _is_confirmed(recording: Recording) -> bool:
    """Whether nothing speaks against the last answer that found the recorder in the call."""
    probe = recording.probe
    in_doubt = probe.not_found_since is not None or probe.unanswered_since is not None or probe.confirmation_expired
    return recording.state is State.RECORDING and not in_doubt


def recording_unknown() -> Message:
    """For a button whose recording does not exist in this channel."""
    return text("I can't find that recording in this channel. Type `/record list` to see its recordings.")


def already_elsewhere(agora_channel: str) -> Message:
    return text(f"Someone is already recording {call(agora_channel)} from another channel.")


def only_members(doing: str) -> Message:
    """For a guest, or a person from another company."""
    return text(f"Guests can't {doing}. Ask a member of this workspace to do it.")


def channel_not_allowed(agora_channel: str, patterns: Sequence[str], contact: str) -> Message:
    """For a channel that `ALLOWED_AGORA_CHANNELS` leaves out."""
    shown = ", ".join(code(pattern) for pattern in patterns[:_SHOWN])
    more = f" and {len(patterns) - _SHOWN} more" if len(patterns) > _SHOWN else ""
    return text(f"{call(agora_channel)} can't be recorded here. Allowed: {shown}{more}. Ask {contact} to add it.")


def stopping(recording: Recording, *, already_requested: bool) -> Message:
    name = call(recording.agora_channel)
    if is_sign_in_rejected(recording):
        return text(
            f"I can't stop {name} yet: Agora rejects our sign-in. I'll keep trying; it also stops by itself when"
            " everyone leaves."
        )
    if already_requested and recording.intent.stop_by is not None:
        return text(f"{person(recording.intent.stop_by)} is already stopping {name}.")
    files = " I'll post the file in the card's thread." if recording.first_file_at is not None else ""
    return text(f"Stopping {name}.{files}")


def is_sign_in_rejected(recording: Recording) -> bool:
    """Whether Agora rejected the credentials in its last answer, so that nothing can be stopped."""
    probe = recording.probe
    return probe.unanswered_since is not None and probe.unanswered_reason is Reason.UNAUTHORIZED


def layout_already_chosen(recording: Recording) -> Message:
    """For a layout that the recording has already, or is about to get."""
    by = f": {person(recording.intent.layout_by)} chose it" if recording.intent.layout_by else ""
    has = (
        "already has the layout"
        if recording.layout is recording.current_layout
        else "is already changing to the layout"
    )
    return text(f"{call(recording.agora_channel)} {has} {recording.layout.title()}{by}.")


def no_picture(recording: Recording) -> Message:
    return text(f"{call(recording.agora_channel)} is recorded as audio only, so it has no layout.")


def extended(recording: Recording, until: datetime, *, cut: bool) -> Message:
    """`cut`: the recording can't be extended by the full amount."""
    why = f" It can't run longer than {_longest_duration(recording, until)}." if cut else ""
    return text(f"{call(recording.agora_channel)} now ends {_day_and_time(until)}.{why}")


def cannot_extend(recording: Recording, until: datetime) -> Message:
    return text(
        f"{call(recording.agora_channel)} ends {_day_and_time(until)} and can't run longer than"
        f" {_longest_duration(recording, until)}. Start a new one then."
    )


def _longest_duration(recording: Recording, until: datetime) -> str:
    seconds = (until - (recording.started_at or recording.requested_at)).total_seconds()
    return "23 hours" if round(seconds) == LONGEST_SECONDS else rounded_span(seconds)


def already_over(recording: Recording, domain: str) -> Message:
    """For a recording that somebody wants to see or to change after its end."""
    recorded = f"The recording of {call(recording.agora_channel)} is over:"
    head = f"{call(recording.agora_channel)} wasn't recorded:" if recording.started_at is None else recorded
    return _with_files(head, recording, domain)


def nothing_recorded(agora_channel: str, active: Sequence[Recording] = ()) -> Message:
    """`active`: recordings of this channel that run; the name may be mistyped."""
    if agora_channel:
        others = ", ".join(call(recording.agora_channel) for recording in active[:_SHOWN])
        instead = f"Recording now: {others}." if others else "Type `/record list` to see this channel's recordings."
        return text(f"I couldn't find {call(agora_channel)} here. {instead}")
    return text(
        "No recordings in this channel yet. Start one with `/record`. Looking for one from another channel? Open that"
        " channel and type `/record list`."
    )


def choose_recording(recordings: Sequence[Recording]) -> Message:
    """A stop button for each of several recordings."""
    question = f"{_counted(len(recordings))} recordings are running. Which one should stop?"
    blocks = [section(question)]
    for recording in recordings[:_SHOWN]:
        line = f"{state_emoji(recording)} {call(recording.agora_channel)} · started by {person(recording.started_by)}"
        label = cut(f"Stop recording {recording.agora_channel}", 75)
        blocks.append({**section(line), "accessory": {**stop_button(recording, "Stop"), "accessibility_label": label}})
    if len(recordings) > _SHOWN:
        blocks.append(section("To stop one that isn't shown, type `/record stop` and its name."))
    names = ", ".join(plain(recording.agora_channel, 80) for recording in recordings[:_SHOWN])
    return Message(text=cut(f"{question} {names}", 3000), blocks=tuple(blocks))


def _counted(number: int) -> str:
    return {2: "Two", 3: "Three", 4: "Four", 5: "Five"}.get(number, str(number))


def status(recordings: Sequence[Recording], domain: str, config: MessageConfig) -> Message:
    """The state of recordings of one Slack channel."""
    if not recordings:
        return nothing_recorded("")
    if recordings[0].is_over:
        return _with_files("Nothing's being recorded here. Last one:", recordings[0], domain)
    lines = [_running_line(recording, domain, config) for recording in recordings[:_SHOWN]]
    if len(recordings) > _SHOWN:
        lines.append(f"and {len(recordings) - _SHOWN} more")
    blocks = sections(lines)
    return Message(text=blocks[0]["text"]["text"], blocks=blocks)


def _with_files(head: str, recording: Recording, domain: str) -> Message:
    """A recording that is over in one line, with a button for its files if there are some."""
    facts = [
        f"{state_emoji(recording)} {call(recording.agora_channel)}",
        span_of(recording),
        outcome(recording),
        files_note(recording),
        started_by(recording),
        card_link(recording, domain),
    ]
    words = f"{head} {' · '.join(fact for fact in facts if fact)}"
    block = section(words)
    accessory = {"accessory": named_links_button(recording)} if has_links(recording) else {}
    return Message(text=words, blocks=({**block, **accessory},))


def _running_line(recording: Recording, domain: str, config: MessageConfig) -> str:
    """`🔴 *daily* · Recording since 8:49 PM · ends today at 10:09 PM · started by @ben · Go to card`."""
    emoji, state = _state(recording)
    facts = [
        f"{emoji} {call(recording.agora_channel)}",
        state,
        _part(recording),
        _until(recording, config.max_duration),
        options_summary(recording.current_options),
        started_by(recording),
        card_link(recording, domain),
    ]
    return " · ".join(fact for fact in facts if fact)


def _state(recording: Recording) -> tuple[str, str]:
    """The emoji and the words for a state: "Recording" only while nothing speaks against it."""
    if recording.state is State.RECORDING and not _is_confirmed(recording):
        return "🟠", "can't confirm it's recording"
    is_recording = recording.state is State.RECORDING and recording.first_file_at is not None
    since = f" since {time_of_day(recording.started_at)}" if is_recording and recording.started_at else ""
    return state_emoji(recording), f"{state_label(recording)}{since}"


def _part(recording: Recording) -> str:
    return f"part {recording.segment_number}" if recording.lost_segments and not recording.awaiting_segment else ""


def _until(recording: Recording, default_duration: float) -> str:
    has_end = recording.started_at is not None or recording.intent.ends_at is not None
    if not is_ongoing(recording) or not has_end:
        return ""
    return f"ends {_day_and_time(end_of(recording, default_duration))}"


def _day_and_time(moment: datetime) -> str:
    """`today at 9:39 PM`, in the reader's zone."""
    stamp = int(moment.timestamp())
    return f"<!date^{stamp}^{{date_short_pretty}} at {{time}}|on {moment:%Y-%m-%d} at {moment:%H:%M} UTC>"


def not_in_channel(bot_name: str) -> Message:
    return text(
        f"I'm not in this channel yet, so nothing was recorded. Type `/invite @{escape(bot_name)}`, then try again."
    )


def not_in_conversation() -> Message:
    """For a conversation between people, into which nobody can invite the bot."""
    return text("I can't record from a DM between people. Use a channel, or message me directly.")


def cannot_post(recording: Recording, bot_name: str, contact: str = DEFAULT_CONTACT) -> Message:
    """For a recording that was not started because the bot can't post in its channel: how to invite it."""
    match recording.detail.split(" ", 1)[0]:
        case "channel_not_found" | "not_in_channel" if recording.slack_channel.startswith("D"):
            return not_in_conversation()
        case "is_archived":
            return text("This channel is archived, so I can't post here and nothing was recorded. Use another channel.")
        case "channel_not_found" | "not_in_channel":
            return not_in_channel(bot_name)
    return text(
        f"I can't post in this channel, so nothing was recorded. Type `/invite @{escape(bot_name)}`, then try again. If"
        f" that doesn't help, ask {contact}. Error `{recording.id}`: {plain(recording.detail)}"
    )


def storage_failed(reference: str) -> Message:
    return text(
        "I couldn't save that, so nothing changed. Recordings that are running keep going. Try again in a minute."
        f" Error `{reference}`"
    )


def unexpected(reference: str) -> Message:
    return text(
        f"Something went wrong, and I'm not sure it worked. Check the card before you try again. Error `{reference}`"
    )


def already_acknowledged(acknowledgement: Acknowledgement) -> Message:
    return text(f"{person(acknowledgement.by)} is already on it ({time_of_day(acknowledgement.at)}).")


def alert_not_edited(error: SlackError) -> Message:
    """The acknowledgement is saved, but the alert could not be edited."""
    return text(
        f"I saved that you're on it, but couldn't show it on the alert ({plain(error.error, 80)})."
        " Press again, or tell the others."
    )
