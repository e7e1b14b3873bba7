"""Replies that only the person who typed or pressed something sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from messages.blocks import (
    Message,
    clock,
    code,
    cut,
    date_and_time,
    escape,
    person,
    plain,
    rounded_span,
    section,
    sections,
    typed,
)
from messages.cards import stop_button
from messages.copy import ENDED, FAILED, has_missing_files, state_emoji, state_label
from messages.files import has_links, summary
from messages.layout import options_summary
from recordings.errors import SlackError
from recordings.lifecycle.end_times import LONGEST_SECONDS, end_of, is_ongoing
from recordings.model.alerts import Acknowledgement
from recordings.model.delivery import DeliveryState
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

_SHOWN = 10


def text(words: str) -> Message:
    """A reply in Slack's markup. The caller escapes what people typed."""
    return Message(text=words, blocks=(section(words),))


def starting(recording: Recording) -> Message:
    end, options = recording.intent.ends_at, options_summary(recording.options)
    until = "" if end is None else f" It is stopped at {date_and_time(end)} at the latest."
    what = f"{code(recording.agora_channel)}, {options}" if options else code(recording.agora_channel)
    return text(f"⏳ Asking Agora to record {what}. The card in this channel shows how it goes.{until}")


def already_here(recording: Recording, domain: str, *, other_end: bool = False, other_options: bool = False) -> Message:
    """`other_end`, `other_options`: the command had an end or options, which do not apply."""
    stays = " Its end stays as it was; the card has a button that puts it off." if other_end else ""
    if other_options:
        stays += " It is recorded as it was begun; the card has a menu for the layout."
    return text(
        f"{code(recording.agora_channel)} is already being recorded here"
        f" ({state_label(recording).lower()}): {card_link(recording, domain)}.{stays}"
    )


def recording_unknown() -> Message:
    """For a button whose recording does not exist in this channel."""
    return text("I don't know that recording any more. `/record status` shows what is running.")


def already_elsewhere(agora_channel: str) -> Message:
    return text(f"{code(agora_channel)} is already recorded from another channel.")


def only_members(doing: str) -> Message:
    """For a guest, or a person from another company."""
    return text(
        f"Only full members of this workspace may {doing} here; ask one of them, or an admin can allow guests"
        " (ALLOW_GUESTS)."
    )


def channel_not_allowed(agora_channel: str, patterns: Sequence[str]) -> Message:
    """For a channel that `ALLOWED_AGORA_CHANNELS` leaves out."""
    shown = ", ".join(code(pattern) for pattern in patterns[:_SHOWN])
    more = f" and {len(patterns) - _SHOWN} more" if len(patterns) > _SHOWN else ""
    return text(
        f"{code(agora_channel)} is not one of the Agora channels that may be recorded: {shown}{more}"
        " (ALLOWED_AGORA_CHANNELS, which an admin can change)."
    )


def stopping(recording: Recording, *, already_requested: bool) -> Message:
    name = code(recording.agora_channel)
    if already_requested and recording.intent.stop_by is not None:
        return text(f"{name} is being stopped already, as {person(recording.intent.stop_by)} asked.")
    return text(f"⏹️ Stopping {name}. The card shows when it is over.")


def layout_already_chosen(recording: Recording) -> Message:
    """For a layout that the recording has already, or is about to get."""
    by = f", as {person(recording.intent.layout_by)} chose" if recording.intent.layout_by else ""
    return text(f"The layout of {code(recording.agora_channel)} is {recording.layout} already{by}.")


def no_picture(recording: Recording) -> Message:
    return text(f"Only the sound of {code(recording.agora_channel)} is recorded, so there is no layout to choose.")


def extended(recording: Recording, until: datetime, *, cut: bool) -> Message:
    """`cut`: the recording can't be extended by the full amount."""
    name = code(recording.agora_channel)
    why = f" {_longest_duration(recording, until)}" if cut else ""
    return text(f"{name} is recorded until {date_and_time(until)} now, at the latest.{why}")


def cannot_extend(recording: Recording, until: datetime) -> Message:
    name = code(recording.agora_channel)
    return text(
        f"{name} ends at {date_and_time(until)} and can't be extended any further."
        f" {_longest_duration(recording, until)} If the call goes on then, start it again."
    )


def _longest_duration(recording: Recording, until: datetime) -> str:
    takes = (until - (recording.started_at or recording.requested_at)).total_seconds()
    why = ": a recorder lives on a token, and no token outlives 24 h" if takes <= LONGEST_SECONDS else ""
    return f"A recording takes {rounded_span(takes)} at most{why}."


def already_over(recording: Recording, domain: str) -> Message:
    name = code(recording.agora_channel)
    return text(f"That recording of {name} is over. This is how it ended:\n{_line(recording, domain)}")


def nothing_recorded(agora_channel: str, active: Sequence[Recording] = ()) -> Message:
    """`active`: recordings of this channel that run; the name may be mistyped."""
    if agora_channel:
        others = ", ".join(code(recording.agora_channel) for recording in active[:_SHOWN])
        instead = f"Being recorded here: {others}." if others else "`/record list` shows what was."
        return text(f"{code(agora_channel)} is not being recorded from this channel, and was not before. {instead}")
    return text("Nothing has been recorded from this channel yet. `/record start` begins.")


