"""What people see on the card, and what other programs read from its metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from messages.blocks import clock, date_and_time
from messages.buttons import AGAIN_ACTION
from messages.cards import EXTEND_ACTION, STOP_ACTION, card
from messages.config import MessageConfig
from messages.copy import FAILED
from messages.files import LINKS_ACTION
from messages.layout import LAYOUT_ACTION
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.options import AppliedLayout, Layout, Media, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from tests.fakes.rendered import elements, words
from tests.fakes.rows import NOW, a_delivery, a_lost_segment, a_recording, at, changed, over, up, with_card
from tests.fakes.slack import MESSAGE_CONFIG

REASONS = {State.ENDED: Reason.STOPPED, State.FAILED: Reason.LOST}


def shown(recording: Recording) -> str:
    return words(card(recording, MESSAGE_CONFIG, NOW))


def controls(recording: Recording, config: MessageConfig = MESSAGE_CONFIG) -> list[dict[str, Any]]:
    return elements(card(recording, config, NOW))


def control(recording: Recording, action: str = STOP_ACTION) -> dict[str, Any] | None:
    return next((element for element in controls(recording) if element["action_id"] == action), None)


def actions(recording: Recording) -> list[str]:
    return [element["action_id"] for element in controls(recording)]


def in_every_state() -> Iterator[Recording]:
    return (up(state=state, reason=REASONS.get(state)) for state in State)


def test_the_card_says_that_the_call_is_recorded_who_started_it_since_when_and_until_when() -> None:
    text = shown(up())

    assert "This call is being recorded: everybody in it should know." in text
    assert f"Asked for by <@U1> at {clock(NOW)}" in text
    assert f"Since {clock(at(10))}, until {date_and_time(at(14_410))} at the latest" in text
    assert "Reference `rec1`" in text


@pytest.mark.parametrize(
    ("people_count", "line"),
    [
        (0, f"Nobody was in this Agora channel at {clock(at(4))}: is it the one of your call?"),
        (1, f"1 person in the call at {clock(at(4))}"),
        (12, f"12 people in the call at {clock(at(4))}"),
    ],
)
def test_the_card_shows_who_was_in_the_call_at_the_last_query(people_count: int, line: str) -> None:
    there = {"people_count": people_count, "people_counted_at": at(4)}

    assert line in shown(with_card(**there)).splitlines()
    assert line in shown(up(**there, first_file_at=None)).splitlines()
    assert line not in shown(up(**there, stop_at=NOW, stop_by="U2"))
    assert line not in shown(over(**there))


def test_the_card_asks_about_the_right_channel_only_if_nothing_was_stored() -> None:
    before = up(people_count=0, people_counted_at=at(4))
    after = up(state=State.INTERRUPTED, people_count=0, people_counted_at=at(40))
    second = up(lost_segments=(a_lost_segment(),), first_file_at=None, people_count=0, people_counted_at=at(200))

    assert "Nobody" not in shown(before), "somebody came after that, or there would be no file"
    assert f"Nobody was in the call at {clock(at(40))}" in shown(after).splitlines()
    assert f"Nobody was in the call at {clock(at(200))}" in shown(second).splitlines()


def test_a_chosen_end_is_shown_from_the_beginning() -> None:
    asked = with_card(ends_at=at(2700))

    assert f"Until {date_and_time(at(2700))} at the latest" in shown(asked)
    assert f"Since {clock(at(10))}, until {date_and_time(at(2700))} at the latest" in shown(up(ends_at=at(2700)))
    assert "at the latest" not in shown(with_card())


def test_the_card_shows_who_extended_the_recording_last() -> None:
    extended = up(ends_at=at(4500), extended_by="U2")

    assert f"Extended to {date_and_time(at(4500))} by <@U2>" in shown(extended)
    assert "Extended" not in shown(up(ends_at=at(4500)))
    assert "Extended" not in shown(changed(extended, stop_by="U3", stop_at=at(50)))
    assert "Extended" not in shown(over(ends_at=at(4500), extended_by="U2"))


def test_a_recording_that_is_up_can_be_extended_until_somebody_stops_it() -> None:
    for recording in in_every_state():
        extend = control(recording, EXTEND_ACTION)

        assert (extend is not None) is (recording.state in (State.RECORDING, State.INTERRUPTED)), recording.state
        if extend is not None:
            assert (extend["value"], extend["text"]["text"], "confirm" in extend) == ("rec1", "Extend 30 min", False)
    assert EXTEND_ACTION not in actions(up(stop_at=at(50), stop_by="U2"))


@pytest.mark.parametrize(
    ("seconds", "label"), [(1800, "30 min"), (3600, "1 h"), (5400, "1 h 30 min"), (6, "6 s"), (0.2, "0.2 s")]
)
def test_the_extend_button_says_by_how_much(seconds: float, label: str) -> None:
    shown_controls = controls(up(), replace(MESSAGE_CONFIG, extension=seconds))

    labels = [element["text"]["text"] for element in shown_controls if element["type"] == "button"]
    assert labels == ["Stop", f"Extend {label}"]


def test_times_are_in_the_zone_of_the_reader_with_utc_as_the_fallback() -> None:
    assert clock(NOW) == "<!date^1781696520^{time_secs}|11:42:00 UTC>"


def test_the_card_says_recording_only_once_the_first_file_is_stored() -> None:
    waiting, storing = shown(up(first_file_at=None)), shown(up(first_file_at=at(20)))

    assert "nothing stored yet" in waiting
    assert "First file" not in waiting
    assert "*Recording*" in storing
    assert f"First file stored at {clock(at(20))}" in storing


def test_a_recording_that_can_be_stopped_has_a_stop_button_with_a_confirmation() -> None:
    for recording in in_every_state():
        stop = control(recording)

        assert (stop is not None) is (recording.state in HOLDS_CHANNEL), recording.state
        if stop is not None:
            assert stop["value"] == "rec1"
            assert "daily" in stop["confirm"]["text"]["text"]


def test_after_a_request_to_stop_the_button_is_gone_and_the_card_says_who() -> None:
    asked = up(stop_by="U2", stop_at=at(50))

    assert control(asked) is None
    assert f"Stop asked for by <@U2> at {clock(at(50))}" in shown(asked)


def test_at_the_end_the_card_says_who_stopped_it_and_how_long_it_was() -> None:
    ended = over(started_at=at(10), ended_at=at(3675))
    text = shown(ended)

    assert f"Stopped by <@U2> at {clock(at(90))}" in text
    assert f"From {clock(at(10))} to {clock(at(3675))} (1 h 01 min)" in text


def test_an_end_without_a_request_says_why() -> None:
    assert "nobody was left in the call" in shown(over(reason=Reason.IDLE, stop_by=None, stop_at=None))


def test_an_end_without_media_says_so_and_who_stopped_it() -> None:
    text = shown(over(reason=Reason.NO_MEDIA))

    assert "nothing recorded" in text
    assert "Stopped by <@U2>" in text


def test_a_failure_says_what_happened_with_agoras_own_words() -> None:
    text = shown(over(state=State.FAILED, reason=Reason.REJECTED, detail="400/2 invalid <parameter>"))

    assert "Agora refused to record it." in text
    assert "400/2 invalid &lt;parameter&gt;" in text


def test_a_span_without_polling_is_shown() -> None:
    text = shown(up(unwatched_from=at(60), unwatched_to=at(400)))

    assert f"away from {clock(at(60))} to {clock(at(400))}" in text


def test_polling_alone_does_not_change_the_card() -> None:
    asked = up(queried_at=at(999), tries=4, next_step_at=at(1000), not_found=1, revision=3)

    assert card(asked, MESSAGE_CONFIG, NOW) == card(up(), MESSAGE_CONFIG, NOW)


def test_every_field_that_the_card_shows_is_in_visible() -> None:
    """A field that is missing in `Recording.card_content` would not lead to an edit."""
    before = up()
    for change in (
        {"state": State.STOPPING},
        {"first_file_at": None},
        {"started_at": at(11)},
        {"ended_at": at(12)},
        {"stop_by": "U2", "stop_at": at(12)},
        {"stop_reason": Reason.TIME_LIMIT},
        {"ends_at": at(2700)},
        {"ends_at": at(2700), "extended_by": "U2"},
        {"unwatched_from": at(1), "unwatched_to": at(2)},
        {"state": State.ENDED, "reason": Reason.IDLE},
        {"state": State.FAILED, "reason": Reason.REJECTED, "detail": "x"},
        {"state": State.ENDED, "reason": Reason.IDLE, "files": ("a.mp4",)},
    ):
        after = changed(before, **change)
        assert card(after, MESSAGE_CONFIG, NOW) != card(before, MESSAGE_CONFIG, NOW), change
        assert after.card_content != before.card_content, change


def test_the_number_of_people_leads_to_an_edit_only_while_the_channel_may_be_wrong() -> None:
    there = {"people_count": 2, "people_counted_at": at(4)}

    assert up(first_file_at=None, **there).card_content != up(first_file_at=None).card_content
    assert up(**there).card_content == up().card_content, "Slack allows few edits: the next one shows it"
    assert a_recording(**there).card_content == a_recording().card_content, "the card is edited in a moment anyway"


def test_a_recording_that_is_over_can_be_recorded_again_without_a_confirmation() -> None:
    for recording in in_every_state():
        again = control(recording, AGAIN_ACTION)

        assert (again is not None) is (recording.state in (State.ENDED, State.FAILED)), recording.state
        assert again is None or (again["value"], "confirm" in again) == ("rec1", False)


def test_the_card_has_only_the_buttons_that_work_now() -> None:
    assert actions(a_recording()) == [STOP_ACTION, LAYOUT_ACTION]
    assert actions(up()) == [STOP_ACTION, EXTEND_ACTION, LAYOUT_ACTION]
    assert actions(up(options=Options(media=Media.AUDIO))) == [STOP_ACTION, EXTEND_ACTION]
    assert actions(up(state=State.UPLOADING, files_awaited=True)) == []
    assert actions(over()) == [AGAIN_ACTION]
    assert actions(over(delivery=a_delivery())) == [LINKS_ACTION, AGAIN_ACTION]


CHOICE = {"chosen_layout": Layout.SPEAKER, "layout_by": "U2", "layout_at": at(20)}
OPTIONS: dict[str, tuple[Recording, str]] = {
    "sound only": (up(options=Options(media=Media.AUDIO)), "Audio only"),
    "large": (up(options=Options(resolution=Resolution.P1080)), "1080p"),
    "from the command": (up(options=Options(layout=Layout.FLOATING)), "Layout: floating"),
    "chosen": (
        up(**CHOICE, applied_layout=AppliedLayout(layout=Layout.SPEAKER, big_uid=7)),
        "Layout: speaker, chosen by <@U2> (user 7",
    ),
    "chosen, and nobody there": (up(**CHOICE), "Layout: speaker, chosen by <@U2>, once somebody is in the call"),
    "refused": (
        up(**CHOICE, applied_layout=AppliedLayout(refused_at=at(20))),
        "Layout: grid. Agora refused speaker, which <@U2> chose",
    ),
    "chosen back": (up(**(CHOICE | {"chosen_layout": Layout.GRID})), "Layout: grid, chosen by <@U2>"),
    "over": (
        over(**CHOICE, applied_layout=AppliedLayout(layout=Layout.SPEAKER, big_uid=7)),
        "Layout: speaker, chosen by <@U2>",
    ),
    "both": (up(options=Options(layout=Layout.FLOATING, resolution=Resolution.P360)), "360p \u00b7 Layout: floating"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_that_differ_from_the_default_are_shown(name: str) -> None:
    recording, line = OPTIONS[name]

    assert line in shown(recording)
    assert "Layout" not in shown(up())


def test_the_menu_shows_the_layout_and_has_a_new_block_id_after_each_choice() -> None:
    before, after = up(), up(**CHOICE)
    menus = [control(recording, LAYOUT_ACTION) or {} for recording in (before, after)]
    ids = [
        block["block_id"]
        for row in (before, after)
        for block in card(row, MESSAGE_CONFIG, NOW).blocks
        if "block_id" in block
    ]

    assert [menu["initial_option"]["value"] for menu in menus] == ["grid:rec1", "speaker:rec1"]
    assert [option["value"] for option in menus[0]["options"]] == ["floating:rec1", "grid:rec1", "speaker:rec1"]
    assert len(set(ids)) == 2


def test_details_are_in_the_overflow_menu_in_every_state() -> None:
    for recording in in_every_state():
        menu = card(recording, MESSAGE_CONFIG, NOW).blocks[0]["accessory"]
        options = [(option["text"]["text"], option["value"]) for option in menu["options"]]

        assert (menu["type"], menu["action_id"]) == ("overflow", "more"), recording.state
        assert options == [("Details", "details:rec1")], recording.state


# the files

UPLOADING = over(state=State.UPLOADING, reason=None, files_awaited=True)
DENIED = Delivery(state=DeliveryState.UNVERIFIED, code="AccessDenied")
MISSING = Delivery(state=DeliveryState.MISSING, missing=("SID_daily_0.mp4",))
TITLES: dict[str, tuple[Recording, str]] = {
    "looked for": (UPLOADING, "⏫ *Stopped, files are being uploaded*"),
    "in the backup": (
        replace(UPLOADING, delivery=Delivery(state=DeliveryState.IN_BACKUP)),
        "⏫ *Stopped, files are being",
    ),
    "ready": (over(delivery=a_delivery()), "✅ *Finished*"),
    "not verified": (over(delivery=DENIED), "✅ *Stopped; not verified*"),
    "missing": (over(delivery=MISSING), "⚠️ *Finished, but its files are missing*"),
    "missing and looked for": (over(delivery=MISSING, files_awaited=True), "⚠️ *Finished, but its files are missing*"),
    "idle and missing": (over(delivery=MISSING, reason=Reason.IDLE), "⚠️ *Finished, but its files are missing*"),
    "failed and missing": (over(state=State.FAILED, reason=Reason.LOST, delivery=MISSING), "❌ *Failed*"),
    "failed and ready": (over(state=State.FAILED, reason=Reason.LOST, delivery=a_delivery()), "❌ *Failed*"),
    "nothing recorded": (over(reason=Reason.NO_MEDIA), "⚠️ *Finished, but nothing was recorded*"),
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_says_whether_the_files_are_there(name: str) -> None:
    recording, title = TITLES[name]

    assert shown(recording).startswith(title)
    assert card(recording, MESSAGE_CONFIG, NOW).text.startswith(title.replace("*", ""))


def test_a_recording_that_is_ready_has_its_files_on_the_card_and_a_button() -> None:
    ready = over(delivery=a_delivery())
    links = control(ready, LINKS_ACTION)

    assert "1 MP4 file, 1 h 05 min, 800 MB" in shown(ready)
    assert links is not None
    assert (links["action_id"], links["value"]) == (LINKS_ACTION, "rec1")


@pytest.mark.parametrize("delivery", [None, Delivery(), DENIED, MISSING, replace(a_delivery(), media_files=())])
def test_without_an_mp4_file_there_is_no_button(delivery: Delivery | None) -> None:
    assert control(over(delivery=delivery), LINKS_ACTION) is None


def test_a_check_without_news_does_not_change_the_card() -> None:
    before = replace(UPLOADING, delivery=None)
    for checks in range(1, 4):
        after = replace(
            before, delivery=Delivery(checks=checks, fingerprint=str(checks), size=checks, missing=("a.ts",) * checks)
        )
        assert card(after, MESSAGE_CONFIG, NOW) == card(before, MESSAGE_CONFIG, NOW)
        assert after.card_content == before.card_content


@pytest.mark.parametrize(
    "change",
    [
        {"delivery": Delivery(state=DeliveryState.IN_BACKUP)},
        {"delivery": DENIED},
        {"delivery": MISSING},
        {"delivery": replace(MISSING, missing=("other.ts",))},
        {"delivery": a_delivery()},
    ],
)
def test_every_field_of_the_files_that_the_card_shows_is_in_visible(change: dict[str, Any]) -> None:
    after = replace(UPLOADING, **change)

    assert card(after, MESSAGE_CONFIG, NOW) != card(UPLOADING, MESSAGE_CONFIG, NOW)
    assert after.card_content != UPLOADING.card_content


# metadata


def test_metadata_has_exactly_the_documented_fields() -> None:
    everything = over(state=State.FAILED, reason=Reason.LOST)

    assert card(everything, MESSAGE_CONFIG, NOW).metadata == {
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
    assert card(a_recording(), MESSAGE_CONFIG, NOW).metadata["event_payload"] == {
        "recording_id": "rec1",
        "agora_channel": "daily",
        "slack_channel": "C1",
        "state": "starting",
        "started_by": "U1",
    }


def test_metadata_has_times_in_utc() -> None:
    elsewhere = at(10.5).astimezone(timezone(timedelta(hours=5, minutes=30)))
    payload = card(up(started_at=elsewhere), MESSAGE_CONFIG, NOW).metadata["event_payload"]

    assert payload["started_at"] == "2026-06-17T11:42:10.500Z"


def test_metadata_has_names_unescaped() -> None:
    assert (
        card(with_card(agora_channel="<a&b>"), MESSAGE_CONFIG, NOW).metadata["event_payload"]["agora_channel"]
        == "<a&b>"
    )


# lost recorders

LOST_SEGMENT = a_lost_segment()


def test_a_later_part_has_its_start_and_the_gap_before_it() -> None:
    text = shown(up(lost_segments=(LOST_SEGMENT,)))

    assert f"Since {clock(at(10))}" in text, "it is one recording, from its first part on"
    assert f"Part 2 since {clock(at(170))}" in text
    assert "First file of part 2 stored at" in text, "the first part had stored some long before"
    assert f"{clock(at(30))} to {clock(at(170))} is missing (2 min 20 s)" in text


def test_between_two_parts_the_card_says_that_the_recorder_was_lost_and_has_a_stop_button() -> None:
    between = up(
        state=State.INTERRUPTED, sid=None, first_file_at=None, lost_segments=(replace(LOST_SEGMENT, resumed_at=None),)
    )
    text = shown(between)

    assert "🟠 *Recorder lost; starting part 2*" in text
    assert f"The recorder was lost at {clock(at(30))}: nothing is recorded since then" in text
    assert "Nothing is recorded just now" in text, "nobody takes it for a recording"
    assert "is missing" not in text
    assert control(between) is not None
    assert "sid" not in card(between, MESSAGE_CONFIG, NOW).metadata["event_payload"]


def test_a_recording_stopped_between_two_parts_says_since_when_nothing_was_recorded() -> None:
    text = shown(over(lost_segments=(replace(LOST_SEGMENT, resumed_at=None),)))

    assert f"The recorder was lost at {clock(at(30))}: nothing was recorded after that" in text


def test_a_failed_resume_shows_the_loss_and_the_cause() -> None:
    failed = over(state=State.FAILED, reason=Reason.OVERLOADED, lost_segments=(replace(LOST_SEGMENT, resumed_at=None),))
    text = shown(failed)

    assert "could not record on" in text
    assert FAILED[Reason.OVERLOADED].happened in text


def test_at_the_end_the_card_says_how_many_parts_there_are() -> None:
    third = replace(LOST_SEGMENT, sid="SECOND", found_at=at(300), lost_at=at(400), resumed_at=at(410))
    text = shown(over(ended_at=at(900), lost_segments=(LOST_SEGMENT, third)))

    assert "Recorded in 3 parts: the recorder was lost twice" in text
    assert text.count("is missing") == 2
    assert "Part 3" not in text


def test_missing_files_of_a_lost_part_are_named_beside_the_others() -> None:
    text = shown(
        over(lost_segments=(LOST_SEGMENT,), delivery=a_delivery(missing=("FIRST_daily.m3u8", "FIRST_daily_0.mp4")))
    )

    assert "📁 The files are there: 1 MP4 file" in text
    assert "Of a part that was lost, or held nothing, these files were not stored:" in text
    assert "`FIRST_daily_0.mp4`" in text


def test_a_part_with_only_a_playlist_is_named_beside_the_mp4_file_of_another() -> None:
    playlists = ("folder/FIRST_daily.m3u8", "folder/SID_daily.m3u8")

    assert "Without an MP4: `FIRST_daily.m3u8`" in shown(over(delivery=a_delivery(playlists=playlists)))
