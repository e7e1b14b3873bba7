"""The layout: with what a recorder begins, and how the menu on the card changes it while the recording goes on."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.agora import RecorderView
from simulator.slack import Interaction, Message
from tests.system.conftest import Office, payload, words
from tests.system.doors import BOTH_DOORS, Door, door

__all__ = ["door"]

FLOATING, GRID = {"mixedVideoLayout": 0}, {"mixedVideoLayout": 1}


def large(uid: int) -> dict[str, Any]:
    return {"mixedVideoLayout": 2, "maxResolutionUid": str(uid)}


def choose(office: Office, card: Message, layout: str, *, by: str = "ben", stale: bool = False) -> Interaction:
    menu = card.elements.get("change_layout") or next(
        element
        for version in reversed(card.edits)
        for block in version.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "change_layout"
    )
    value = next(option["value"] for option in menu["options"] if option["value"].startswith(layout))
    return office.slack.person(by).choose(card, "change_layout", value, stale=stale)


def asked_for(body: Any) -> dict[str, Any]:
    """What a start asks for; each has a token of its own."""
    return {**body, "clientRequest": {**body["clientRequest"], "token": ""}}


def picture(recorder: RecorderView) -> dict[str, Any]:
    """What its start asked for."""
    config: Any = recorder.request["recordingConfig"]
    return dict(config["transcodingConfig"])


def told(office: Office, chosen: Interaction) -> str:
    office.slack.wait_for(lambda: chosen.answers, what="words for the person")
    return words(chosen)


def wait_layout(office: Office, layout: dict[str, Any], channel: str = "daily") -> None:
    office.wait_agora(lambda sim: [each for each in sim.running(channel) if each.layout == layout])


def wait_said(office: Office, said: str) -> Message:
    found = office.slack.wait_for(
        lambda: next((card for card in office.cards()[-1:] if said in card.said), None), timeout=20, what=said
    )
    assert found is not None
    return found


def lines(office: Office, what: str) -> list[Message]:
    """What the thread says of it."""
    return [m for m in office.slack.messages("daily") if "layout" in m.text and what in m.text and not m.event_type]


def changes(office: Office) -> list[tuple[str, str]]:
    people = {office.slack.person(name).id: name for name in ("ana", "ben")}
    rows = office.bot.rows("SELECT who, detail FROM acts WHERE what = 'changed_layout' ORDER BY id")
    return [(people[row["who"]], row["detail"]) for row in rows]


@BOTH_DOORS
def test_a_choice_changes_the_layout_and_the_card_shows_who_did(door: Door) -> None:
    office = door.open()
    card = office.recording()
    chosen = choose(office, card, "floating")
    wait_layout(office, FLOATING)
    shown = wait_said(office, "Layout: floating, chosen by")
    assert office.slack.person("ben").mention in shown.said
    assert shown.elements["change_layout"]["initial_option"]["text"]["text"] == "Layout: floating"
    assert chosen.answers == []
    assert changes(office) == [("ben", "floating")]

    choose(office, shown, "grid", by="ana")
    wait_layout(office, GRID)
    assert office.slack.person("ana").mention in wait_said(office, "Layout: grid, chosen by").said
    assert len(office.agora.requests("updateLayout")) == 2
    assert payload(office.cards()[-1])["state"] == "recording"
    assert office.alerts() == []


@BOTH_DOORS
def test_the_speaker_layout_enlarges_whoever_has_the_lowest_user_id(door: Door) -> None:
    office = door.open()
    office.agora.join("daily", 2000)
    card = office.recording(people=2)
    choose(office, card, "speaker")
    wait_layout(office, large(1000))
    wait_said(office, "Layout: speaker, chosen by")
    wait_said(office, "(user 1000 is large)")


def test_a_recorder_begins_with_the_layout_that_it_was_asked_for_with(office: Office) -> None:
    office.start()
    office.agora.join("daily", 2000)
    office.agora.join("daily", 1000)
    words(office.command("start daily speaker 480p"))
    card = office.wait_red()
    (recorder,) = office.agora.running("daily")
    assert recorder.layout == large(1000)
    assert picture(recorder)["bitrate"] == 610
    assert "480p · Layout: speaker (user 1000 is large)" in card.said
    office.after_queries(2)
    assert office.agora.requests("updateLayout") == []


def test_where_nobody_is_there_yet_the_speaker_layout_comes_with_the_first_person(office: Office) -> None:
    office.start()
    words(office.command("start daily speaker"))
    office.wait_card("recording")
    wait_said(office, "Layout: speaker, once somebody is in the call")
    (recorder,) = office.agora.running("daily")
    assert recorder.layout == GRID
    office.agora.join("daily", 1234)
    wait_layout(office, large(1234))
    wait_said(office, "Layout: speaker (user 1234 is large)")
    assert office.alerts() == []


# At each state


@BOTH_DOORS
def test_a_choice_while_it_starts_is_kept(door: Door) -> None:
    office = door.open()
    office.agora.join("daily", 1000)
    office.agora.fault("start", delay=1.5)
    office.command("start daily")
    card = office.wait_card("starting")
    office.wait_agora(lambda sim: sim.in_flight("start"))
    choose(office, card, "floating")
    office.wait_red()
    wait_layout(office, FLOATING)
    wait_said(office, "Layout: floating, chosen by")


def test_every_try_to_start_a_recorder_is_the_same_whatever_people_choose_meanwhile(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1000)
    office.agora.fault("start", answer="not_completed", delay=0.5, times=2)
    office.command("start daily")
    card = office.wait_card("starting")
    office.wait_agora(lambda sim: sim.in_flight("start"))
    choose(office, card, "floating")
    office.wait_red()
    tries = office.agora.requests("start")
    assert len(tries) == 3
    assert len({str(asked_for(seen.body)) for seen in tries}) == 1
    assert len({seen.path for seen in tries}) == 1
    wait_layout(office, FLOATING)


def test_a_choice_while_agora_does_not_find_the_recorder_comes_when_it_is_back(office: Office) -> None:
    office.start()
    card = office.recording()
    office.agora.move("daily", duration=1.5)
    office.wait_card("interrupted")
    choose(office, card, "floating")
    office.wait_card("recording")
    wait_layout(office, FLOATING)
    assert office.alerts() == []


@BOTH_DOORS
def test_on_a_card_that_is_over_the_person_reads_how_it_ended(door: Door) -> None:
    office = door.open()
    card = office.recording()
    office.command("stop")
    over = office.wait_card("ended")
    assert "change_layout" not in over.elements
    assert "is over" in told(office, choose(office, card, "floating", stale=True))
    assert office.agora.requests("updateLayout") == []
    assert changes(office) == []


def test_while_it_is_being_stopped_nothing_changes(office: Office) -> None:
    office.start()
    card = office.recording()
    office.agora.fault("stop", answer="internal_error", times=None)
    office.command("stop")
    office.wait_card("stopping")
    assert "being stopped already" in told(office, choose(office, card, "floating", stale=True))
    office.agora.clear_faults()
    office.wait_card("ended")
    assert office.agora.requests("updateLayout") == []


def test_on_a_deleted_card_the_choice_counts_all_the_same(office: Office) -> None:
    office.start()
    card = office.recording()
    office.slack.delete_message(card)
    choose(office, card, "floating", stale=True)
    wait_layout(office, FLOATING)
    assert changes(office) == [("ben", "floating")]


# Twice, two people, not allowed


@BOTH_DOORS
def test_the_same_choice_twice_is_one_change(door: Door) -> None:
    office = door.open()
    card = office.recording()
    first = choose(office, card, "floating")
    assert first.repeat().acknowledged
    wait_layout(office, FLOATING)
    said = told(office, choose(office, card, "floating", by="ana"))
    assert "floating already" in said
    assert office.slack.person("ben").mention in said
    assert changes(office) == [("ben", "floating")]
    assert len(office.agora.requests("updateLayout")) == 1


def test_of_two_people_at_once_the_last_counts_and_both_are_written_down(office: Office) -> None:
    office.start()
    card = office.recording()
    choose(office, card, "floating", by="ana")
    choose(office, card, "speaker", by="ben")
    wait_layout(office, large(1000))
    shown = wait_said(office, "Layout: speaker, chosen by")
    assert office.slack.person("ben").mention in shown.said
    assert changes(office) == [("ana", "floating"), ("ben", "speaker")]


@BOTH_DOORS
def test_guests_change_nothing_and_read_who_may(door: Door) -> None:
    office = door.open()
    card = office.recording(channel="general")
    assert "Only full members" in told(office, choose(office, card, "floating", by="gus"))
    office.after_queries(2)
    assert office.agora.requests("updateLayout") == []
    assert changes(office) == []


# What Agora answers


@pytest.mark.parametrize(
    "fault",
    [
        {"answer": "internal_error", "times": 2},
        {"answer": "rate_limited", "times": 2},
        {"answer": "not_completed", "times": 1},
        {"answer": "proxy_404", "times": 1},
        {"answer": "unauthorized", "times": 1},
        {"answer": "not_found", "times": 1},
        {"lost": "answer", "times": 1},
        {"lost": "request", "times": 1},
    ],
    ids=lambda fault: str(next(iter(fault.values()))),
)
def test_what_does_not_work_just_now_is_tried_again_and_nobody_is_alarmed(
    office: Office, fault: dict[str, Any]
) -> None:
    office.start()
    card = office.recording()
    office.agora.fault("updateLayout", **fault)
    choose(office, card, "floating")
    wait_said(office, "Layout: floating, chosen by")
    wait_layout(office, FLOATING)
    office.slack.wait_for(lambda: "in a moment" not in office.cards()[-1].said, what="the card")
    office.after_queries(2)
    assert payload(office.cards()[-1])["state"] == "recording"
    assert office.alerts() == []


@BOTH_DOORS
def test_a_refusal_is_told_in_the_thread_and_given_up(door: Door) -> None:
    office = door.open()
    card = office.recording()
    office.agora.fault("updateLayout", answer="invalid_parameter", times=None)
    choose(office, card, "floating")
    office.slack.wait_for(lambda: lines(office, "refused"), what="a line in the thread")
    (line,) = lines(office, "refused")
    assert (line.thread_ts, line.broadcast, line.event_type) == (card.ts, False, None)
    assert office.slack.person("ben").mention in line.said
    assert "invalid parameter" in line.said
    assert office.alerts() == [], "nothing is lost by it"
    shown = wait_said(office, "Layout: grid. Agora refused floating")
    assert shown.elements["change_layout"]["initial_option"]["text"]["text"] == "Layout: grid"
    office.after_queries(3)
    assert len(office.agora.requests("updateLayout")) == 1
    assert payload(office.cards()[-1])["state"] == "recording"

    office.agora.clear_faults()
    choose(office, shown, "floating", by="ana")
    wait_layout(office, FLOATING)
    wait_said(office, "Layout: floating, chosen by")


def test_a_choice_outlives_the_bot(office: Office) -> None:
    office.start()
    card = office.recording()
    office.agora.fault("updateLayout", answer="internal_error", times=None)
    choose(office, card, "floating")
    office.wait_agora(lambda sim: sim.requests("updateLayout"))
    office.bot.kill()
    office.agora.clear_faults()
    office.restart()
    wait_layout(office, FLOATING)
    wait_said(office, "Layout: floating, chosen by")


def test_record_again_takes_the_options_along(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1000)
    office.command("start daily 1080p")
    card = office.wait_red()
    choose(office, card, "floating")
    wait_layout(office, FLOATING)
    office.command("stop")
    over = office.wait_card("ended")
    office.slack.person("ben").press(over, "record_again")
    office.wait_agora(lambda sim: len(sim.requests("start")) == 2)
    wait_layout(office, FLOATING)
    (recorder,) = office.agora.running("daily")
    assert picture(recorder)["width"] == 1920
