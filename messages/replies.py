"""Replies that only concern the person who typed or pressed something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from messages.blocks import (
    CUT_NAME,
    Message,
    amount_of_time,
    clock,
    code,
    confirm,
    cut,
    date_and_time,
    escape,
    person,
    plain,
    section,
    sections,
    typed,
)
from messages.cards import stop_button
from messages.copy import ENDED, FAILED, files_missing, sign, state_in_words
from messages.files import has_links, summary
from messages.layout import in_words
from recordings.errors import SlackError
from recordings.lifecycle.end_times import LONGEST_SECONDS, end_of, is_ongoing
from recordings.model.alerts import Acknowledgement
from recordings.model.delivery import DeliveryState
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

_SHOWN = 10


def text(words: str) -> Message:
    """A reply of our own words, which may use Slack's marks."""
    return Message(text=words, blocks=(section(words),))


def starting(recording: Recording) -> Message:
    until = (
        ""
        if recording.intent.ends_at is None
        else f" It is stopped at {date_and_time(recording.intent.ends_at)} at the latest."
    )
    how = in_words(recording.options)
    asked = f"{code(recording.agora_channel)}, {how}" if how else code(recording.agora_channel)
    return text(f"⏳ Asking Agora to record {asked}. The card in this channel shows how it goes.{until}")


def already_here(recording: Recording, domain: str, *, other_end: bool = False, other_options: bool = False) -> Message:
    """`other_end`, `other_options`: it was asked for with an end, or with options, of its own."""
    stays = " Its end stays as it was; the card has a button that puts it off." if other_end else ""
    if other_options:
        stays += " It is recorded as it was begun; the card has a menu for the layout."
    return text(
        f"{code(recording.agora_channel)} is already being recorded here"
        f" ({state_in_words(recording).lower()}): {card_link(recording, domain)}.{stays}"
    )


def nothing_known() -> Message:
    """What a button meant is not there, or not in this channel."""
    return text("I don't know that recording any more. `/record status` shows what is running.")


def already_elsewhere(agora_channel: str) -> Message:
    return text(f"{code(agora_channel)} is already recorded from another channel.")


def only_members(doing: str) -> Message:
    """To a guest, or somebody from another company."""
    return text(
        f"Only full members of this workspace may {doing} here; ask one of them, or an admin can allow guests"
        " (ALLOW_GUESTS)."
    )


def channel_not_allowed(agora_channel: str, patterns: Sequence[str]) -> Message:
    """To whoever wants to record what the settings leave out."""
    shown = ", ".join(code(pattern) for pattern in patterns[:_SHOWN])
    more = f" and {len(patterns) - _SHOWN} more" if len(patterns) > _SHOWN else ""
    return text(
        f"{code(agora_channel)} is not one of the Agora channels that may be recorded: {shown}{more}"
        " (ALLOWED_AGORA_CHANNELS, which an admin can change)."
    )


def stopping(recording: Recording, *, again: bool) -> Message:
    name = code(recording.agora_channel)
    if again and recording.intent.stop_by is not None:
        return text(f"{name} is being stopped already, as {person(recording.intent.stop_by)} asked.")
    return text(f"⏹️ Stopping {name}. The card shows when it is over.")


def so_already(recording: Recording) -> Message:
    """It has, or is about to get, the layout that somebody chose."""
    by = f", as {person(recording.intent.layout_by)} chose" if recording.intent.layout_by else ""
    return text(f"The layout of {code(recording.agora_channel)} is {recording.layout} already{by}.")


def no_picture(recording: Recording) -> Message:
    return text(f"Only the sound of {code(recording.agora_channel)} is recorded, so there is no layout to choose.")


def extended(recording: Recording, until: datetime, *, cut: bool) -> Message:
    """`cut`: it can't be put off by as much as was asked for."""
    name = code(recording.agora_channel)
    why = f" {_as_long_as_it_can(recording, until)}" if cut else ""
    return text(f"{name} is recorded until {date_and_time(until)} now, at the latest.{why}")


def at_the_longest(recording: Recording, until: datetime) -> Message:
    name = code(recording.agora_channel)
    return text(
        f"{name} ends at {date_and_time(until)} and can't be extended any further."
        f" {_as_long_as_it_can(recording, until)} If the call goes on then, start it again."
    )


def _as_long_as_it_can(recording: Recording, until: datetime) -> str:
    takes = (until - (recording.started_at or recording.requested_at)).total_seconds()
    why = ": a recorder lives on a token, and no token outlives 24 h" if takes <= LONGEST_SECONDS else ""
    return f"A recording takes {amount_of_time(takes)} at most{why}."