def choose_recording(recordings: Sequence[Recording]) -> Message:
    """A stop button for each of several recordings."""
    blocks = [section("Several recordings are running here. Which one shall stop?")]
    for recording in recordings[:_SHOWN]:
        line = f"{state_emoji(recording)} {code(recording.agora_channel)}, asked for by {person(recording.started_by)}"
        blocks.append({**section(line), "accessory": stop_button(recording, "Stop this one")})
    if len(recordings) > _SHOWN:
        blocks.append(section("There are more: name the one to stop, as in `/record stop daily`."))
    names = ", ".join(typed(recording.agora_channel) for recording in recordings[:_SHOWN])
    return Message(
        text=cut(f"Several recordings are running here: {names}. Which one shall stop?", 3000), blocks=tuple(blocks)
    )


def status(recordings: Sequence[Recording], domain: str, default_duration: float) -> Message:
    """The state of recordings of one Slack channel. `default_duration`: seconds if nobody chose an end."""
    if not recordings:
        return text("Nothing has been recorded from this channel yet. `/record start` begins.")
    lines = [_line(recording, domain, default_duration) for recording in recordings[:_SHOWN]]
    if recordings[0].is_over:
        lines.insert(0, "Nothing is being recorded here just now. The last one was:")
    if len(recordings) > _SHOWN:
        lines.append(f"and {len(recordings) - _SHOWN} more")
    blocks = sections(lines)
    return Message(text=blocks[0]["text"]["text"], blocks=blocks)


def _line(recording: Recording, domain: str, default_duration: float = 0) -> str:
    facts = [
        f"{state_emoji(recording)} {code(recording.agora_channel)}: {_state(recording)}",
        _since(recording),
        _parts(recording),
        _until(recording, default_duration),
        options_summary(recording.current_options),
        f"asked for by {person(recording.started_by)}",
        _files(recording),
    ]
    return ", ".join(fact for fact in facts if fact) + f" ({card_link(recording, domain)})"


def _since(recording: Recording) -> str:
    if recording.ended_at is not None:
        return f"over since {date_and_time(recording.ended_at)}"
    return "" if recording.started_at is None else f"since {clock(recording.started_at)}"


def _parts(recording: Recording) -> str:
    if not recording.lost_segments or recording.awaiting_segment:
        return ""
    return f"part {recording.segment_number}" if recording.ended_at is None else f"{recording.segment_number} parts"


def _until(recording: Recording, default_duration: float) -> str:
    has_end = recording.started_at is not None or recording.intent.ends_at is not None
    if not is_ongoing(recording) or not has_end:
        return ""
    return f"until {date_and_time(end_of(recording, default_duration))} at the latest"


def _files(recording: Recording) -> str:
    delivery = recording.delivery
    if delivery is not None and has_links(recording):
        return summary(delivery)
    if has_missing_files(recording):
        return "its files are missing"
    return "not verified" if delivery is not None and delivery.state is DeliveryState.UNVERIFIED else ""


def _state(recording: Recording) -> str:
    reason = recording.reason or Reason.STOPPED
    if recording.state is State.FAILED:
        return f"failed: {_as_clause(FAILED[reason].happened)}"
    if recording.state is State.ENDED and reason is Reason.STOPPED and recording.intent.stop_by:
        return f"stopped by {person(recording.intent.stop_by)}"
    if recording.state is State.ENDED:
        return _as_clause(ENDED[reason].happened)
    return state_label(recording).lower()


def _as_clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def card_link(recording: Recording, domain: str) -> str:
    if recording.card_ts is None:
        return "its card comes in a moment"
    path = f"archives/{recording.slack_channel}/p{recording.card_ts.replace('.', '')}"
    return f"<https://{escape(domain)}.slack.com/{path}|see its card>"


def cannot_post(recording: Recording, bot_name: str) -> Message:
    """For a command in a channel that the bot can't post in: how to invite it."""
    again = f"`/record start {typed(recording.agora_channel)}`"
    error = recording.detail.split(" ", 1)[0]
    match error:
        case "channel_not_found" | "not_in_channel" if recording.slack_channel.startswith("D"):
            return text(
                "I can't post in a conversation of two people, so nothing was recorded. Ask in a channel, or in a"
                f" direct message to me: type {again} there."
            )
        case "is_archived":
            return text("This channel is archived, so I can't post here, and nothing was recorded.")
        case "channel_not_found" | "not_in_channel":
            return text(
                f"I can't post in this channel, so nothing was recorded. Invite me with `/invite @{escape(bot_name)}`,"
                f" then type {again}."
            )
    return text(
        f"I can't post in this channel ({plain(recording.detail)}), so nothing was recorded. If I am not a member,"
        f" invite me with `/invite @{escape(bot_name)}`, then type {again}; else show this to the person who set me up."
        f" Reference `{recording.id}`."
    )


def storage_failed(reference: str) -> Message:
    return text(
        "I can't write anything down just now (the database does not answer), so nothing was changed and nothing is"
        f" recorded that was not before. Try again in a minute. Reference `{reference}`."
    )


def unexpected(reference: str) -> Message:
    return text(
        "Something went wrong on my side. Look at the card before you try again: what you asked for may have been"
        f" written down. Reference `{reference}`; it is in my log as well."
    )


def already_acknowledged(acknowledgement: Acknowledgement) -> Message:
    return text(f"{person(acknowledgement.by)} is on it already, since {clock(acknowledgement.at)}.")


def alert_not_edited(error: SlackError) -> Message:
    """The acknowledgement is saved, but the alert could not be edited."""
    return text(
        f"It is noted that you are on it, but Slack did not let me show it on the alert ({plain(error.error, 80)})."
        " Press again, or tell the others."
    )
