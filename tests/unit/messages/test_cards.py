"""What people see on the card, and what other programs read from its metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.blocks import EN_DASH, Message, clock, day_and_time, time_of_day, time_range
from messages.buttons import AGAIN_ACTION
from messages.cards import EXTEND_ACTION, STOP_ACTION, card
from messages.config import MessageConfig
from messages.files import LINKS_ACTION
from messages.phases import HEADLINES, Phase
from recordings.model.confirmation import unconfirmed
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.options import AppliedLayout, Layout, Media, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from recordings.model.reported import Gap, Reported
from tests.fakes.hostile import recordings
from tests.fakes.rendered import elements, words
from tests.fakes.rows import NOW, a_delivery, a_lost_segment, a_recording, at, changed, over, up, with_card
from tests.fakes.slack import MESSAGE_CONFIG

REASONS = {State.ENDED: Reason.STOPPED, State.FAILED: Reason.LOST}
ADMINS = replace(MESSAGE_CONFIG, support_contact="<#C0ADMINS>")
UNANSWERED = {"found_at": at(30), "unanswered_since": at(60), "unanswered_reason": Reason.AGORA_UNREACHABLE}
REJECTED = UNANSWERED | {"unanswered_reason": Reason.UNAUTHORIZED}
NOT_FOUND = {"state": State.INTERRUPTED, "found_at": at(30), "not_found": 1, "not_found_since": at(60)}
WAITING = {"first_file_at": None, "found_at": at(10)}
LOST_SEGMENT = a_lost_segment()
AWAITING = replace(LOST_SEGMENT, resumed_at=None)


def drawn(recording: Recording, config: MessageConfig = MESSAGE_CONFIG, seconds: float = 0) -> Message:
    return card(recording, config, at(seconds))


def shown(recording: Recording, config: MessageConfig = MESSAGE_CONFIG, seconds: float = 0) -> str:
    return words(drawn(recording, config, seconds))


def title(recording: Recording, seconds: float = 0) -> str:
    return shown(recording, seconds=seconds).splitlines()[0]


def small_print(recording: Recording) -> str:
    return shown(recording).splitlines()[-1]


def controls(recording: Recording, config: MessageConfig = MESSAGE_CONFIG) -> list[dict[str, Any]]:
    return elements(drawn(recording, config))


def control(recording: Recording, action: str = STOP_ACTION) -> dict[str, Any] | None:
    return next((element for element in controls(recording) if element["action_id"] == action), None)


def labels(recording: Recording, config: MessageConfig = MESSAGE_CONFIG) -> list[str]:
    return [element["text"]["text"] for element in controls(recording, config)]


def options(recording: Recording) -> dict[str, str]:
    """The ⋯ menu: labels with their values."""
    menu = drawn(recording).blocks[0]["accessory"]
    assert (menu["type"], menu["action_id"]) == ("overflow", "more")
    return {option["text"]["text"]: option["value"] for option in menu["options"]}


def in_every_state() -> Iterator[Recording]:
    return (up(state=state, reason=REASONS.get(state)) for state in State)


# what people see, phase by phase

ENDED = {"stop_by": None, "stop_at": None}
DENIED = Delivery(state=DeliveryState.UNVERIFIED, code="AccessDenied")
MISSING = Delivery(state=DeliveryState.MISSING, missing=("SID_daily_0.mp4",))
UPLOADING = over(state=State.UPLOADING, reason=None, files_awaited=True)
NOTHING_STARTED = {"state": State.FAILED, "started_at": None, "first_file_at": None, **ENDED}
PHASES: dict[Phase, tuple[Recording, str, str]] = {
    Phase.STARTING: (with_card(), "⏳ *Starting to record daily…*", "Usually takes about 5 seconds."),
    Phase.WAITING_FOR_PEOPLE: (
        up(**WAITING, people_count=0),
        "🟡 *Waiting for people to join daily*",
        "Wrong call? Stop, then start the right one.",
    ),
    Phase.WAITING_FOR_MEDIA: (
        up(**WAITING, people_count=2),
        "🟡 *Recorder is in daily, waiting for audio or video*",
        "2 people in the call. Recording begins when someone's mic or camera is on.",
    ),
    Phase.RECORDING: (up(), "🔴 *Recording daily*", f"Ends {day_and_time(at(14_410))}, unless someone adds time."),
    Phase.CHECKING: (
        up(**NOT_FOUND),
        "🟠 *Checking on daily: can't confirm it's recording*",
        f"Last confirmed at {time_of_day(at(30))}. If the recorder is gone, a new one takes over within about 2"
        " minutes.",
    ),
    Phase.UNCONFIRMED: (
        up(**UNANSWERED, confirmation_expired=True),
        f"🟠 *Recording daily, not confirmed since {time_of_day(at(30))}*",
        "Agora isn't answering. It's probably still recording.",
    ),
    Phase.INTERRUPTED: (
        up(state=State.INTERRUPTED, sid=None, first_file_at=None, lost_segments=(AWAITING,)),
        "🟠 *daily isn't being recorded right now*",
        f"The recorder stopped responding at {clock(at(30))}. A new one is joining…",
    ),
    Phase.EMPTY: (up(**NOT_FOUND, found_empty=1), "⏹️ *daily is ending*", "Everyone left, finishing up…"),
    Phase.STOPPING: (
        up(state=State.STOPPING, stop_by="U2", stop_at=at(50)),
        "⏹️ *Stopping daily…*",
        "The file appears here in a minute or two.",
    ),
    Phase.SAVING: (UPLOADING, "⏫ *Saving daily…*", "Usually ready in a minute or two."),
    Phase.READY: (
        over(delivery=a_delivery()),
        "✅ *daily is ready*",
        time_range(at(10), at(100)),
    ),
    Phase.SAVED: (
        over(delivery=a_delivery(media_files=())),
        "✅ *daily is saved, without a file to open*",
        "saved as streaming segments; your recording admin can recover it.",
    ),
    Phase.INCOMPLETE: (
        over(delivery=a_delivery(state=DeliveryState.MISSING, missing=("SID_daily_1.mp4",))),
        "⚠️ *daily isn't completely saved*",
        "Some files didn't arrive.",
    ),
    Phase.NOT_SAVED: (
        over(delivery=MISSING, files_awaited=True),
        "⚠️ *daily isn't saved*",
        "The recording ended, but no file arrived. I'll keep checking for a day.",
    ),
    Phase.NOT_CHECKED: (
        over(delivery=DENIED),
        "✅ *daily is done, not checked*",
        "I can't see the files from here, but your recording admin can.",
    ),
    Phase.DONE: (over(), "✅ *daily is done*", "stopped by <@U2>"),
    Phase.NOTHING_TO_SAVE: (
        over(reason=Reason.NO_MEDIA, most_people=2, first_file_at=None, ended_at=at(610)),
        "⚪ *Nothing to save from daily*",
        "No audio or video arrived (2 people, 10 min).",
    ),
    Phase.NOBODY_JOINED: (
        over(reason=Reason.IDLE, most_people=0, first_file_at=None, status=4, **ENDED),
        "⚪ *No one joined daily, so nothing was recorded*",
        "Wrong call? Start the right one.",
    ),
    Phase.CANCELLED: (
        over(started_at=None, first_file_at=None),
        "⚪ *daily wasn't recorded*",
        "It was cancelled before the recorder joined.",
    ),
    Phase.NOT_STARTED: (
        over(**NOTHING_STARTED, reason=Reason.UNAUTHORIZED),
        "❌ *daily isn't being recorded*",
        "Agora rejected our sign-in, so nothing was recorded.",
    ),
    Phase.NOT_JOINED: (
        over(**NOTHING_STARTED, reason=Reason.NEVER_STARTED),
        "❌ *The recorder couldn't join daily*",
        "It took too long, so nothing was recorded.",
    ),
    Phase.BROKEN_OFF: (
        over(state=State.FAILED, reason=Reason.LOST, found_at=at(40), files_awaited=True, **ENDED),
        f"❌ *Recording of daily stopped at {time_of_day(at(40))}*",
        "The recorder disappeared. What was recorded until then is being saved.",
    ),
}


def test_every_phase_has_a_title() -> None:
    assert set(PHASES) == set(HEADLINES) == set(Phase)


@pytest.mark.parametrize("phase", Phase)
def test_the_card_says_what_is_known_and_one_fact(phase: Phase) -> None:
    recording, first, fact = PHASES[phase]

    assert title(recording) == first
    assert fact in shown(recording)


@pytest.mark.parametrize("phase", Phase)
def test_the_text_has_the_title_and_every_fact_for_those_who_see_no_blocks(phase: Phase) -> None:
    recording, first, fact = PHASES[phase]
    message = drawn(recording)

    assert message.text.startswith(first.replace("*", ""))
    assert fact in message.text or phase is Phase.DONE
    assert len(message.text.split(" ", 2)) == 3


@pytest.mark.parametrize("phase", Phase)
def test_a_name_that_slack_would_format_stays_readable(phase: Phase) -> None:
    recording = replace(PHASES[phase][0], agora_channel="we*_ekly")

    assert "`we*_ekly`" in title(recording)
    assert "**" not in title(recording)


@pytest.mark.parametrize("phase", Phase)
def test_nothing_that_engineers_need_is_on_the_card(phase: Phase) -> None:
    text = shown(PHASES[phase][0])

    for word in ("rec1", "SID", "HTTP", "HLS", "Reference", "First file"):
        assert word not in text, word


# red only while it is confirmed


def test_the_red_dot_needs_a_stored_file_and_an_answer_that_is_not_old() -> None:
    recording = up(found_at=at(30))

    assert title(recording, 31).startswith("🔴")
    assert not title(replace(recording, first_file_at=None), 31).startswith("🔴")
    assert title(recording, 89).startswith("🔴"), "two query intervals"
    assert title(recording, 91).startswith("🟠")


def test_people_are_told_to_inform_everyone_only_while_the_call_is_recorded() -> None:
    for phase, (recording, _, _) in PHASES.items():
        assert ("Make sure everyone in the call knows" in small_print(recording)) is (phase is Phase.RECORDING), phase


def test_without_a_stored_file_nobody_reads_that_it_is_recording() -> None:
    doubtful = up(**WAITING | UNANSWERED, confirmation_expired=True)

    assert title(doubtful) == "🟠 *Checking on daily: can't confirm it's recording*"
    assert "still recording" not in shown(doubtful)


def test_answers_that_say_nothing_are_not_called_silence() -> None:
    unreadable = up(**UNANSWERED, confirmation_expired=True, unreadable_answer="status 99")

    assert "Agora's answers don't say how it is. It's probably still recording." in shown(unreadable)
    assert "isn't answering" not in shown(unreadable)
    assert unreadable.card_content != up(**UNANSWERED, confirmation_expired=True).card_content


def test_while_agora_rejects_the_credentials_the_card_says_that_it_cannot_be_stopped() -> None:
    text = shown(up(**REJECTED), ADMINS)

    assert "🔴" not in text
    assert "it can't be checked or stopped" in text
    assert "<#C0ADMINS> can run `/record doctor`." in text


def test_a_recorder_that_is_being_moved_is_a_doubt_before_any_query() -> None:
    moving = up(state=State.INTERRUPTED, found_at=at(30), reported=Reported(moving=True, moved_at=at(35)))

    assert title(moving, 36) == "🟠 *Checking on daily: can't confirm it's recording*"
    assert "moving to another server" in shown(moving, seconds=36)


def test_a_call_that_simply_empties_shows_no_warning_colour() -> None:
    text = shown(up(**NOT_FOUND, found_empty=1))

    assert not any(colour in text for colour in "🔴🟠🟡⚠❌")


@given(recordings(), st.integers(0, 10**6))
def test_whatever_the_row_holds_the_card_claims_a_recording_only_if_it_is_confirmed(
    recording: Recording, seconds: int
) -> None:
    text = drawn(recording, seconds=seconds).text

    if text.startswith("🔴") or "Make sure everyone" in shown(recording, seconds=seconds):
        assert recording.state is State.RECORDING
        assert recording.first_file_at is not None
        assert unconfirmed(recording, at(seconds), MESSAGE_CONFIG.query_interval) is None


@given(recordings(), recordings(), st.integers(0, 10**6))
def test_cards_of_equal_content_look_the_same(one: Recording, other: Recording, seconds: int) -> None:
    """What the card shows, and its content leaves out, would not lead to an edit."""
    polled = changed(one, queried_at=at(seconds), not_found=one.probe.not_found + 1, status=other.probe.status)

    if polled.card_content == one.card_content:
        assert drawn(polled, seconds=seconds) == drawn(one, seconds=seconds)


# starting and running


def test_a_chosen_end_is_shown_from_the_beginning() -> None:
    assert f"Ends {day_and_time(at(2700))}." in shown(with_card(ends_at=at(2700)))
    assert f"Ends {day_and_time(at(2700))}, unless someone adds time." in shown(up(ends_at=at(2700)))
    assert "Ends" not in shown(with_card())


def test_nobody_is_invited_to_add_time_that_cannot_be_added() -> None:
    text = shown(up(ends_at=at(99_999)))

    assert f"Ends {day_and_time(at(10 + 23 * 3600))}." in text
    assert "unless" not in text


@pytest.mark.parametrize(
    ("contact", "shown_as"),
    [
        ("your recording admin", "Your recording admin"),
        ("it-help@corp.example", "it-help@corp.example"),
        ("https://help.example", "https://help.example"),
        ("<!subteam^S1>", "<!subteam^S1>"),
    ],
)
def test_an_address_at_the_beginning_of_a_sentence_stays_as_it_is(contact: str, shown_as: str) -> None:
    failed = over(state=State.FAILED, reason=Reason.UNAUTHORIZED, started_at=None, **ENDED)
    text = shown(failed, replace(MESSAGE_CONFIG, support_contact=contact))

    assert f"\n{shown_as} can run `/record doctor`." in text


def test_a_new_recorder_is_promised_only_if_one_would_come() -> None:
    missing, never = up(**NOT_FOUND), replace(MESSAGE_CONFIG, max_resumes=0)
    slow = replace(MESSAGE_CONFIG, failover_grace=60)

    assert "a new one takes over within about 1 minute." in words(drawn(missing, slow))
    assert "If the recorder is gone, I'll say so here within about 2 minutes." in words(drawn(missing, never))
    assert "takes over" not in words(drawn(replace(missing, lost_segments=(a_lost_segment(),) * 3)))


def test_what_is_wrong_now_is_read_aloud_too() -> None:
    text = drawn(up(reported=Reported(upload_warning_open=True, silence_warning_open=True))).text

    assert "Saving is failing. Agora keeps trying." in text
    assert text.endswith("No one can be heard.")


def test_a_title_that_ends_with_a_full_stop_gets_no_second_one() -> None:
    assert "Recording v1. " in drawn(up(agora_channel="v1.")).text


def test_a_recording_within_one_minute_shows_one_time() -> None:
    ended = over(delivery=a_delivery(), ended_at=at(12))

    assert EN_DASH not in shown(ended).split("\n")[1].split(" · ")[0]


def test_an_audio_recording_waits_for_a_mic_only() -> None:
    audio = up(**WAITING, people_count=1, options=Options(media=Media.AUDIO))

    assert "1 person in the call. Recording begins when someone's mic is on." in shown(audio)


def test_a_call_whose_first_part_was_recorded_is_not_taken_for_the_wrong_one() -> None:
    second = up(**WAITING, lost_segments=(LOST_SEGMENT,), people_count=0)

    assert title(second) == "🟡 *Waiting for people to join daily*"
    assert "Wrong call" not in shown(second)


def test_the_number_of_people_leads_to_an_edit_only_while_the_channel_may_be_wrong() -> None:
    there = {"people_count": 2, "people_counted_at": at(4)}

    assert up(first_file_at=None, **there).card_content != up(first_file_at=None).card_content
    assert up(**there).card_content == up().card_content, "Slack allows few edits, and it is not shown"
    assert a_recording(**there).card_content == a_recording().card_content, "the card is edited in a moment anyway"


def test_open_warnings_are_on_the_card() -> None:
    troubled = up(reported=Reported(upload_warning_open=True, silence_warning_open=True))

    assert "⚠️ Saving is failing. Agora keeps trying." in shown(troubled)
    assert "🔇 No one can be heard" in shown(troubled)
    assert "heard" not in shown(replace(UPLOADING, reported=troubled.reported))


def test_a_span_without_polling_is_shown() -> None:
    offline = shown(up(unwatched_from=at(60), unwatched_to=at(400)))
    shortly = shown(up(unwatched_from=at(61), unwatched_to=at(80)))

    assert f"I was offline from {time_of_day(at(60))} to {time_of_day(at(400))}." in offline
    assert f"I was offline at {time_of_day(at(61))}." in shortly
    assert "may have kept going" in offline


def test_who_started_it_and_when_is_in_small_print() -> None:
    assert small_print(up()).startswith(f"Started by <@U1> at {time_of_day(NOW)}")
    assert small_print(over(**NOTHING_STARTED, reason=Reason.REJECTED)).startswith("Tried by <@U1>")


@pytest.mark.parametrize(
    ("options", "shown_options"),
    [
        (Options(media=Media.AUDIO), "Audio only"),
        (Options(resolution=Resolution.P1080), "1080p"),
        (Options(layout=Layout.FLOATING), ""),
    ],
)
def test_picture_and_sound_that_differ_from_the_default_are_in_small_print(
    options: Options, shown_options: str
) -> None:
    default, printed = (small_print(up(options=option)) for option in (Options(), options))

    assert printed == (default if not shown_options else default.replace(" · ", f" · {shown_options} · ", 1))


def test_a_recording_whose_segments_alone_arrived_is_partly_saved() -> None:
    segments = a_delivery(state=DeliveryState.MISSING, media_files=(), missing=("SID_daily_0.mp4",))

    assert title(over(delivery=segments)) == "⚠️ *daily isn't completely saved*"
    assert "There's no file to download." in shown(over(delivery=segments))


def test_times_are_in_the_zone_of_the_reader_with_utc_as_the_fallback() -> None:
    assert time_of_day(NOW) == "<!date^1781696520^{time}|11:42 UTC>"
    assert day_and_time(NOW) == "<!date^1781696520^{date_short_pretty} at {time}|2026-06-17 at 11:42 UTC>"


# stopping


def test_after_a_request_to_stop_the_buttons_are_gone_and_the_card_says_who() -> None:
    asked = up(stop_by="U2", stop_at=at(50))

    assert controls(asked) == []
    assert f"stopped by <@U2> at {time_of_day(at(50))}" in small_print(asked)


def test_a_stop_while_agora_rejects_the_credentials_says_that_it_cannot_be_done_yet() -> None:
    stopping = up(state=State.STOPPING, stop_by="U2", stop_at=at(50), tries=1, **REJECTED)

    assert "it can't be stopped yet" in shown(stopping)
    assert "can run `/record doctor`" in shown(stopping)
    assert stopping.card_content != up(state=State.STOPPING, stop_by="U2", stop_at=at(50)).card_content


def test_a_stop_that_agora_does_not_answer_for_a_while_says_so() -> None:
    stopping = up(state=State.STOPPING, stop_by="U2", stop_at=at(50), **UNANSWERED)

    assert "Still trying" not in shown(replace(stopping, tries=1)), "a single failure is mended within seconds"
    assert "Still trying. It also stops when everyone leaves." in shown(replace(stopping, tries=3))
    assert replace(stopping, tries=3).card_content != replace(stopping, tries=1).card_content


def test_a_start_that_was_cancelled_says_who_cancelled_it() -> None:
    assert "cancelled by <@U2>" in small_print(over(started_at=None, first_file_at=None))


# the end


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (Reason.IDLE, f"Everyone left, so it stopped at {time_of_day(at(100))}."),
        (Reason.TIME_LIMIT, "It reached its time limit. Still talking? Record again."),
        (Reason.STOPPED_ELSEWHERE, "Someone stopped it outside Slack."),
    ],
)
def test_an_end_without_a_request_says_why(reason: Reason, line: str) -> None:
    for delivery in (None, a_delivery(), MISSING):
        assert line in shown(over(reason=reason, delivery=delivery, **ENDED))


def test_a_recording_that_ended_by_itself_is_being_saved_until_its_files_are_there() -> None:
    ended = over(reason=Reason.IDLE, files_awaited=True, **ENDED)

    assert title(ended) == "⏫ *Saving daily…*"
    assert "Everyone left" in shown(ended)


def test_a_call_that_nobody_joined_is_never_said_to_have_missing_files() -> None:
    nobody = over(reason=Reason.IDLE, most_people=0, first_file_at=None, status=4, files_awaited=True, **ENDED)

    for delivery in (None, Delivery(), MISSING):
        assert title(replace(nobody, delivery=delivery)) == "⚪ *No one joined daily, so nothing was recorded*"
    assert "Saving" not in shown(replace(nobody, state=State.UPLOADING, reason=None))


def test_the_progress_is_in_the_title_unless_files_cannot_be_stored() -> None:
    uploading = replace(UPLOADING, reported=Reported(progress=8_000))
    in_backup = replace(uploading, delivery=Delivery(state=DeliveryState.IN_BACKUP))

    assert title(uploading) == "⏫ *Saving daily… 80%*"
    assert title(in_backup) == "⏫ *Saving daily…*"
    assert "Agora has a copy and keeps trying for a day." in shown(in_backup)
    assert "%" not in shown(replace(uploading, reported=Reported(progress=10_000, upload_warning_open=True)))


def test_a_recording_that_is_ready_has_its_time_its_files_and_a_button() -> None:
    ready = over(delivery=a_delivery(), ended_at=at(3675))
    links = control(ready, LINKS_ACTION)

    assert time_range(at(10), at(3675)) in shown(ready)
    assert "1 h 5 min · 1 file, 800 MB" in shown(ready)
    assert links is not None
    assert (links["text"]["text"], links["value"], links["style"]) == ("Get the recording", "rec1", "primary")
    assert "Only members of this channel get a link" in small_print(ready)
    assert "Press Get the recording." in drawn(ready).text


@pytest.mark.parametrize("delivery", [None, Delivery(), DENIED, MISSING, replace(a_delivery(), media_files=())])
def test_without_an_mp4_file_there_is_no_button(delivery: Delivery | None) -> None:
    ended = over(delivery=delivery)

    assert control(ended, LINKS_ACTION) is None
    assert "get a link" not in small_print(ended)


def test_missing_files_are_explained_by_what_was_found() -> None:
    refused = replace(MISSING, code="AccessDenied")
    empty = Delivery(state=DeliveryState.MISSING, empty=("SID_daily_0.mp4",))

    assert "the storage rejects the key" in shown(over(delivery=refused))
    assert "The file that arrived is empty." in shown(over(delivery=empty))
    assert "keep checking" not in shown(over(delivery=MISSING)), "after a day nobody checks any more"


# failures

BECAUSE = {
    Reason.REJECTED: "Agora rejected the request",
    Reason.UNAUTHORIZED: "Agora rejected our sign-in",
    Reason.OVERLOADED: "All recorders are in use",
    Reason.UNAVAILABLE: "Agora can't be reached",
    Reason.UNDELIVERABLE: "I can't post in this channel",
    Reason.NEVER_STARTED: "It took too long",
    Reason.LOST: "The recorder disappeared",
    Reason.CRASHED: "The recorder crashed",
    Reason.LEFT: "The recorder was removed from the call",
}


@pytest.mark.parametrize("reason", BECAUSE)
def test_a_failed_start_says_why_and_what_to_do(reason: Reason) -> None:
    failed = over(**NOTHING_STARTED, reason=reason, detail="HTTP 400: <secret>")
    text = shown(failed, ADMINS)

    assert f"{BECAUSE[reason]}, so nothing was recorded." in text
    assert labels(failed) == ["Try again"]
    assert "HTTP" not in text, "Agora's words are in the details"
    assert ("<#C0ADMINS>" in text) is (reason in (Reason.REJECTED, Reason.UNAUTHORIZED))


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.CRASHED, Reason.LEFT])
@pytest.mark.parametrize(
    ("facts", "files"),
    [
        ({"files_awaited": True}, "What was recorded until then is being saved."),
        ({"delivery": a_delivery()}, "What was recorded until then is saved"),
        ({"delivery": MISSING}, "What was recorded until then isn't completely saved."),
        ({"delivery": DENIED}, "I can't see the files from here"),
    ],
)
def test_a_recording_that_broke_off_says_why_and_what_became_of_it(
    reason: Reason, facts: dict[str, Any], files: str
) -> None:
    failed = over(state=State.FAILED, reason=reason, **facts, **ENDED)

    assert f"{BECAUSE[reason]}." in shown(failed)
    assert files in shown(failed)
    assert labels(failed)[-1] == "Record again"


def test_a_failed_resume_shows_the_loss_and_the_cause() -> None:
    failed = over(state=State.FAILED, reason=Reason.OVERLOADED, lost_segments=(AWAITING,), files_awaited=True)

    assert title(failed) == f"❌ *Recording of daily stopped at {time_of_day(at(30))}*"
    assert "A new recorder couldn't join: all recorders are in use. What was recorded until then" in shown(failed)


# parts and gaps


def test_a_later_part_has_the_gap_before_it_and_looks_like_any_recording() -> None:
    text = shown(up(lost_segments=(LOST_SEGMENT,)))

    assert text.startswith("🔴 *Recording daily*")
    assert f"2 min 20 s are missing ({clock(at(30))}{EN_DASH}{clock(at(170))})" in text
    assert "parts" not in text


@pytest.mark.parametrize(
    ("seconds", "line"),
    [(0, "Less than a second is missing"), (1, "1 second is missing"), (7, "7 seconds are missing")],
)
def test_a_gap_is_told_in_seconds(seconds: int, line: str) -> None:
    gap = Gap(begun_at=at(20), ended_at=at(20 + seconds))

    assert f"{line} ({clock(at(20))}" in shown(up(reported=Reported(gaps=(gap,))))


def test_many_gaps_are_counted() -> None:
    gaps = tuple(Gap(begun_at=at(20 * n), ended_at=at(20 * n + 2)) for n in range(8))

    assert "and 3 more gaps (see Details)" in shown(up(reported=Reported(gaps=gaps)))


def test_between_two_parts_it_can_be_stopped() -> None:
    between, _, _ = PHASES[Phase.INTERRUPTED]

    assert "missing" not in shown(between)
    assert control(between) is not None
    assert "sid" not in drawn(between).metadata["event_payload"]


def test_at_the_end_the_card_says_how_many_parts_there_are() -> None:
    third = replace(LOST_SEGMENT, sid="SECOND", found_at=at(300), lost_at=at(400), resumed_at=at(410))
    text = shown(over(ended_at=at(900), lost_segments=(LOST_SEGMENT, third)))

    assert "Recorded in 3 parts" in text
    assert text.count("missing") == 2


def test_a_lost_part_without_files_is_stated_beside_the_others() -> None:
    lost = over(lost_segments=(LOST_SEGMENT,), delivery=a_delivery(missing=("FIRST_daily.m3u8", "FIRST_daily_0.mp4")))

    assert "1 file" in shown(lost)
    assert "The first " in shown(lost)
    assert "saved." in shown(lost)
    assert "`FIRST_daily_0.mp4`" not in shown(lost)


def test_a_part_with_only_a_playlist_is_stated_beside_the_file_of_another() -> None:
    playlists = ("folder/FIRST_daily.m3u8", "folder/SID_daily.m3u8")

    assert "The first part isn't in the file" in shown(over(delivery=a_delivery(playlists=playlists)))


# buttons and the menu


def test_the_card_has_only_the_buttons_that_work_now_and_the_likely_one_first() -> None:
    assert labels(with_card()) == ["Cancel"]
    assert labels(up()) == labels(up(**NOT_FOUND)) == ["Stop recording", "Add 30 min"]
    assert controls(up(state=State.UPLOADING, files_awaited=True)) == []
    assert controls(over()) == []
    assert [element["action_id"] for element in controls(over(delivery=a_delivery()))] == [LINKS_ACTION]


def test_a_recording_that_can_be_stopped_has_a_button_with_a_dialog_of_the_same_words() -> None:
    for recording in in_every_state():
        stop = control(recording)

        assert (stop is not None) is (recording.state in HOLDS_CHANNEL - {State.STOPPING}), recording.state
        if stop is not None:
            ask = stop["confirm"]
            assert stop["value"] == "rec1"
            assert ask["title"]["text"] in ("Stop recording daily?", "Cancel recording daily?")
            assert ask["confirm"]["text"].startswith(stop["text"]["text"])


def test_only_stop_is_marked_as_dangerous() -> None:
    for recording, _, _ in PHASES.values():
        for element in controls(recording):
            danger = element.get("style") == "danger"
            assert danger is (element["text"]["text"] == "Stop recording"), element


def test_a_cancelled_start_is_confirmed_without_a_word_about_files() -> None:
    cancel = control(with_card())

    assert cancel is not None
    assert (cancel["action_id"], cancel["confirm"]["text"]["text"]) == (STOP_ACTION, "It won't be recorded.")


def test_a_recording_that_is_up_can_be_extended_until_somebody_stops_it() -> None:
    for recording in in_every_state():
        extend = control(recording, EXTEND_ACTION)

        assert (extend is not None) is (recording.state in (State.RECORDING, State.INTERRUPTED)), recording.state
        if extend is not None:
            assert (extend["value"], "confirm" in extend) == ("rec1", False)
    assert control(up(stop_at=at(50), stop_by="U2"), EXTEND_ACTION) is None


@pytest.mark.parametrize(
    ("seconds", "label"), [(1800, "30 min"), (3600, "1 h"), (5400, "1 h 30 min"), (6, "6 s"), (0.2, "0.2 s")]
)
def test_the_button_says_how_much_time_it_adds(seconds: float, label: str) -> None:
    assert labels(up(), replace(MESSAGE_CONFIG, extension=seconds))[1] == f"Add {label}"


def test_buttons_name_the_call_for_screen_readers() -> None:
    for recording, _, _ in PHASES.values():
        for element in controls(recording):
            assert "daily" in element["accessibility_label"], element


def test_a_recording_that_is_over_can_be_recorded_again_by_a_button_or_by_the_menu() -> None:
    for phase, (recording, _, _) in PHASES.items():
        buttons = [element for element in controls(recording) if element["action_id"] == AGAIN_ACTION]
        in_menu = "Record again" in options(recording)

        assert len(buttons) + in_menu == recording.is_over, phase
        assert all((button["value"], "confirm" in button) == ("rec1", False) for button in buttons)


def test_the_menu_has_only_what_applies() -> None:
    assert list(options(up())) == ["Change layout", "Show details"]
    assert list(options(up(options=Options(media=Media.AUDIO)))) == ["Show details"]
    assert list(options(UPLOADING)) == ["Show location", "Show details"]
    assert options(over(delivery=a_delivery())) == {
        "Record again": "again:rec1",
        "Show location": "place:rec1",
        "Show details": "details:rec1",
    }
    assert options(up())["Change layout"] == "layout:rec1"
    assert "Show location" not in options(PHASES[Phase.NOBODY_JOINED][0])


def test_details_are_in_the_menu_in_every_phase() -> None:
    for phase, (recording, _, _) in PHASES.items():
        assert options(recording)["Show details"] == "details:rec1", phase


# when it is drawn again


def test_polling_alone_does_not_change_the_card() -> None:
    asked = up(queried_at=at(999), tries=4, next_step_at=at(1000), not_found=1, revision=3)

    assert drawn(asked) == drawn(up())


CHANGES: tuple[dict[str, Any], ...] = (
    {"state": State.STOPPING},
    {"first_file_at": None},
    {"stop_by": "U2", "stop_at": at(12)},
    {"stop_reason": Reason.TIME_LIMIT},
    {"ends_at": at(2700)},
    {"unwatched_from": at(1), "unwatched_to": at(2)},
    {"state": State.ENDED, "reason": Reason.IDLE},
    {"state": State.FAILED, "reason": Reason.REJECTED},
    NOT_FOUND,
    {**NOT_FOUND, "found_empty": 1},
    REJECTED,
)


@pytest.mark.parametrize("change", CHANGES)
def test_every_field_that_the_card_shows_is_in_its_content(change: dict[str, Any]) -> None:
    """A field that is missing in `Recording.card_content` would not lead to an edit."""
    before = up()
    after = changed(before, **change)

    assert drawn(after) != drawn(before)
    assert after.card_content != before.card_content


def test_a_confirmation_that_has_run_out_leads_to_an_edit() -> None:
    before = up(found_at=at(-90))
    expired = changed(before, confirmed_until=at(-30), confirmation_expired=True)

    assert expired.card_content != before.card_content


def test_a_layout_leads_to_no_edit_because_the_card_does_not_show_it() -> None:
    chosen = up(chosen_layout=Layout.SPEAKER, layout_by="U2", layout_at=at(20))
    applied = replace(chosen, applied_layout=AppliedLayout(layout=Layout.SPEAKER, big_uid=7))

    assert drawn(applied) == drawn(chosen) == drawn(up())
    assert applied.card_content == chosen.card_content == up().card_content


def test_a_check_without_news_does_not_change_the_card() -> None:
    before = replace(UPLOADING, delivery=None)
    for checks in range(1, 4):
        after = replace(
            before, delivery=Delivery(checks=checks, fingerprint=str(checks), size=checks, missing=("a.ts",) * checks)
        )
        assert drawn(after) == drawn(before)
        assert after.card_content == before.card_content


@pytest.mark.parametrize("delivery", [DENIED, MISSING, a_delivery(), replace(a_delivery(), size=1, media_files=())])
def test_every_result_of_a_check_leads_to_an_edit(delivery: Delivery) -> None:
    before = over(files_awaited=True)
    after = replace(before, delivery=delivery)

    assert drawn(after) != drawn(before)
    assert after.card_content != before.card_content


# metadata


def test_metadata_has_exactly_the_documented_fields() -> None:
    everything = over(state=State.FAILED, reason=Reason.LOST)

    assert drawn(everything).metadata == {
        "event_type": "recording_card",
        "event_payload": {
            "recording_id": "rec1",
            "agora_channel": "daily",
            "slack_channel": "C1",
            "state": "failed",
            "reason": "lost",
            "sid": "SID",
            "started_by": "U1",
            "started_at": "2026-06-17T11:42:10.000Z",
            "ended_at": "2026-06-17T11:43:40.000Z",
        },
    }


def test_metadata_leaves_out_fields_without_a_value() -> None:
    assert drawn(a_recording()).metadata["event_payload"] == {
        "recording_id": "rec1",
        "agora_channel": "daily",
        "slack_channel": "C1",
        "state": "starting",
        "started_by": "U1",
    }


def test_metadata_has_times_in_utc() -> None:
    elsewhere = at(10.5).astimezone(timezone(timedelta(hours=5, minutes=30)))
    payload = drawn(up(started_at=elsewhere)).metadata["event_payload"]

    assert payload["started_at"] == "2026-06-17T11:42:10.500Z"


def test_metadata_has_names_unescaped() -> None:
    assert drawn(with_card(agora_channel="<a&b>")).metadata["event_payload"]["agora_channel"] == "<a&b>"


def test_the_text_of_a_notification_reads_as_sentences() -> None:
    text = drawn(over(delivery=a_delivery())).text

    assert ". Press Get the recording." in text


@pytest.mark.parametrize(("most_people", "why"), [(0, "No one joined"), (2, "Everyone left")])
def test_a_recorder_that_ends_by_itself_says_why(most_people: int, why: str) -> None:
    recording = up(
        state=State.INTERRUPTED, not_found=1, found_empty=1, most_people=most_people, status=4, first_file_at=None
    )

    assert f"{why}, finishing up…" in shown(recording)
