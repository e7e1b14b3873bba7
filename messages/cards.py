"""The card: one message for each recording, rendered from its row.

Title and one fact, what is wrong, buttons, and in small print who and when. It shows points in time and no running
counters, so that it needs an edit only when the recording changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from messages.blocks import (
    CALL,
    CARD,
    CUT_NAME,
    EN_DASH,
    Block,
    Message,
    about,
    capitalized,
    clock,
    confirm,
    context,
    cut,
    day_and_time,
    exact_span,
    is_same_minute,
    metadata,
    people,
    person,
    plain,
    rounded_span,
    section,
    sections,
    time_of_day,
    time_range,
    title,
)
from messages.buttons import (
    AGAIN_OPTION,
    DETAILS_OPTION,
    LAYOUT_OPTION,
    PLACE_OPTION,
    again_button,
    button,
    more_menu,
)
from messages.config import MessageConfig
from messages.files import file_lines, has_links, links_button, saving_percent, spoken_span, summary
from messages.layout import picture_and_sound
from messages.phases import HEADLINES, WHEN, Phase, phase_of
from recordings.lifecycle.end_times import end_of, is_ongoing, last_end_of
from recordings.model.confirmation import Doubt, Unconfirmed, unconfirmed
from recordings.model.delivery import DeliveryState
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from recordings.model.reported import Gap

STOP_ACTION = "stop_recording"
EXTEND_ACTION = "extend_recording"
_GAPS_SHOWN = 5
_CALL_MAY_GO_ON = frozenset({Reason.TIME_LIMIT, Reason.STOPPED_ELSEWHERE})
_RECORD_AGAIN = frozenset({Phase.NOTHING_TO_SAVE, Phase.NOBODY_JOINED, Phase.CANCELLED, Phase.BROKEN_OFF})
_TRY_AGAIN = frozenset({Phase.NOT_STARTED, Phase.NOT_JOINED})
_WITHOUT_FILES = _TRY_AGAIN | {Phase.NOTHING_TO_SAVE, Phase.NOBODY_JOINED, Phase.CANCELLED}
_UP = (State.RECORDING, State.INTERRUPTED)


def card(recording: Recording, config: MessageConfig, now: datetime) -> Message:
    """The card of a recording, as far as it is known `now`."""
    doubt = unconfirmed(recording, now, config.query_interval)
    phase = phase_of(recording, doubt)
    facts = list(_facts(recording, phase, doubt, config))
    words = HEADLINES[phase].title.replace(WHEN, _when(recording, phase, doubt))
    first = section("\n".join([f"{HEADLINES[phase].emoji} {title(words, recording.agora_channel)}", *facts]))
    return Message(
        text=_text(recording, phase, words, [*facts, *(f"{line.removesuffix('.')}." for line in _warnings(recording))]),
        blocks=(
            {**first, "accessory": more_menu(recording, _options(recording, phase))},
            *sections(list(_problems(recording, phase, config))),
            *_actions(_buttons(recording, phase, config), recording),
            context(_small_print(recording, phase)),
        ),
        metadata=metadata(CARD, recording, recording.reason),
    )


def _text(recording: Recording, phase: Phase, words: str, facts: Sequence[str]) -> str:
    """For notifications and screen readers: the state, the name, and what comes next."""
    title = f"{HEADLINES[phase].emoji} {words.replace(CALL, plain(recording.agora_channel, CUT_NAME))}"
    press = ["Press Get the recording."] if has_links(recording) else []
    return " ".join(_sentence(part) for part in (title, *facts, *press))


def _sentence(words: str) -> str:
    """With a full stop, so that it isn't read together with the next one."""
    return words if words.endswith((".", "…", "?", "!")) else f"{words}."


def _when(recording: Recording, phase: Phase, doubt: Unconfirmed | None) -> str:
    """The time or the progress in the title."""
    match phase:
        case Phase.UNCONFIRMED if doubt is not None:
            return time_of_day(doubt.since)
        case Phase.BROKEN_OFF:
            return time_of_day(recorded_until(recording) or recording.requested_at)
        case Phase.SAVING if (percent := saving_percent(recording)) is not None:
            return f" {percent}%"
    return ""


def recorded_until(recording: Recording) -> datetime | None:
    """The end of what a recording that broke off can hold, as far as anybody knows; None if it never began."""
    if recording.awaiting_segment:
        return recording.lost_segments[-1].recorded_until
    if recording.started_at is None:
        return None
    found_at = recording.probe.found_at if recording.reason in (Reason.LOST, None) else None
    return found_at or recording.ended_at


# what there is to say


