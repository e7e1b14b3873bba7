"""The card: one message for each recording, a picture of its row. It shows moments, not counters, so that it
changes only when the recording does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from messages.blocks import (
    CARD,
    CUT_NAME,
    Block,
    Message,
    amount_of_time,
    clock,
    code,
    confirm,
    context,
    cut,
    date_and_time,
    length,
    metadata,
    people,
    person,
    plain,
    section,
    sections,
    times,
)
from messages.buttons import again_button, more_menu
from messages.copy import ENDED, FAILED, not_resumed, sign, state_in_words
from messages.files import file_lines, has_links, links_button
from messages.layout import how_it_is_made, layout_menu, menu_state
from recordings.lifecycle.end_times import end_of, is_ongoing
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from recordings.model.reported import Gap

STOP_ACTION = "stop_recording"
EXTEND_ACTION = "extend_recording"
_GAPS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class CardConfig:
    """What every card needs to know of the installation: how many seconds a recording takes, the place in the
    bucket where a recording's files are, and by how many seconds its end can be put off at once."""

    max_duration: float
    folder: Callable[[Recording], str]
    extension: float = 1_800


def card(recording: Recording, card_config: CardConfig) -> Message:
    """The card of a recording."""
    title = f"{sign(recording)} *{state_in_words(recording)}*: {code(recording.agora_channel)}"
    lines = [
        line
        for line in (
            _notice(recording),
            *_times(recording, card_config.max_duration),
            parts_line(recording),
            how_it_is_made(recording),
            _people(recording),
            _extended(recording, card_config.max_duration),
            _unwatched(recording),
            *gap_lines(recording),
            _troubles(recording),
            _how_it_ended(recording),
        )
        if line
    ]
    blocks = [{**section("\n".join([title, *lines])), "accessory": more_menu(recording)}]
    files = file_lines(recording, card_config.folder(recording))
    if files:
        blocks.extend(sections(files))
    buttons = _buttons(recording, card_config.extension)
    if buttons:
        name = f"card-{recording.id}{menu_state(recording)}"
        blocks.append({"type": "actions", "block_id": name, "elements": buttons})
    seen = " · Agora's notifications arrive" if recording.reported.notifications else ""
    blocks.append(context(f"Reference `{recording.id}`{seen}"))
    name = plain(recording.agora_channel, CUT_NAME)
    return Message(
        text=f"{sign(recording)} {state_in_words(recording)}: {name}",
        blocks=tuple(blocks),
        metadata=metadata(CARD, recording, recording.reason),
    )


def _notice(recording: Recording) -> str:
    if recording.is_starting and recording.lost_segments:
        return "Nothing is recorded just now. Another recorder is on its way: everybody in the call should know."
    if recording.state in (State.RECORDING, State.INTERRUPTED):
        return "This call is being recorded: everybody in it should know."
    return "This call is about to be recorded." if recording.state is State.STARTING else ""


def _times(recording: Recording, max_duration: float) -> list[str]:
    by = person(recording.started_by)
    lines = [f"Asked for by {by} at {clock(recording.requested_at)}"]
    if recording.started_at is None:
        if recording.intent.ends_at is None or not is_ongoing(recording):
            return lines
        return [*lines, f"Until {date_and_time(end_of(recording, max_duration))} at the latest"]
    if recording.ended_at is not None:
        span = length(recording.ended_at - recording.started_at)
        return [*lines, f"From {clock(recording.started_at)} to {clock(recording.ended_at)} ({span})"]
    since = f"Since {clock(recording.started_at)}"
    if recording.state in (State.RECORDING, State.INTERRUPTED):
        since += f", until {date_and_time(end_of(recording, max_duration))} at the latest"
    lines.append(since)
    if recording.first_file_at is not None:
        of_part = f" of part {recording.segment_number}" if recording.lost_segments else ""
        lines.append(f"First file{of_part} stored at {clock(recording.first_file_at)}")
    return lines


def _people(recording: Recording) -> str:
    """Who was there when Agora was last asked: a name that is not the call's shows here."""
    if not is_ongoing(recording) or recording.people_count is None or recording.people_counted_at is None:
        return ""
    at = clock(recording.people_counted_at)
    if recording.people_count > 0:
        return f"{people(recording.people_count)} in the call at {at}"
    if recording.first_file_at is None and not recording.lost_segments:
        return f"Nobody was in this Agora channel at {at}: is it the one of your call?"
    came_later = recording.first_file_at is not None and recording.first_file_at >= recording.people_counted_at
    return "" if came_later else f"Nobody was in the call at {at}"


