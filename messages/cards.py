"""The card: one message for each recording, rendered from its row.

It shows points in time and no running counters, so that it needs an edit only when the recording changes.
"""

from __future__ import annotations

from datetime import datetime

from messages.blocks import (
    CARD,
    CUT_NAME,
    Block,
    Message,
    clock,
    code,
    confirm,
    context,
    cut,
    date_and_time,
    exact_span,
    metadata,
    people,
    person,
    plain,
    rounded_span,
    section,
    sections,
    times,
)
from messages.buttons import again_button, button, more_menu
from messages.config import MessageConfig
from messages.copy import ENDED, FAILED, resume_failure, state_emoji, state_label
from messages.files import file_lines, has_links, links_button, saving_percent, summary
from messages.layout import layout_menu, menu_version, options_line
from recordings.lifecycle.end_times import end_of, is_ongoing
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from recordings.model.reported import Gap

STOP_ACTION = "stop_recording"
EXTEND_ACTION = "extend_recording"
_GAPS_SHOWN = 5


def card(recording: Recording, config: MessageConfig, now: datetime) -> Message:
    """The card of a recording, as far as it is known `now`."""
    del now
    first = section("\n".join([_title(recording), *_lines(recording, config.max_duration)]))
    return Message(
        text=f"{state_emoji(recording)} {state_label(recording)}: {plain(recording.agora_channel, CUT_NAME)}",
        blocks=(
            {**first, "accessory": more_menu(recording)},
            *sections([*_ready_line(recording), *file_lines(recording, config)]),
            *_actions(recording, config.extension),
            context(_reference(recording)),
        ),
        metadata=metadata(CARD, recording, recording.reason),
    )


def _title(recording: Recording) -> str:
    return f"{state_emoji(recording)} *{state_label(recording)}*: {code(recording.agora_channel)}"


def _lines(recording: Recording, max_duration: float) -> list[str]:
    lines = [
        _notice(recording),
        f"Asked for by {person(recording.started_by)} at {clock(recording.requested_at)}",
        *_time_lines(recording, max_duration),
        parts_line(recording),
        options_line(recording),
        _people_line(recording),
        _extended_line(recording, max_duration),
        _unwatched_line(recording),
        *gap_lines(recording),
        _warnings_line(recording),
        _end_lines(recording),
    ]
    return [line for line in lines if line]


def _reference(recording: Recording) -> str:
    notified = " · Agora's notifications arrive" if recording.reported.notifications else ""
    return f"Reference `{recording.id}`{notified}"


def _ready_line(recording: Recording) -> list[str]:
    return [summary(recording.delivery)] if recording.delivery is not None and has_links(recording) else []


def _actions(recording: Recording, extension: float) -> tuple[Block, ...]:
    buttons = _buttons(recording, extension)
    block_id = f"card-{recording.id}{menu_version(recording)}"
    return ({"type": "actions", "block_id": block_id, "elements": buttons},) if buttons else ()


def _notice(recording: Recording) -> str:
    """People in a call have a right to know that it is recorded."""
    if recording.is_starting and recording.lost_segments:
        return "Nothing is recorded just now. Another recorder is on its way: everybody in the call should know."
    if recording.state in (State.RECORDING, State.INTERRUPTED):
        return "This call is being recorded: everybody in it should know."
    return "This call is about to be recorded." if recording.state is State.STARTING else ""


def _time_lines(recording: Recording, max_duration: float) -> list[str]:
    end = f"{date_and_time(end_of(recording, max_duration))} at the latest"
    if recording.started_at is None:
        return [f"Until {end}"] if recording.intent.ends_at is not None and is_ongoing(recording) else []
    if recording.ended_at is not None:
        span = exact_span(recording.ended_at - recording.started_at)
        return [f"From {clock(recording.started_at)} to {clock(recording.ended_at)} ({span})"]
    until = f", until {end}" if recording.state in (State.RECORDING, State.INTERRUPTED) else ""
    return [f"Since {clock(recording.started_at)}{until}", *_first_file_line(recording)]


def _first_file_line(recording: Recording) -> list[str]:
    if recording.first_file_at is None:
        return []
    of_part = f" of part {recording.segment_number}" if recording.lost_segments else ""
    return [f"First file{of_part} stored at {clock(recording.first_file_at)}"]


def _people_line(recording: Recording) -> str:
    """How many people were in the call at the last query. It shows a mistyped name, for which nobody is there."""
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
    """After a lost recorder: the number of the present part, or of all parts at the end."""
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
    return f"{clock(gap.begun_at)} to {clock(gap.ended_at)} is missing ({exact_span(gap.ended_at - gap.begun_at)})"


def _extended_line(recording: Recording, max_duration: float) -> str:
    if recording.intent.extended_by is None or not is_ongoing(recording):
        return ""
    return f"Extended to {date_and_time(end_of(recording, max_duration))} by {person(recording.intent.extended_by)}"


def gap_lines(recording: Recording) -> list[str]:
    """The gaps in the recording."""
    shown = [gap_line(gap) for gap in recording.gaps[:_GAPS_SHOWN]]
    more = len(recording.gaps) - len(shown)
    return [*shown, *([f"and {more} more such gaps"] if more > 0 else [])]


def _warnings_line(recording: Recording) -> str:
    if recording.is_over:
        return ""
    parts = []
    if recording.reported.upload_warning_open:
        parts.append("⚠️ Files can't be stored just now")
    if recording.reported.silence_warning_open:
        parts.append("🔇 Nobody can be heard")
    if percent := saving_percent(recording):
        parts.append(f"Saving, {percent}% done")
    return " · ".join(parts)


def _unwatched_line(recording: Recording) -> str:
    if recording.unwatched_from is None or recording.unwatched_to is None:
        return ""
    span = f"{clock(recording.unwatched_from)} to {clock(recording.unwatched_to)}"
    return f"The bot was away from {span}: nobody watched this recording then"


def _end_lines(recording: Recording) -> str:
    if recording.state is State.FAILED:
        words = FAILED[recording.reason or Reason.REJECTED]
        detail = f"Detail: {plain(recording.detail)}" if recording.detail else ""
        return "\n".join(line for line in (resume_failure(recording), words.happened, detail) if line)
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
    """The buttons for what people can do in this state."""
    buttons = []
    if recording.state in HOLDS_CHANNEL and recording.intent.stop_at is None and recording.stop_reason is None:
        buttons.append(stop_button(recording, "Stop"))
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
    """`extension`: the seconds that one press adds."""
    return button(EXTEND_ACTION, f"Extend {rounded_span(extension)}", recording.id)


def stop_button(recording: Recording, label: str) -> Block:
    """A button that stops this recording after a confirmation."""
    name = cut(recording.agora_channel, CUT_NAME)
    ask = confirm("Stop recording?", f"The recording of {name} ends for everybody.", "Stop recording", "Keep recording")
    return {**button(STOP_ACTION, label, recording.id), "style": "danger", "confirm": ask}