def _facts(recording: Recording, phase: Phase, doubt: Unconfirmed | None, config: MessageConfig) -> Iterator[str]:
    """Whole sentences without formatting, so that the same ones can be read aloud."""
    match phase:
        case Phase.STARTING:
            yield "Usually takes about 5 seconds."
            if recording.intent.ends_at is not None:
                yield f"Ends {day_and_time(end_of(recording, config.max_duration))}."
        case Phase.WAITING_FOR_PEOPLE | Phase.WAITING_FOR_MEDIA:
            yield from _waiting(recording, phase)
        case Phase.RECORDING:
            yield _end(recording, config.max_duration)
        case Phase.CHECKING | Phase.UNCONFIRMED if doubt is not None:
            yield from _doubts(recording, doubt, config)
        case Phase.INTERRUPTED:
            lost_at = clock(recording.lost_segments[-1].recorded_until)
            yield f"The recorder stopped responding at {lost_at}. A new one is joining…"
        case Phase.EMPTY:
            yield f"{'No one joined' if recording.nobody_joined else 'Everyone left'}, finishing up…"
        case Phase.STOPPING:
            yield from _stopping(recording, config)
        case Phase.BROKEN_OFF | Phase.NOT_STARTED | Phase.NOT_JOINED:
            yield from _failure(recording, phase, config)
        case _:
            yield from _ending(recording, phase, config)


def _waiting(recording: Recording, phase: Phase) -> Iterator[str]:
    source = "mic or camera" if recording.options.has_picture else "mic"
    counted = f"{people(recording.people_count)} in the call. " if recording.people_count else ""
    yield f"{counted}Recording begins when someone's {source} is on."
    if phase is Phase.WAITING_FOR_PEOPLE and not recording.lost_segments:
        yield "Wrong call? Stop, then start the right one."


def _end(recording: Recording, max_duration: float) -> str:
    until = f"Ends {day_and_time(end_of(recording, max_duration))}"
    return f"{until}, unless someone adds time." if can_add_time(recording, max_duration) else f"{until}."


def _doubts(recording: Recording, doubt: Unconfirmed, config: MessageConfig) -> Iterator[str]:
    match doubt.doubt:
        case Doubt.REJECTED:
            yield "Agora rejects our sign-in, so it can't be checked or stopped. It probably continues."
            yield _doctor(config)
        case Doubt.NO_ANSWER:
            reason = (
                "Agora's answers don't say how it is" if recording.probe.unreadable_answer else "Agora isn't answering"
            )
            likely = "It's probably still recording." if recording.first_file_at is not None else "Checking again soon."
            yield f"{reason}. {likely}"
        case Doubt.NOT_FOUND if recording.reported.moving:
            yield "The recorder is moving to another server. This usually takes less than 2 minutes."
        case Doubt.NOT_FOUND:
            is_replaced = len(recording.lost_segments) < config.max_resumes
            gone = "a new one takes over" if is_replaced else "I'll say so here"
            within = spoken_span(timedelta(seconds=config.failover_grace))
            last = time_of_day(doubt.since)
            yield f"Last confirmed at {last}. If the recorder is gone, {gone} within about {within}."


def _doctor(config: MessageConfig) -> str:
    return f"{capitalized(config.support_contact)} can run `/record doctor`."


def _stopping(recording: Recording, config: MessageConfig) -> Iterator[str]:
    if recording.stop_delayed_by is Reason.UNAUTHORIZED:
        yield "Agora rejects our sign-in, so it can't be stopped yet. Still trying; it also stops when everyone leaves."
        yield _doctor(config)
    elif recording.stop_delayed_by is not None:
        yield "Still trying. It also stops when everyone leaves."
    elif recording.stop_reason is Reason.TIME_LIMIT:
        yield "It reached its time limit. The file appears here in a minute or two."
    elif _has_recorded(recording):
        yield "The file appears here in a minute or two."


def _has_recorded(recording: Recording) -> bool:
    return recording.first_file_at is not None or bool(recording.lost_segments)


_FAILURES: dict[Reason, tuple[str, str]] = {
    Reason.REJECTED: ("Agora rejected the request", "{contact} needs to check the setup."),
    Reason.UNAUTHORIZED: ("Agora rejected our sign-in", "{contact} can run `/record doctor`."),
    Reason.OVERLOADED: ("all recorders are in use", "Stop one you don't need, then try again."),
    Reason.UNAVAILABLE: ("Agora can't be reached", "Try again in a minute."),
    Reason.UNDELIVERABLE: ("I can't post in this channel", "Invite me, then try again."),
    Reason.NEVER_STARTED: ("it took too long", "Try again. If it happens twice, the setup needs a check."),
    Reason.LOST: ("the recorder disappeared", "Try again."),
    Reason.CRASHED: ("the recorder crashed", "Try again."),
    Reason.LEFT: ("the recorder was removed from the call", "Try again."),
}
"""What happened, as a clause, and what to do if it happens at the start."""


