"""An alert says the state in its title, then one fact and one next step. It mentions only people who have to act."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from messages.alert_copy import ALERTS, VARIANTS, AlertButton, Mention, anchor_of, code_of
from messages.alerts import alert_message
from messages.blocks import Message, clock, time_of_day, time_range
from messages.buttons import ACKNOWLEDGE_ACTION, AGAIN_ACTION, DETAILS_ACTION
from messages.cards import EXTEND_ACTION, card
from messages.config import MessageConfig
from messages.files import LINKS_ACTION
from recordings.model.alerts import Acknowledgement, AlertKey, AlertKind
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.options import Media, Options
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import Gap, Reported
from tests.fakes.rendered import elements, pressable, words
from tests.fakes.rows import a_delivery, a_lost_segment, an_alert, at, over, up

EVERY = [key for key in ALERTS if key[1] is not None]
CONFIG = MessageConfig(14_400, lambda recording: "bucket/recordings/C1", 1_800)
ADMINS = "<!subteam^S1>"
NOTIFYING = replace(CONFIG, support_contact=ADMINS)
WARNING, ENDED, FAILED = AlertKind.WARNING, AlertKind.ENDED, AlertKind.FAILED


def rendered(recording: Recording | None = None, *, config: MessageConfig = CONFIG, **facts: Any) -> Message:
    """The message of an alert about this recording."""
    how = {name: facts.pop(name) for name in ("direct", "acknowledgement", "resolved_at") if name in facts}
    return alert_message(an_alert(recording or up(), **facts), config, **how)


def warned(recording: Recording, reason: Reason = Reason.NOT_DELIVERED, **facts: Any) -> Message:
    return rendered(recording, kind=WARNING, reason=reason, **facts)


# title, fact, next step


def test_every_kind_and_reason_has_a_title_of_its_own() -> None:
    recording = up(unwatched_from=at(1), unwatched_to=at(90))
    titles = [words(rendered(recording, kind=kind, reason=reason)).splitlines()[0] for kind, reason in EVERY]

    assert len(set(titles)) == len(titles)


def test_every_title_is_an_emoji_and_one_bold_sentence_about_the_call_or_the_channel() -> None:
    for kind, reason in EVERY:
        title = words(rendered(kind=kind, reason=reason)).splitlines()[0]
        emoji, sentence = title.split(" ", 1)

        assert not emoji.isascii(), title
        assert re.fullmatch(r"\*[^*]+\*", sentence), title
        assert ("daily" in title) is ("{call}" in ALERTS[kind, reason].title), title


def test_a_name_that_slack_would_format_is_shown_as_it_is() -> None:
    message = warned(up(agora_channel="a_b_ *c*"))

    assert "`a_b_ *c*` isn't saved yet" in words(message)
    assert "a_b_ *c* isn't saved yet" in message.text


def test_the_text_for_notifications_has_the_title_the_fact_and_the_next_step() -> None:
    text = warned(up(people_count=2), Reason.NOTHING_STORED).text

    assert text.startswith("⚠️ Nothing recorded from daily yet. 2 people are there")
    assert "Turn on a mic or camera." in text


def test_the_text_for_notifications_reads_well_aloud() -> None:
    gone = rendered(over(state=State.FAILED, reason=Reason.LOST)).text
    files = ready(over(delivery=a_delivery(), lost_segments=(a_lost_segment(),))).text

    assert gone.endswith("Still talking? To record again, type `/record start daily`.")
    assert "800 MB. 2 min 20 s are missing" in files
    assert "*" not in warned(up(ends_at=at(900)), Reason.ENDING_SOON).text


def test_every_alert_shows_its_code_and_the_id_of_the_recording_in_small_print() -> None:
    for kind, reason in EVERY:
        *_, small_print = rendered(kind=kind, reason=reason).blocks

        assert small_print["type"] == "context"
        assert small_print["elements"][0]["text"].startswith(f"`{kind} · {reason}` · `rec1`"), (kind, reason)


def test_the_code_is_a_link_if_there_is_a_runbook() -> None:
    config = replace(CONFIG, runbook_url="https://wiki.example/runbook?a=1&b=2")
    small_print = warned(over(), config=config).blocks[-1]["elements"][0]["text"]

    link = "https://wiki.example/runbook?a=1&amp;b=2#recording_warning-not_delivered"
    assert f"<{link}|recording_warning · not_delivered>" in small_print


@pytest.mark.parametrize(
    ("kind", "reason", "code", "anchor"),
    [
        (WARNING, Reason.LOST, "recording_warning · lost", "recording_warning-lost"),
        (FAILED, Reason.LOST, "recording_failed · lost", "recording_failed-lost"),
        (AlertKind.FILES, Reason.STOPPED, "recording_files · stopped", "recording_files"),
    ],
)
def test_codes_and_anchors_of_alerts_are_stable(kind: AlertKind, reason: Reason, code: str, anchor: str) -> None:
    assert (code_of(kind, reason), anchor_of(kind, reason)) == (code, anchor)


def test_an_alert_about_the_whole_channel_names_no_recording() -> None:
    about_channel = {Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED, Reason.UNWATCHED}
    for kind, reason in EVERY:
        message = rendered(up(agora_channel="weekly"), kind=kind, reason=reason)
        many = kind in (WARNING, AlertKind.RECOVERED) and reason in about_channel

        assert ("weekly" in words(message)) is not many, (kind, reason)
        assert ("weekly" in message.text) is not many, (kind, reason)


def test_metadata_has_the_kind_the_reason_and_the_state_when_the_alert_was_raised() -> None:
    metadata = warned(up(), Reason.NOTHING_STORED).metadata

    assert metadata["event_type"] == "recording_warning"
    payload = metadata["event_payload"]
    assert (payload["reason"], payload["state"], payload["sid"]) == ("nothing_stored", "recording", "SID")


def test_a_reason_that_has_no_text_for_its_kind_still_makes_a_message() -> None:
    for kind in set(AlertKind) - {AlertKind.FILES}:
        message = rendered(kind=kind, reason=Reason.UNDELIVERABLE)

        assert "daily" in message.text
        assert f"{kind} · undeliverable" in words(message)


# who is mentioned


def test_a_message_mentions_somebody_only_if_they_have_to_act() -> None:
    for key in EVERY:
        message = words(rendered(kind=key[0], reason=key[1], config=NOTIFYING))
        mention = ALERTS[key].mention

        assert (ADMINS in message) is (mention is Mention.SUPPORT), key
        assert ("<@U1>" in message) is (mention is Mention.STARTER or (key[0] is FAILED)), key


def test_in_a_direct_message_with_the_bot_nobody_is_mentioned_to_themselves() -> None:
    assert "cc <@U1>" in words(warned(up(), Reason.SILENT))
    assert "<@U1>" not in words(warned(up(slack_channel="D1"), Reason.SILENT))


def test_nobody_is_mentioned_where_there_is_nothing_to_do() -> None:
    nothing_to_do = [key for key, texts in ALERTS.items() if "Nothing to do" in texts.next_step]

    assert {(WARNING, Reason.LOST), (WARNING, Reason.UNWATCHED)} == set(nothing_to_do)
    for kind, reason in [*nothing_to_do, *(key for key in EVERY if key[0] in (AlertKind.RECOVERED, ENDED))]:
        message = rendered(kind=kind, reason=reason, config=NOTIFYING)
        assert not re.search(r"<[@!](?!date)", words(message)), (kind, reason)
        assert ACKNOWLEDGE_ACTION not in pressable(message), (kind, reason)


def test_without_a_support_contact_that_slack_notifies_the_starter_passes_it_on() -> None:
    message = words(warned(over(), Reason.UPLOAD_FAILING))

    assert "Ask your recording admin to run `/record doctor`." in message
    assert "cc <@U1>" in message
    assert f"{ADMINS}: run `/record doctor`." in words(warned(over(), Reason.UPLOAD_FAILING, config=NOTIFYING))
    assert "<@U1>" not in words(warned(over(), Reason.UPLOAD_FAILING, config=NOTIFYING))


def test_a_support_contact_who_does_not_have_to_act_yet_is_not_notified() -> None:
    assert "tell your recording admin" in words(warned(up(), Reason.NOTHING_STORED, config=NOTIFYING))
    in_channel = replace(CONFIG, support_contact="<#C9>")
    assert "tell <#C9>" in words(warned(up(), Reason.NOTHING_STORED, config=in_channel))


# direct messages


def test_a_direct_message_says_why_it_is_one_and_mentions_nobody_with_cc() -> None:
    message = rendered(direct=True)

    assert "I can't post in <#C1>, so I'm telling you here." in words(message)
    assert "cc" not in words(message)


def test_a_direct_message_has_no_buttons() -> None:
    for kind, reason in [*EVERY, (AlertKind.FILES, None)]:
        message = rendered(over(delivery=a_delivery()), kind=kind, reason=reason, direct=True)
        assert pressable(message) == [], (kind, reason)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("daily", "daily"),
        ("team call", '"team call"'),
        ("#daily", '"#daily"'),
        ("a<b", "a&lt;b"),
        (":x:", '":x:"'),
        ("for", '"for"'),
        ("Until", '"Until"'),
    ],
)
def test_a_failure_has_the_command_to_start_again(name: str, typed: str) -> None:
    assert f"type `/record start {typed}`" in rendered(up(agora_channel=name)).text
    assert f"type `/record start {typed}`" in words(rendered(up(agora_channel=name), direct=True))


def test_agoras_own_words_are_shown_where_they_decide_what_to_do_or_there_is_no_button_for_them() -> None:
    failed = over(detail="504/62 <busy>")

    assert "504/62 &lt;busy&gt;" in words(rendered(failed, reason=Reason.REJECTED))
    assert "504/62 &lt;busy&gt;" in words(rendered(failed, direct=True))
    assert "504/62" not in words(rendered(failed))
    assert "504/62" not in words(warned(failed, Reason.NOTHING_STORED))


# the buttons


def test_every_alert_has_the_buttons_for_what_can_be_done() -> None:
    actions = {
        AlertButton.TRY_AGAIN: AGAIN_ACTION,
        AlertButton.RECORD_AGAIN: AGAIN_ACTION,
        AlertButton.ADD_TIME: EXTEND_ACTION,
        AlertButton.GET_RECORDING: LINKS_ACTION,
        AlertButton.ACKNOWLEDGE: ACKNOWLEDGE_ACTION,
        AlertButton.DETAILS: DETAILS_ACTION,
    }
    for (kind, reason), texts in ALERTS.items():
        message = rendered(over(delivery=a_delivery()), kind=kind, reason=reason)
        assert pressable(message) == [actions[button] for button in texts.buttons], (kind, reason)


def test_a_failure_offers_the_next_try_and_an_end_of_a_call_that_may_go_on_another_recording() -> None:
    def first(kind: AlertKind, reason: Reason) -> str:
        return str(elements(rendered(kind=kind, reason=reason))[0]["text"]["text"])

    assert first(FAILED, Reason.UNAVAILABLE) == "Try again"
    assert first(FAILED, Reason.LOST) == "Record again"
    assert first(ENDED, Reason.TIME_LIMIT) == "Record again"
    assert first(FAILED, Reason.UNAUTHORIZED) == "I'm on it", "another try does not help"


def test_buttons_tell_screen_readers_what_they_are_about() -> None:
    labels = [element["accessibility_label"] for element in elements(rendered(up(agora_channel="x" * 64)))]

    assert labels[0].startswith("Record again: xxx")
    assert all(len(label) <= 75 for label in labels)


def test_the_acknowledge_button_has_the_key_of_its_alert() -> None:
    alert = an_alert(up(), cause="T-1|silent", kind=WARNING, reason=Reason.SILENT)
    (value,) = [e["value"] for e in elements(alert_message(alert, CONFIG)) if e["action_id"] == ACKNOWLEDGE_ACTION]

    assert AlertKey.read(value) == AlertKey("rec1", WARNING, "T-1|silent") == AlertKey.of(alert)


@pytest.mark.parametrize("value", ["", "rec1", "rec1|recording_failed", "rec1|nothing|lost", "||"])
def test_an_invalid_alert_key_is_rejected(value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AlertKey.read(value)


def test_an_acknowledged_alert_shows_by_whom_in_place_of_the_button() -> None:
    message = rendered(acknowledgement=Acknowledgement("U7", at(90)))

    assert f"🙋 <@U7> is on it ({time_of_day(at(90))})" in words(message)
    assert pressable(message) == [AGAIN_ACTION, DETAILS_ACTION]
    assert message.metadata == rendered().metadata


# resolved


def test_a_resolved_warning_says_since_when_and_asks_nobody_for_anything() -> None:
    message = warned(up(), Reason.UPLOAD_FAILING, config=NOTIFYING, resolved_at=at(60))

    assert "Saving daily is failing" in words(message)
    assert f"✅ Resolved at {time_of_day(at(60))}" in words(message)
    assert "Resolved at" in message.text
    assert pressable(message) == []
    assert not re.search(r"<[@!](?!date)", words(message) + message.text)
    assert message.metadata == warned(up(), Reason.UPLOAD_FAILING).metadata


def test_a_resolved_warning_keeps_who_acknowledged_it() -> None:
    message = warned(up(), Reason.SILENT, resolved_at=at(60), acknowledgement=Acknowledgement("U7", at(30)))

    assert "<@U7> is on it" in words(message)
    assert "Resolved at" in words(message)


# failures


@pytest.mark.parametrize("reason", [Reason.OVERLOADED, Reason.UNAVAILABLE, Reason.NEVER_STARTED])
def test_a_failed_resume_says_when_the_recorder_disappeared_and_why_no_other_came(reason: Reason) -> None:
    failed = over(state=State.FAILED, reason=reason, lost_segments=(a_lost_segment(resumed_at=None),))
    failed = replace(failed, files_awaited=True)
    message = rendered(failed, reason=reason)

    for part in (f"disappeared at {time_of_day(at(30))}", "no new one could join", "until then is being saved"):
        assert part in words(message)
        assert part in message.text
    title = words(rendered(up(started_at=None), reason=reason)).splitlines()[0]
    assert words(message).splitlines()[0] == title


def test_a_failure_after_a_resume_is_reported_like_any_other() -> None:
    failed = over(state=State.FAILED, reason=Reason.CRASHED, lost_segments=(a_lost_segment(),))

    assert "no new one" not in words(rendered(failed, reason=Reason.CRASHED))


def test_a_recorder_that_is_gone_says_since_when_nothing_is_recorded() -> None:
    lost = over(state=State.FAILED, reason=Reason.LOST, found_at=at(40), files_awaited=True)

    assert f"Nothing has been recorded since {time_of_day(at(40))}." in words(rendered(lost))
    assert "is being saved" in words(rendered(lost))
    crashed = rendered(replace(lost, files_awaited=False), reason=Reason.CRASHED)
    assert f"since {time_of_day(at(100))}" in words(crashed)
    assert "is being saved" not in words(crashed), "there are no files"


def test_a_recorder_that_crashed_before_it_was_up_recorded_nothing() -> None:
    assert "Nothing was recorded." in words(rendered(up(started_at=None), reason=Reason.CRASHED))


# warnings


def test_the_warning_before_the_end_shows_the_end_and_the_button_that_moves_it() -> None:
    alert = an_alert(up(ends_at=at(2700)), kind=WARNING, reason=Reason.ENDING_SOON)
    message = alert_message(alert, replace(CONFIG, extension=3600))
    (element,) = elements(message)

    assert f"It stops at {time_of_day(at(2700))}" in words(message)
    assert "Press *Add 1 h*" in words(message)
    assert (element["action_id"], element["value"]) == (EXTEND_ACTION, "rec1")


def test_a_warning_before_an_end_that_cannot_be_moved_offers_no_time() -> None:
    message = alert_message(an_alert(up(ends_at=at(99_999)), kind=WARNING, reason=Reason.ENDING_SOON), CONFIG)

    assert elements(message) == []
    assert "It can't run longer." in words(message)
    assert "Add 30 min" not in message.text + words(message)


def test_a_direct_message_names_no_button_of_its_own() -> None:
    ending = an_alert(up(ends_at=at(2700)), kind=WARNING, reason=Reason.ENDING_SOON)
    unreadable = an_alert(up(unreadable_answer="status 99"), kind=WARNING, reason=Reason.AGORA_UNREACHABLE)

    assert "Press *Add 30 min* on its card." in words(alert_message(ending, CONFIG, direct=True))
    assert "look at *Show details* on its card" in words(alert_message(unreadable, CONFIG, direct=True))


def test_without_media_the_end_does_not_say_whose_fault_it_is() -> None:
    silent = over(reason=Reason.NO_MEDIA)

    assert "No audio or video arrived." in words(rendered(silent, kind=ENDED, reason=Reason.NO_MEDIA))
    audio = replace(silent, options=Options(media=Media.AUDIO))
    assert "No audio arrived." in words(rendered(audio, kind=ENDED, reason=Reason.NO_MEDIA))


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.CRASHED, Reason.LEFT])
def test_the_alert_and_the_card_say_the_same_end_of_a_recording_that_broke_off(reason: Reason) -> None:
    failed = over(state=State.FAILED, reason=reason, found_at=at(40), ended_at=at(400))
    (said,) = re.findall(r"recorded since (<!date[^>]*>)", words(rendered(failed, reason=reason)))

    assert f"stopped at {said}" in words(card(failed, CONFIG, at(500)))


def test_a_new_recorder_is_reported_with_the_gap_without_a_mention_or_a_button() -> None:
    message = warned(up(lost_segments=(a_lost_segment(),)), Reason.LOST)

    assert "A new recorder took over daily" in words(message)
    assert f"2 min 20 s are missing ({clock(at(30))}\u2013{clock(at(170))})." in words(message)
    assert "Nothing to do." in words(message)
    assert "<@" not in words(message)
    assert pressable(message) == []


@pytest.mark.parametrize(("seconds", "said"), [(7, "7 seconds are missing"), (1, "1 second is missing")])
def test_a_short_gap_is_said_in_seconds(seconds: int, said: str) -> None:
    segment = a_lost_segment(left_at=at(160), resumed_at=at(160 + seconds))

    assert said in words(warned(up(lost_segments=(segment,)), Reason.LOST))


def test_without_a_gap_the_message_about_a_new_recorder_says_so() -> None:
    row = up(lost_segments=(a_lost_segment(left_at=at(180)),))

    assert "Nothing should be missing." in words(warned(row, Reason.LOST))


def test_a_gap_that_agora_reported_replaces_the_estimated_one() -> None:
    gaps = (Gap(begun_at=at(12), ended_at=at(14)), Gap(begun_at=at(44), ended_at=at(168)))
    row = up(lost_segments=(a_lost_segment(),), reported=Reported(gaps=gaps))
    shown = words(warned(row, Reason.LOST))

    assert shown.count("missing") == 1
    assert f"missing ({clock(at(44))}\u2013{clock(at(168))})" in shown


@pytest.mark.parametrize(("count", "said"), [(1, "1 person is there"), (3, "3 people are there"), (None, "People are")])
def test_nothing_stored_says_who_is_there(count: int | None, said: str) -> None:
    assert said in words(warned(up(people_count=count), Reason.NOTHING_STORED))


def test_only_a_recording_with_video_still_records_video_while_no_one_is_heard() -> None:
    assert "Video is still recorded." in words(warned(up(), Reason.SILENT))
    assert "Video" not in words(warned(up(options=Options(media=Media.AUDIO)), Reason.SILENT))


def test_an_unreachable_agora_is_reported_with_the_time_of_its_last_answer() -> None:
    message = warned(up(unanswered_since=at(40)), Reason.AGORA_UNREACHABLE)

    assert f"Can't reach Agora since {time_of_day(at(40))}" in words(message)
    assert "probably continue" in words(message)
    assert f"Can't reach Agora since {time_of_day(at(40))}" in message.text


def test_an_answer_that_cannot_be_read_is_no_outage() -> None:
    message = warned(up(unanswered_since=at(40), unreadable_answer="status 99"), Reason.AGORA_UNREACHABLE)

    assert "Can't tell how daily is" in words(message)
    assert "`recording_warning · agora_unreachable`" in words(message)
    assert "status 99" not in words(message), "Details has it"


def test_a_downtime_is_reported_with_both_ends() -> None:
    message = warned(up(unwatched_from=at(60), unwatched_to=at(120)), Reason.UNWATCHED)

    assert f"I was offline from {time_of_day(at(60))} to {time_of_day(at(120))}" in words(message)
    short = warned(up(unwatched_from=at(60), unwatched_to=at(70)), Reason.UNWATCHED)
    assert f"I was offline at {time_of_day(at(60))}*" in words(short)


def test_the_texts_for_special_cases_have_the_code_of_their_reason() -> None:
    assert set(VARIANTS) <= set(ALERTS)
    nobody = up(most_people=0, first_file_at=None, status=4, state=State.ENDED, reason=Reason.IDLE)
    message = rendered(nobody, kind=ENDED, reason=Reason.IDLE)

    assert "No one joined daily, so nothing was recorded" in words(message)
    assert "`recording_ended · idle`" in words(message)
    assert "everyone left" in words(rendered(up(most_people=2), kind=ENDED, reason=Reason.IDLE))


# the files

MISSING = Delivery(state=DeliveryState.MISSING, missing=("SID_daily_0.mp4",), size=9000)


def ready(recording: Recording, **how: Any) -> Message:
    return rendered(recording, kind=AlertKind.FILES, reason=None, **how)


def test_missing_files_are_reported_with_the_end_of_the_call_and_without_their_names() -> None:
    shown = words(warned(over(delivery=MISSING, files_awaited=True)))

    assert f"The call ended at {time_of_day(at(100))} and some of its files haven't arrived." in shown
    assert "SID_daily" not in shown
    assert "bucket/recordings" not in shown
    nothing = over(delivery=replace(MISSING, size=0), files_awaited=True)
    assert "and the file hasn't arrived." in words(warned(nothing))


def test_the_alert_promises_further_checks_only_while_there_are_some() -> None:
    looking = over(delivery=MISSING, files_awaited=True)

    assert "I'll keep checking for a day" in words(warned(looking))
    assert "keep checking" not in words(warned(replace(looking, files_awaited=False))), "Agora's backup is over"
    refused = over(delivery=Delivery(state=DeliveryState.MISSING, code="NoSuchBucket"))
    assert "keep checking" not in words(warned(refused)), "nothing will come"
    assert "The storage refuses our key or our bucket" in words(warned(refused))


def test_an_empty_file_is_reported_as_empty() -> None:
    media_file = MediaFile(key="a_0.mp4", size=112)
    tiny = Delivery(state=DeliveryState.MISSING, media_files=(media_file,), empty=("a_0.mp4",), size=112)

    assert "some of its files are empty" in words(warned(over(delivery=tiny)))


def test_the_message_about_files_has_the_length_the_span_the_size_and_a_button() -> None:
    message = ready(over(delivery=a_delivery(800_000_000, 400_000_000)))

    assert "*daily is ready* · 1 h 5 min" in words(message)
    assert f"{time_range(at(10), at(100))} · 2 files, 1.2 GB" in words(message)
    assert "daily is ready · 1 h 5 min." in message.text
    assert "Get the recording" in message.text, "the next step, for clients that show no buttons"
    assert pressable(message) == [LINKS_ACTION]
    assert "<@" not in words(message), "nobody has to act"


def test_an_ending_gives_one_message_that_says_why_and_one_that_gives_the_files() -> None:
    row = over(reason=Reason.TIME_LIMIT, delivery=a_delivery(), files_awaited=True)
    why, files = words(rendered(row, kind=ENDED, reason=Reason.TIME_LIMIT)), words(ready(row))

    assert "time limit" in why
    assert "The file follows" in why
    assert "MB" not in why
    assert "time limit" not in files
    assert "stopped recording" not in files
    assert not set(why.splitlines()[:2]) & set(files.splitlines())


def test_files_that_arrive_after_a_warning_come_with_the_message_that_ends_it() -> None:
    message = rendered(over(delivery=a_delivery()), kind=AlertKind.RECOVERED, reason=Reason.NOT_DELIVERED)

    assert "The missing files of daily arrived" in words(message)
    assert "1 file, 800 MB" in words(message)
    assert pressable(message) == [LINKS_ACTION]


def test_the_files_of_a_failed_recording_say_where_it_breaks_off() -> None:
    failed = over(state=State.FAILED, reason=Reason.LOST, delivery=a_delivery())

    assert f"It breaks off at {time_of_day(at(100))}." in words(ready(failed))


def test_without_an_mp4_file_there_is_no_button() -> None:
    message = ready(over(delivery=replace(a_delivery(), media_files=())))

    assert pressable(message) == [DETAILS_ACTION]
    assert "daily is saved, without a file to open" in words(message)


def test_what_is_in_no_file_is_stated_without_notifying_anybody() -> None:
    partial = a_delivery(playlists=("folder/FIRST_daily.m3u8", "folder/SID_daily.m3u8"))
    message = ready(over(delivery=partial), config=NOTIFYING)

    assert "in the file" in words(message)
    assert "your recording admin can recover" in words(message)
    assert ADMINS not in words(message)
    assert "in the file" not in words(ready(over(delivery=a_delivery())))


def test_a_direct_message_about_files_has_no_button_because_links_are_for_members() -> None:
    message = ready(over(delivery=a_delivery()), direct=True)

    assert pressable(message) == []
    assert "can't post in <#C1>" in words(message)
    assert "Get the recording" not in message.text


@pytest.mark.parametrize("row", [over(), over(state=State.FAILED, reason=Reason.LOST)])
def test_metadata_of_the_message_about_files_says_how_the_recording_ended(row: Recording) -> None:
    metadata = ready(replace(row, delivery=a_delivery())).metadata

    assert metadata["event_type"] == "recording_files"
    assert metadata["event_payload"]["state"] == str(row.state)
    assert metadata["event_payload"]["reason"] == str(row.reason)


def test_the_message_about_files_names_the_gaps() -> None:
    resumed = over(lost_segments=(a_lost_segment(),), delivery=a_delivery())
    stopped = over(lost_segments=(a_lost_segment(resumed_at=None),), delivery=a_delivery())

    assert f"2 min 20 s are missing ({clock(at(30))}\u2013{clock(at(170))})" in words(ready(resumed))
    assert f"Nothing was recorded after {time_of_day(at(30))}" in words(ready(stopped))