def parts_line(recording: Recording) -> str:
    """Which part it is, where recorders were lost; once it is over, how many there are."""
    if not recording.lost_segments:
        return ""
    if recording.awaiting_segment:
        since = "nothing is recorded since then" if recording.ended_at is None else "nothing was recorded after that"
        return f"The recorder was lost at {clock(recording.lost_segments[-1].recorded_until)}: {since}"
    if recording.ended_at is not None:
        return (
            f"Recorded in {recording.segment_number} parts: the recorder was lost {times(recording.segment_number - 1)}"
        )
    return f"Part {recording.segment_number} since {clock(recording.up_at or recording.requested_at)}"


def gap_line(gap: Gap) -> str:
    return f"{clock(gap.begun_at)} to {clock(gap.ended_at)} is missing ({length(gap.ended_at - gap.begun_at)})"


def _extended(recording: Recording, max_duration: float) -> str:
    if recording.intent.extended_by is None or not is_ongoing(recording):
        return ""
    return f"Extended to {date_and_time(end_of(recording, max_duration))} by {person(recording.intent.extended_by)}"


def gap_lines(recording: Recording) -> list[str]:
    """What the recording lacks."""
    shown = [gap_line(gap) for gap in recording.gaps[:_GAPS_SHOWN]]
    more = len(recording.gaps) - len(shown)
    return [*shown, *([f"and {more} more such gaps"] if more > 0 else [])]


def _troubles(recording: Recording) -> str:
    if recording.is_over:
        return ""
    parts = []
    if recording.reported.upload_warning_open:
        parts.append("⚠️ Files can't be stored just now")
    if recording.reported.silence_warning_open:
        parts.append("🔇 Nobody can be heard")
    if recording.state is State.UPLOADING and recording.reported.progress_tenths:
        parts.append(f"{recording.reported.progress_tenths * 10} % of the files are uploaded")
    return " · ".join(parts)


def _unwatched(recording: Recording) -> str:
    if recording.unwatched_from is None or recording.unwatched_to is None:
        return ""
    span = f"{clock(recording.unwatched_from)} to {clock(recording.unwatched_to)}"
    return f"The bot was away from {span}: nobody watched this recording then"


def _how_it_ended(recording: Recording) -> str:
    if recording.state is State.FAILED:
        words = FAILED[recording.reason or Reason.REJECTED]
        detail = f"Detail: {plain(recording.detail)}" if recording.detail else ""
        return "\n".join(line for line in (not_resumed(recording), words.happened, detail) if line)
    if recording.state is State.ENDED and recording.reason is not Reason.STOPPED:
        happened = ENDED[recording.reason or Reason.STOPPED].happened
        return "\n".join(line for line in (happened, _stopped_by(recording)) if line)
    return _stopped_by(recording)


def _stopped_by(recording: Recording) -> str:
    if recording.intent.stop_by is None or recording.intent.stop_at is None:
        return ""
    verb = "Stopped" if recording.is_over else "Stop asked for"
    return f"{verb} by {person(recording.intent.stop_by)} at {clock(recording.intent.stop_at)}"


def _buttons(recording: Recording, extension: float) -> list[Block]:
    """What somebody may want to do at this moment."""
    buttons = []
    if recording.state in HOLDS_CHANNEL and recording.intent.stop_at is None and recording.stop_reason is None:
        name = cut(recording.agora_channel, CUT_NAME)
        words = f"The recording of {name} ends for everybody."
        ask = confirm("Stop recording?", words, "Stop recording", "Keep recording")
        buttons.append(stop_button(recording, "Stop", ask))
        if recording.state in (State.RECORDING, State.INTERRUPTED):
            buttons.append(extend_button(recording, extension))
    menu = layout_menu(recording)
    if menu is not None:
        buttons.append(menu)
    if has_links(recording):
        buttons.append(links_button(recording))
    if recording.is_over:
        buttons.append(again_button(recording))
    return buttons


def extend_button(recording: Recording, extension: float) -> Block:
    """A button that puts the end of this recording off."""
    return {
        "type": "button",
        "action_id": EXTEND_ACTION,
        "text": {"type": "plain_text", "text": f"Extend {amount_of_time(extension)}", "emoji": False},
        "value": recording.id,
    }


def stop_button(recording: Recording, label: str, ask: Block | None = None) -> Block:
    """A button that stops this recording, after a question where there is one."""
    button: Block = {
        "type": "button",
        "action_id": STOP_ACTION,
        "text": {"type": "plain_text", "text": cut(label, 75), "emoji": False},
        "value": recording.id,
        "style": "danger",
    }
    return button if ask is None else {**button, "confirm": ask}