def _failure(recording: Recording, phase: Phase, config: MessageConfig) -> Iterator[str]:
    clause, next_step = _FAILURES.get(recording.reason or Reason.REJECTED, _FAILURES[Reason.REJECTED])
    if phase is not Phase.BROKEN_OFF:
        yield f"{capitalized(clause)}, so nothing was recorded."
        yield next_step.replace("{contact}", capitalized(config.support_contact))
        return
    happened = f"A new recorder couldn't join: {clause}" if recording.awaiting_segment else capitalized(clause)
    yield f"{happened}.{_saved_until_then(recording)}"
    yield "Still talking? Record again."


def _saved_until_then(recording: Recording) -> str:
    """What became of the files of a recording that broke off."""
    delivery = recording.delivery
    match delivery and delivery.state:
        case DeliveryState.READY if delivery is not None:
            return f" What was recorded until then is saved: {summary(delivery)}."
        case DeliveryState.MISSING:
            return " What was recorded until then isn't completely saved."
    return " What was recorded until then is being saved." if recording.files_awaited else ""


def _ending(recording: Recording, phase: Phase, config: MessageConfig) -> Iterator[str]:
    """Of a recording that ends or has ended."""
    delivery = recording.delivery
    if delivery is not None and has_links(recording):
        yield " · ".join([*_span(recording), summary(delivery)])
    if phase is not Phase.NOBODY_JOINED:
        yield from _why_it_ended(recording, phase)
    match phase:
        case Phase.SAVING if delivery is None or delivery.state is DeliveryState.AWAITED:
            yield "Usually ready in a minute or two."
        case Phase.SAVING | Phase.SAVED | Phase.NOT_CHECKED:
            yield from file_lines(recording, config)
        case Phase.INCOMPLETE | Phase.NOT_SAVED if delivery is not None:
            yield from file_lines(recording, config)
            if not delivery.code:
                yield _doctor(config)
        case Phase.NOTHING_TO_SAVE:
            media = "audio or video" if recording.options.has_picture else "audio"
            yield f"No {media} arrived{_how_many_how_long(recording)}."
        case Phase.NOBODY_JOINED:
            yield "Wrong call? Start the right one."


def _span(recording: Recording) -> list[str]:
    if recording.started_at is None or recording.ended_at is None:
        return []
    return [time_range(recording.started_at, recording.ended_at)]


def _why_it_ended(recording: Recording, phase: Phase) -> Iterator[str]:
    """Nothing if somebody here stopped it: the small print says who."""
    cancelled = phase is Phase.CANCELLED
    match recording.reason or recording.stop_reason:
        case Reason.IDLE:
            at = f" at {time_of_day(recording.ended_at)}" if recording.ended_at is not None else ""
            yield f"Everyone left, so it stopped{at}."
        case Reason.TIME_LIMIT:
            yield "It reached its time limit. Still talking? Record again."
        case Reason.STOPPED_ELSEWHERE:
            yield f"Someone stopped it outside Slack{' before it began' if cancelled else ''}."
        case _ if cancelled:
            yield "It was cancelled before the recorder joined."


def _how_many_how_long(recording: Recording) -> str:
    facts = [people(recording.most_people)] if recording.most_people else []
    if recording.started_at is not None and recording.ended_at is not None:
        facts.append(about(recording.ended_at - recording.started_at))
    return f" ({', '.join(facts)})" if facts else ""


# what is wrong


def _problems(recording: Recording, phase: Phase, config: MessageConfig) -> Iterator[str]:
    yield from _warnings(recording)
    if phase is Phase.READY or (phase is Phase.BROKEN_OFF and recording.delivery is not None):
        yield from file_lines(recording, config)
    if line := parts_line(recording):
        yield line
    yield from gap_lines(recording)
    if recording.unwatched_from is not None and recording.unwatched_to is not None:
        span = _offline(recording.unwatched_from, recording.unwatched_to)
        yield f"I was offline {span}. The recording may have kept going."


def _warnings(recording: Recording) -> Iterator[str]:
    """What is wrong now."""
    if recording.reported.upload_warning_open and not recording.is_over:
        yield "⚠️ Saving is failing. Agora keeps trying."
    if recording.reported.silence_warning_open and recording.state in _UP:
        yield "🔇 No one can be heard"


def _offline(begun_at: datetime, ended_at: datetime) -> str:
    same_minute = is_same_minute(begun_at, ended_at)
    return f"at {time_of_day(begun_at)}" if same_minute else f"from {time_of_day(begun_at)} to {time_of_day(ended_at)}"


def parts_line(recording: Recording) -> str:
    """How many parts a recording has whose recorder was lost, once it has ended."""
    if not recording.lost_segments or recording.ended_at is None or recording.awaiting_segment:
        return ""
    return f"Recorded in {recording.segment_number} parts"


