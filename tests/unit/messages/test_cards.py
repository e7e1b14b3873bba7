"""What people see on the card, and what machines read from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from messages.blocks import Message, clock, date_and_time
from messages.buttons import AGAIN_ACTION
from messages.cards import EXTEND_ACTION, STOP_ACTION, CardConfig, card
from messages.copy import FAILED
from messages.files import LINKS_ACTION
from messages.layout import LAYOUT_ACTION
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.options import AppliedLayout, Layout, Media, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from tests.fakes.rows import NOW, a_delivery, a_lost_segment, a_recording, at, changed, over, up, with_card

FRAME = CardConfig(14_400, lambda recording: f"slack/{recording.slack_channel}")


def shown(recording: Recording) -> str:
    """Everything on the card, a line for each line."""
    return words(card(recording, FRAME))


def words(message: Message) -> str:
    found = []
    for block in message.blocks:
        texts = [block["text"]["text"]] if "text" in block else []
        found += texts + [element["text"] for element in block.get("elements", []) if block["type"] == "context"]
    return "\n".join(found)


def buttons(recording: Recording) -> list[str]:
    """What can be pressed, from left to right."""
    blocks = card(recording, FRAME).blocks
    return [element["action_id"] for block in blocks if block["type"] == "actions" for element in block["elements"]]


def button(recording: Recording, action: str = STOP_ACTION) -> dict[str, Any] | None:
    elements = [element for block in card(recording, FRAME).blocks for element in block.get("elements", [])]
    return next((dict(element) for element in elements if element.get("action_id") == action), None)


def elements(recording: Recording, card_config: CardConfig = FRAME) -> list[dict[str, Any]]:
    actions = [block for block in card(recording, card_config).blocks if block["type"] == "actions"]
    return [dict(element) for block in actions for element in block["elements"]]


def test_it_says_that_the_call_is_recorded_who_asked_since_when_and_until_when_at_the_latest() -> None:
    said = shown(up())

    assert "This call is being recorded: everybody in it should know." in said
    assert f"Asked for by <@U1> at {clock(NOW)}" in said
    assert f"Since {clock(at(10))}, until {date_and_time(at(14_410))} at the latest" in said
    assert "Reference `rec1`" in said


@pytest.mark.parametrize(
    ("people_count", "line"),
    [
        (0, f"Nobody was in this Agora channel at {clock(at(4))}: is it the one of your call?"),
        (1, f"1 person in the call at {clock(at(4))}"),
        (12, f"12 people in the call at {clock(at(4))}"),
    ],
)
def test_who_was_there_when_agora_was_last_asked_is_shown_while_it_goes_on(people_count: int, line: str) -> None:
    there = {"people_count": people_count, "people_counted_at": at(4)}

    assert line in shown(with_card(**there)).splitlines()
    assert line in shown(up(**there, first_file_at=None)).splitlines()
    assert line not in shown(up(**there, stop_at=NOW, stop_by="U2"))
    assert line not in shown(over(**there))


def test_where_something_was_stored_nobody_is_asked_whether_it_is_the_right_channel() -> None:
    before = up(people_count=0, people_counted_at=at(4))
    after = up(state=State.INTERRUPTED, people_count=0, people_counted_at=at(40))
    second = up(lost_segments=(a_lost_segment(),), first_file_at=None, people_count=0, people_counted_at=at(200))

    assert "Nobody" not in shown(before), "somebody came after that, or there would be no file"
    assert f"Nobody was in the call at {clock(at(40))}" in shown(after).splitlines()
    assert f"Nobody was in the call at {clock(at(200))}" in shown(second).splitlines()


def test_an_end_that_somebody_asked_for_is_shown_from_the_beginning() -> None:
    asked = with_card(ends_at=at(2700))

    assert f"Until {date_and_time(at(2700))} at the latest" in shown(asked)
    assert f"Since {clock(at(10))}, until {date_and_time(at(2700))} at the latest" in shown(up(ends_at=at(2700)))
    assert "at the latest" not in shown(with_card())


def test_who_put_the_end_off_last_is_shown_in_one_line_while_it_goes_on() -> None:
    extended = up(ends_at=at(4500), extended_by="U2")

    assert f"Extended to {date_and_time(at(4500))} by <@U2>" in shown(extended)
    assert "Extended" not in shown(up(ends_at=at(4500)))
    assert "Extended" not in shown(changed(extended, stop_by="U3", stop_at=at(50)))
    assert "Extended" not in shown(over(ends_at=at(4500), extended_by="U2"))


@pytest.mark.parametrize("state", State)
def test_while_it_is_up_and_nobody_stops_it_a_button_puts_the_end_off(state: State) -> None:
    reason = {State.ENDED: Reason.STOPPED, State.FAILED: Reason.LOST}.get(state)
    found = [each for each in elements(up(state=state, reason=reason)) if each["action_id"] == EXTEND_ACTION]

    assert bool(found) is (state in (State.RECORDING, State.INTERRUPTED))
    for each in found:
        assert (each["value"], each["text"]["text"], "confirm" in each) == ("rec1", "Extend 30 min", False)
    assert EXTEND_ACTION not in [each["action_id"] for each in elements(up(stop_at=at(50), stop_by="U2"))]


@pytest.mark.parametrize(
    ("seconds", "label"), [(1800, "30 min"), (3600, "1 h"), (5400, "1 h 30 min"), (6, "6 s"), (0.2, "0.2 s")]
)
def test_the_button_says_by_how_much(seconds: float, label: str) -> None:
    found = elements(up(), CardConfig(14_400, FRAME.folder, seconds))

    assert [each["text"]["text"] for each in found if each["type"] == "button"] == ["Stop", f"Extend {label}"]


def test_times_are_in_the_readers_own_zone_and_in_utc_where_slack_cannot_say() -> None:
    assert clock(NOW) == "<!date^1781696520^{time_secs}|11:42:00 UTC>"


def test_in_the_channel_is_told_from_the_first_file_is_stored() -> None:
    waiting, storing = shown(up(first_file_at=None)), shown(up(first_file_at=at(20)))

    assert "nothing stored yet" in waiting
    assert "First file" not in waiting
    assert "*Recording*" in storing
    assert f"First file stored at {clock(at(20))}" in storing


@pytest.mark.parametrize("state", State)
def test_while_it_can_be_stopped_there_is_a_button_that_asks_first(state: State) -> None:
    reason = {State.ENDED: Reason.STOPPED, State.FAILED: Reason.LOST}.get(state)
    stop = button(up(state=state, reason=reason))

    if state not in HOLDS_CHANNEL:
        assert stop is None
        return
    assert stop is not None
    assert (stop["action_id"], stop["value"]) == (STOP_ACTION, "rec1")
    assert "daily" in stop["confirm"]["text"]["text"]


def test_once_somebody_asked_for_the_stop_the_button_is_gone_and_it_says_who() -> None:
    asked = up(stop_by="U2", stop_at=at(50))

    assert button(asked) is None
    assert f"Stop asked for by <@U2> at {clock(at(50))}" in shown(asked)


def test_at_the_end_it_says_who_stopped_it_and_how_long_it_was() -> None:
    ended = over(started_at=at(10), ended_at=at(3675))
    said = shown(ended)

    assert f"Stopped by <@U2> at {clock(at(90))}" in said
    assert f"From {clock(at(10))} to {clock(at(3675))} (1 h 01 min)" in said


def test_an_end_that_nobody_here_asked_for_says_why() -> None:
    assert "nobody was left in the call" in shown(over(reason=Reason.IDLE, stop_by=None, stop_at=None))


def test_an_end_with_nothing_recorded_says_so_and_who_stopped_it() -> None:
    said = shown(over(reason=Reason.NO_MEDIA))

    assert "nothing recorded" in said
    assert "Stopped by <@U2>" in said


def test_a_failure_says_what_happened_in_agoras_words_too() -> None:
    said = shown(over(state=State.FAILED, reason=Reason.REJECTED, detail="400/2 invalid <parameter>"))

    assert "Agora refused to record it." in said
    assert "400/2 invalid &lt;parameter&gt;" in said


def test_a_span_that_nobody_watched_is_shown() -> None:
    said = shown(up(unwatched_from=at(60), unwatched_to=at(400)))

    assert f"away from {clock(at(60))} to {clock(at(400))}" in said


def test_it_looks_the_same_as_long_as_nothing_happens() -> None:
    asked = up(queried_at=at(999), tries=4, next_step_at=at(1000), not_found=1, revision=3)

    assert card(asked, FRAME) == card(up(), FRAME)


def test_whatever_changes_the_card_is_known_to_change_it() -> None:
    """A field that the card shows has to be in `Recording.card_content`, or the card would stay as it was."""
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
        assert card(after, FRAME) != card(before, FRAME), change
        assert after.card_content != before.card_content, change


def test_how_many_are_there_is_worth_an_edit_only_while_it_may_be_the_wrong_channel() -> None:
    there = {"people_count": 2, "people_counted_at": at(4)}

    assert up(first_file_at=None, **there).card_content != up(first_file_at=None).card_content
    assert up(**there).card_content == up().card_content, "Slack allows few edits: it is drawn with the next one"
    assert a_recording(**there).card_content == a_recording().card_content, "the card is edited in a moment anyway"


@pytest.mark.parametrize("state", State)
def test_once_it_is_over_it_can_be_recorded_again_without_a_question(state: State) -> None:
    reason = {State.ENDED: Reason.STOPPED, State.FAILED: Reason.LOST}.get(state)
    again = button(up(state=state, reason=reason), AGAIN_ACTION)

    assert (again is not None) is (state in (State.ENDED, State.FAILED))
    assert again is None or again["value"] == "rec1"
    assert again is None or "confirm" not in again


def test_at_every_moment_there_are_as_few_buttons_as_can_be() -> None:
    assert buttons(a_recording()) == [STOP_ACTION, LAYOUT_ACTION]
    assert buttons(up()) == [STOP_ACTION, EXTEND_ACTION, LAYOUT_ACTION]
    assert buttons(up(options=Options(media=Media.AUDIO))) == [STOP_ACTION, EXTEND_ACTION]
    assert buttons(up(state=State.UPLOADING, files_awaited=True)) == []
    assert buttons(over()) == [AGAIN_ACTION]
    assert buttons(over(delivery=a_delivery())) == [LINKS_ACTION, AGAIN_ACTION]


WISH = {"chosen_layout": Layout.SPEAKER, "layout_by": "U2", "layout_at": at(20)}
MADE: dict[str, tuple[Recording, str]] = {
    "sound only": (up(options=Options(media=Media.AUDIO)), "Sound only"),
    "large": (up(options=Options(resolution=Resolution.P1080)), "1080p"),
    "asked for so": (up(options=Options(layout=Layout.FLOATING)), "Layout: floating"),
    "chosen": (
        up(**WISH, applied_layout=AppliedLayout(layout=Layout.SPEAKER, big_uid=7)),
        "Layout: speaker, chosen by <@U2> (user 7",
    ),
    "chosen, and nobody there": (up(**WISH), "Layout: speaker, chosen by <@U2>, once somebody is in the call"),
    "refused": (
        up(**WISH, applied_layout=AppliedLayout(refused_at=at(20))),
        "Layout: grid. Agora refused speaker, which <@U2> chose",
    ),
    "chosen back": (up(**(WISH | {"chosen_layout": Layout.GRID})), "Layout: grid, chosen by <@U2>"),
    "over": (
        over(**WISH, applied_layout=AppliedLayout(layout=Layout.SPEAKER, big_uid=7)),
        "Layout: speaker, chosen by <@U2>",
    ),
    "both": (up(options=Options(layout=Layout.FLOATING, resolution=Resolution.P360)), "360p \u00b7 Layout: floating"),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_not_as_usual_is_shown(name: str) -> None:
    recording, said = MADE[name]

    assert said in shown(recording)
    assert "Layout" not in shown(up())


def test_the_menu_shows_the_layout_and_is_another_one_after_each_choice() -> None:
    before, after = up(), up(**WISH)
    menus = [button(recording, LAYOUT_ACTION) or {} for recording in (before, after)]
    ids = [block["block_id"] for row in (before, after) for block in card(row, FRAME).blocks if "block_id" in block]

    assert [menu["initial_option"]["value"] for menu in menus] == ["grid:rec1", "speaker:rec1"]
    assert [option["value"] for option in menus[0]["options"]] == ["floating:rec1", "grid:rec1", "speaker:rec1"]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("state", State)
def test_what_is_rarely_wanted_is_in_a_menu(state: State) -> None:
    reason = {State.ENDED: Reason.STOPPED, State.FAILED: Reason.LOST}.get(state)
    menu = card(up(state=state, reason=reason), FRAME).blocks[0]["accessory"]

    assert (menu["type"], menu["action_id"]) == ("overflow", "more")
    assert [(each["text"]["text"], each["value"]) for each in menu["options"]] == [("Details", "details:rec1")]


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
def test_the_title_says_how_the_files_stand(name: str) -> None:
    recording, title = TITLES[name]

    assert shown(recording).startswith(title)
    assert card(recording, FRAME).text.startswith(title.replace("*", ""))


def test_a_recording_that_is_ready_has_its_files_on_the_card_and_a_button() -> None:
    ready = over(delivery=a_delivery())
    links = button(ready, LINKS_ACTION)

    assert "1 MP4 file, 1 h 05 min, 800 MB" in shown(ready)
    assert links is not None
    assert (links["action_id"], links["value"]) == (LINKS_ACTION, "rec1")


@pytest.mark.parametrize("delivery", [None, Delivery(), DENIED, MISSING, replace(a_delivery(), media_files=())])
def test_without_an_mp4_that_is_there_there_is_no_button(delivery: Delivery | None) -> None:
    assert button(over(delivery=delivery), LINKS_ACTION) is None


def test_a_look_that_finds_nothing_new_leaves_the_card_as_it_was() -> None:
    before = replace(UPLOADING, delivery=None)
    for checks in range(1, 4):
        after = replace(
            before, delivery=Delivery(checks=checks, fingerprint=str(checks), size=checks, missing=("a.ts",) * checks)
        )
        assert card(after, FRAME) == card(before, FRAME)
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
def test_whatever_of_the_files_changes_the_card_is_known_to_change_it(change: dict[str, Any]) -> None:
    after = replace(UPLOADING, **change)

    assert card(after, FRAME) != card(UPLOADING, FRAME)
    assert after.card_content != UPLOADING.card_content


# metadata


def test_metadata_has_the_fixed_names_and_no_others() -> None:
    everything = over(state=State.FAILED, reason=Reason.LOST)

    assert card(everything, FRAME).metadata == {
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


def test_what_has_no_value_is_left_out() -> None:
    assert card(a_recording(), FRAME).metadata["event_payload"] == {
        "recording_id": "rec1",
        "agora_channel": "daily",
        "slack_channel": "C1",
        "state": "starting",
        "started_by": "U1",
    }


def test_moments_are_in_utc_wherever_they_come_from() -> None:
    elsewhere = at(10.5).astimezone(timezone(timedelta(hours=5, minutes=30)))
    payload = card(up(started_at=elsewhere), FRAME).metadata["event_payload"]

    assert payload["started_at"] == "2026-06-17T11:42:10.500Z"


def test_a_name_is_as_it_is_in_metadata() -> None:
    assert card(with_card(agora_channel="<a&b>"), FRAME).metadata["event_payload"]["agora_channel"] == "<a&b>"


# recorded on

LOST_PART = a_lost_segment()


def test_a_later_part_says_since_when_it_is_and_what_is_missing() -> None:
    said = shown(up(lost_segments=(LOST_PART,)))

    assert f"Since {clock(at(10))}" in said, "it is one recording, from its first part on"
    assert f"Part 2 since {clock(at(170))}" in said
    assert "First file of part 2 stored at" in said, "the first part had stored some long before"
    assert f"{clock(at(30))} to {clock(at(170))} is missing (2 min 20 s)" in said


def test_between_two_parts_it_says_that_it_was_lost_and_goes_on_and_can_be_stopped() -> None:
    between = up(
        state=State.INTERRUPTED, sid=None, first_file_at=None, lost_segments=(replace(LOST_PART, resumed_at=None),)
    )
    said = shown(between)

    assert "🟠 *Recorder lost; starting part 2*" in said
    assert f"The recorder was lost at {clock(at(30))}: nothing is recorded since then" in said
    assert "Nothing is recorded just now" in said, "nobody takes it for a recording"
    assert "is missing" not in said
    assert button(between) is not None
    assert "sid" not in card(between, FRAME).metadata["event_payload"]


def test_stopped_between_two_parts_it_says_from_when_on_there_is_nothing() -> None:
    said = shown(over(lost_segments=(replace(LOST_PART, resumed_at=None),)))

    assert f"The recorder was lost at {clock(at(30))}: nothing was recorded after that" in said


def test_where_it_was_not_recorded_on_it_says_both_and_the_cause() -> None:
    failed = over(state=State.FAILED, reason=Reason.OVERLOADED, lost_segments=(replace(LOST_PART, resumed_at=None),))
    said = shown(failed)

    assert "could not record on" in said
    assert FAILED[Reason.OVERLOADED].happened in said


def test_once_it_is_over_it_says_how_many_parts_there_are() -> None:
    third = replace(LOST_PART, sid="SECOND", found_at=at(300), lost_at=at(400), resumed_at=at(410))
    said = shown(over(ended_at=at(900), lost_segments=(LOST_PART, third)))

    assert "Recorded in 3 parts: the recorder was lost twice" in said
    assert said.count("is missing") == 2
    assert "Part 3" not in said


def test_files_that_a_lost_part_did_not_store_are_named_beside_those_that_are_there() -> None:
    said = shown(
        over(lost_segments=(LOST_PART,), delivery=a_delivery(missing=("FIRST_daily.m3u8", "FIRST_daily_0.mp4")))
    )

    assert "📁 The files are there: 1 MP4 file" in said
    assert "Of a part that was lost, or held nothing, these files were not stored:" in said
    assert "`FIRST_daily_0.mp4`" in said


def test_a_part_of_which_there_is_only_a_playlist_is_named_beside_the_mp4_of_another() -> None:
    playlists = ("folder/FIRST_daily.m3u8", "folder/SID_daily.m3u8")

    assert "Without an MP4: `FIRST_daily.m3u8`" in shown(over(delivery=a_delivery(playlists=playlists)))