def over_already(recording: Recording, domain: str) -> Message:
    name = code(recording.agora_channel)
    return text(f"That recording of {name} is over. This is how it ended:\n{_line(recording, domain)}")


def nothing_here(agora_channel: str, going_on: Sequence[Recording] = ()) -> Message:
    """`going_on`: what is being recorded here instead; the name may be mistyped."""
    if agora_channel:
        others = ", ".join(code(recording.agora_channel) for recording in going_on[:_SHOWN])
        instead = f"Being recorded here: {others}." if others else "`/record list` shows what was."
        return text(f"{code(agora_channel)} is not being recorded from this channel, and was not before. {instead}")
    return text("Nothing has been recorded from this channel yet. `/record start` begins.")


def which_one(recordings: Sequence[Recording]) -> Message:
    """Several are running: one button each."""
    blocks = [section("Several recordings are running here. Which one shall stop?")]
    for recording in recordings[:_SHOWN]:
        name = cut(recording.agora_channel, CUT_NAME)
        ask = confirm(
            "Stop recording?", f"The recording of {name} ends for everybody.", "Stop recording", "Keep recording"
        )
        line = f"{sign(recording)} {code(recording.agora_channel)}, asked for by {person(recording.started_by)}"
        blocks.append({**section(line), "accessory": stop_button(recording, "Stop this one", ask)})
    if len(recordings) > _SHOWN:
        blocks.append(section("There are more: name the one to stop, as in `/record stop daily`."))
    names = ", ".join(typed(recording.agora_channel) for recording in recordings[:_SHOWN])
    return Message(
        text=cut(f"Several recordings are running here: {names}. Which one shall stop?", 3000), blocks=tuple(blocks)
    )


def status(recordings: Sequence[Recording], domain: str, default_duration: float = 14_400) -> Message:
    """How the recordings of this Slack channel are. `default_duration`: seconds, where nobody chose an end."""
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
    parts = [f"{sign(recording)} {code(recording.agora_channel)}: {_how(recording)}"]
    if recording.ended_at is not None:
        parts.append(f"over since {date_and_time(recording.ended_at)}")
    elif recording.started_at is not None:
        parts.append(f"since {clock(recording.started_at)}")
    if recording.lost_segments and not recording.awaiting_segment:
        parts.append(
            f"part {recording.segment_number}" if recording.ended_at is None else f"{recording.segment_number} parts"
        )
    if is_ongoing(recording) and (recording.started_at is not None or recording.intent.ends_at is not None):
        parts.append(f"until {date_and_time(end_of(recording, default_duration))} at the latest")
    how = in_words(recording.current_options)
    if how:
        parts.append(how)
    parts.append(f"asked for by {person(recording.started_by)}")
    if recording.delivery is not None and has_links(recording):
        parts.append(summary(recording.delivery))
    elif files_missing(recording):
        parts.append("its files are missing")
    elif recording.delivery is not None and recording.delivery.state is DeliveryState.UNVERIFIED:
        parts.append("not verified")
    return ", ".join(parts) + f" ({card_link(recording, domain)})"


def _how(recording: Recording) -> str:
    reason = recording.reason or Reason.STOPPED
    if recording.state is State.FAILED:
        return f"failed: {_inside(FAILED[reason].happened)}"
    if recording.state is State.ENDED and reason is Reason.STOPPED and recording.intent.stop_by:
        return f"stopped by {person(recording.intent.stop_by)}"
    if recording.state is State.ENDED:
        return _inside(ENDED[reason].happened)
    return state_in_words(recording).lower()


def _inside(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def card_link(recording: Recording, domain: str) -> str:
    if recording.card_ts is None:
        return "its card comes in a moment"
    path = f"archives/{recording.slack_channel}/p{recording.card_ts.replace('.', '')}"
    return f"<https://{escape(domain)}.slack.com/{path}|see its card>"


def cannot_post(recording: Recording, bot_name: str) -> Message:
    """The bot can't post where the command was typed: the words to invite it."""
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


def on_it_already(taken: Acknowledgement) -> Message:
    return text(f"{person(taken.by)} is on it already, since {clock(taken.at)}.")


def not_shown(error: SlackError) -> Message:
    """It is written down; the alert itself still looks as before."""
    return text(
        f"It is noted that you are on it, but Slack did not let me show it on the alert ({plain(error.error, 80)})."
        " Press again, or tell the others."
    )