def gap_line(gap: Gap) -> str:
    span = gap.ended_at - gap.begun_at
    seconds = round(span.total_seconds())
    if seconds < 1:
        return f"Less than a second is missing ({clock(gap.begun_at)})"
    length = exact_span(span) if seconds >= 60 else f"{seconds} second{'s' if seconds > 1 else ''}"
    return f"{length} {'is' if seconds == 1 else 'are'} missing ({clock(gap.begun_at)}{EN_DASH}{clock(gap.ended_at)})"


def gap_lines(recording: Recording) -> list[str]:
    """The gaps in the recording."""
    shown = [gap_line(gap) for gap in recording.gaps[:_GAPS_SHOWN]]
    more = len(recording.gaps) - len(shown)
    return [*shown, *([f"and {more} more {'gap' if more == 1 else 'gaps'} (see Details)"] if more > 0 else [])]


# who and when


def _small_print(recording: Recording, phase: Phase) -> str:
    verb = "Tried by" if phase in _TRY_AGAIN else "Started by"
    parts = [f"{verb} {person(recording.started_by)} at {time_of_day(recording.requested_at)}"]
    if recording.intent.stop_by is not None and recording.intent.stop_at is not None:
        stopped = "cancelled" if recording.started_at is None else "stopped"
        parts.append(f"{stopped} by {person(recording.intent.stop_by)} at {time_of_day(recording.intent.stop_at)}")
    if options := picture_and_sound(recording.options):
        parts.append(options)
    if phase is Phase.RECORDING:
        parts.append("Make sure everyone in the call knows it's being recorded")
    if has_links(recording):
        parts.append("Only members of this channel get a link")
    return " · ".join(parts)


# what people can do


def _options(recording: Recording, phase: Phase) -> list[str]:
    """The options of the ⋯ menu."""
    has_layout = is_ongoing(recording) and recording.options.has_picture
    has_place = recording.is_over or recording.state is State.UPLOADING
    return [
        *([LAYOUT_OPTION] if has_layout else []),
        *([AGAIN_OPTION] if recording.is_over and not _again_button(recording, phase) else []),
        *([PLACE_OPTION] if has_place and phase not in _WITHOUT_FILES else []),
        DETAILS_OPTION,
    ]


def _actions(buttons: list[Block], recording: Recording) -> tuple[Block, ...]:
    return ({"type": "actions", "block_id": f"card-{recording.id}", "elements": buttons},) if buttons else ()


def _buttons(recording: Recording, phase: Phase, config: MessageConfig) -> list[Block]:
    """The buttons for what people can do in this phase, the likely one first."""
    if recording.state in HOLDS_CHANNEL and is_ongoing(recording):
        if phase is Phase.STARTING:
            return [cancel_button(recording)]
        # Also where no time can be added: the answer to a press says why.
        return [stop_button(recording, "Stop recording"), extend_button(recording, config.extension)]
    links = [links_button(recording)] if has_links(recording) else []
    return [*links, *_again_button(recording, phase)]


def _again_button(recording: Recording, phase: Phase) -> list[Block]:
    """Where nothing was recorded, or the call may go on; else it is in the menu."""
    if phase in _TRY_AGAIN:
        return [again_button(recording, "Try again")]
    may_go_on = recording.is_over and recording.reason in _CALL_MAY_GO_ON
    return [again_button(recording)] if phase in _RECORD_AGAIN or may_go_on else []


def can_add_time(recording: Recording, max_duration: float) -> bool:
    """Whether its end can be moved to a later time."""
    return end_of(recording, max_duration) < last_end_of(recording, max_duration)


def extend_button(recording: Recording, extension: float) -> Block:
    """`extension`: the seconds that one press adds."""
    label = f"Add {rounded_span(extension)}"
    return button(EXTEND_ACTION, label, recording.id, f"{label} to the recording of {recording.agora_channel}")


def stop_button(recording: Recording, label: str) -> Block:
    """A button that stops this recording after a confirmation."""
    name = cut(recording.agora_channel, CUT_NAME)
    saved = " The file appears here in a minute or two." if _has_recorded(recording) else ""
    ask = confirm(f"Stop recording {name}?", f"It stops for everyone.{saved}", "Stop recording", "Keep recording")
    return {**button(STOP_ACTION, label, recording.id, f"Stop recording {name}"), "style": "danger", "confirm": ask}


def cancel_button(recording: Recording) -> Block:
    """Stops a recording that has not begun."""
    name = cut(recording.agora_channel, CUT_NAME)
    ask = confirm(f"Cancel recording {name}?", "It won't be recorded.", "Cancel recording", "Keep starting")
    return {**button(STOP_ACTION, "Cancel", recording.id, f"Cancel recording {name}"), "confirm": ask}
